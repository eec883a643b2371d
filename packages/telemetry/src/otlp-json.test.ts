import { expect, test } from 'vitest'
import { writeSpans } from './otlp-json.ts'
import type { RecordedSpan } from './recorded-span.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const OTHER_TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = 'b7ad6b7169203331'
const PARENT = '00f067aa0ba902b7'
const LINKED = '53995c3f42cd8ad8'

/** Its instants are of those that a number holds exactly in nanoseconds too. */
const plain: RecordedSpan = {
  name: 'work',
  kind: 'internal',
  service: 'shop-api',
  traceId: TRACE,
  spanId: SPAN,
  parentSpanId: undefined,
  links: [],
  failed: false,
  startedAt: 1_700_000_000_000_000,
  duration: 32,
  attributes: {},
  events: [],
}

const parse = (spans: readonly RecordedSpan[]) => JSON.parse(writeSpans(spans))
const written = (span: RecordedSpan) => parse([span]).resourceSpans[0].scopeSpans[0].spans[0]

test('a span with everything is the message of the specification', () => {
  const span: RecordedSpan = {
    ...plain,
    name: 'GET /products/{id}',
    kind: 'server',
    parentSpanId: PARENT,
    links: [{ traceId: OTHER_TRACE, spanId: LINKED }],
    failed: true,
    startedAt: 1_700_000_000_123_456,
    duration: 2_528,
    attributes: {
      'http.route': '/products/{id}',
      'http.response.status_code': 503,
      'db.number': Number.MAX_SAFE_INTEGER,
      ratio: 0.25,
      early: false,
      tags: ['product:1', 2, 2.5, true],
    },
    events: [{ name: 'exception', attributes: { 'exception.type': 'RangeError' } }],
  }
  const message = writeSpans([span])
  expect(message.endsWith('}\n')).toBe(true)
  expect(JSON.parse(message)).toEqual({
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop-api' } }] },
        scopeSpans: [
          {
            spans: [
              {
                traceId: '0af7651916cd43dd8448eb211c80319c',
                spanId: 'b7ad6b7169203331',
                parentSpanId: '00f067aa0ba902b7',
                name: 'GET /products/{id}',
                kind: 2,
                startTimeUnixNano: '1700000000123456000',
                endTimeUnixNano: '1700000000125984000',
                attributes: [
                  { key: 'http.route', value: { stringValue: '/products/{id}' } },
                  { key: 'http.response.status_code', value: { intValue: '503' } },
                  { key: 'db.number', value: { intValue: '9007199254740991' } },
                  { key: 'ratio', value: { doubleValue: 0.25 } },
                  { key: 'early', value: { boolValue: false } },
                  {
                    key: 'tags',
                    value: {
                      arrayValue: {
                        values: [
                          { stringValue: 'product:1' },
                          { intValue: '2' },
                          { doubleValue: 2.5 },
                          { boolValue: true },
                        ],
                      },
                    },
                  },
                ],
                events: [
                  {
                    timeUnixNano: '1700000000123456000',
                    name: 'exception',
                    attributes: [{ key: 'exception.type', value: { stringValue: 'RangeError' } }],
                  },
                ],
                links: [{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '53995c3f42cd8ad8' }],
                status: { code: 2 },
              },
            ],
          },
        ],
      },
    ],
  })
})

test.each([
  ['internal', 1],
  ['server', 2],
  ['client', 3],
  ['producer', 4],
  ['consumer', 5],
] as const)('a span of the kind %s has the number %i', (kind, number) => {
  expect(written({ ...plain, kind }).kind).toBe(number)
})

test('a span that begins a trace has no parent, and one that went well no code', () => {
  expect(written(plain)).toEqual({
    traceId: TRACE,
    spanId: SPAN,
    name: 'work',
    kind: 1,
    startTimeUnixNano: '1700000000000000000',
    endTimeUnixNano: '1700000000000032000',
    attributes: [],
    events: [],
    links: [],
    status: {},
  })
})

test('spans of one service stand together, in their order', () => {
  const span = (service: string, name: string): RecordedSpan => ({ ...plain, service, name })
  const { resourceSpans } = parse([span('shop-api', 'a'), span('shop-worker', 'b'), span('shop-api', 'c')])
  const names = resourceSpans.map(
    (of: { resource: { attributes: [{ value: object }] }; scopeSpans: [{ spans: { name: string }[] }] }) => [
      of.resource.attributes[0].value,
      of.scopeSpans[0].spans.map(({ name }) => name),
    ],
  )
  expect(names).toEqual([
    [{ stringValue: 'shop-api' }, ['a', 'c']],
    [{ stringValue: 'shop-worker' }, ['b']],
  ])
})
