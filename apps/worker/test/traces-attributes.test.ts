/** What leaves in a trace: nothing that people sent, and nothing that `docs/telemetry.md` does not have. */

import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Collector, type RecordedSpan, startCollector } from '@shop/telemetry/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { busyShop } from './busy-shop.ts'
import { createDatabase } from './database.ts'
import { isDocumentedName, readDocumented, undocumented } from './documented-spans.ts'
import { World } from './world.ts'

const documented = readDocumented()
const database = await createDatabase()
afterAll(() => database.close())

let collector: Collector
beforeAll(async () => {
  collector = await startCollector()
})
afterAll(() => collector.stop())

/** What comes last of each kind. */
const JOBS = [
  'warming',
  'view refresh',
  'outbox relay',
  'outbox prune',
  'traffic fade',
  'view rewarm',
  'audit',
  'edge purge',
]

test('a busy shop exports nothing that anybody sent, and nothing that is not documented', async () => {
  const world = await World.open(database)
  const { planted, requests } = await busyShop(world, (service) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_SERVICE_NAME: service,
  }))
  const missing = () => JOBS.filter((name) => !collector.spans().some((span) => span.name === name))
  await expect.poll(missing, { timeout: 30_000 }).toEqual([])
  const roots = () => collector.spans().filter(({ kind, parentSpanId }) => kind === 'server' && !parentSpanId)
  await expect.poll(() => roots().length, { timeout: 30_000 }).toBe(requests)
  const spans = collector.spans()
  // What was asked for is there, so that the absence of what was sent says something.
  expect(new Set(spans.map(({ kind }) => kind))).toEqual(new Set(['server', 'client', 'internal', 'consumer']))

  expect(spans.map(textOf).filter((text) => planted.some((value) => text.includes(value)))).toEqual([])
  expect([...new Set(spans.flatMap((span) => undocumented(documented, span)))]).toEqual([])
})

/** All of a span but ids and times, which are by chance. */
function textOf({ name, attributes, events }: RecordedSpan): string {
  return JSON.stringify({ name, attributes, events })
}

test('a value that is planted into an attribute, an attribute that nobody documented, and a wrong type are found', () => {
  const span = {
    name: 'outbox relay',
    kind: 'internal',
    attributes: { 'shop.outbox.rows': 1.5, 'shop.outbox.source': 'planted' },
    events: [{ name: 'shop.outbox.lost', attributes: {} }],
  } as unknown as RecordedSpan
  expect(textOf(span)).toContain('planted')
  expect(undocumented(documented, span)).toEqual([
    'outbox relay: shop.outbox.rows is no int: 1.5',
    'outbox relay: shop.outbox.source',
    'outbox relay: event shop.outbox.lost',
  ])
  expect(undocumented(documented, { ...span, name: 'outbox lose', attributes: {}, events: [] })).toEqual([
    'outbox lose: internal outbox lose',
  ])
})

describe('what is documented is in the code:', () => {
  const root = new URL('../../../', import.meta.url)
  const code = globSync('{apps,packages}/*/src/**/*.ts', { cwd: root })
    .filter((file) => !file.endsWith('.test.ts'))
    .map((file) => readFileSync(new URL(file, root), 'utf8'))
    .join('\n')
  /** Names of the conventions, by the constants that stand for them in the code. */
  const conventions: Record<string, unknown> = createRequire(new URL('packages/telemetry/src/', root))(
    '@opentelemetry/semantic-conventions',
  )
  const used = new Set([...code.matchAll(/\bATTR_\w+/g)].map(([name]) => conventions[name]))

  const names = [
    ...documented.attributes.map(({ attribute = '' }) => attribute),
    ...documented.events.flatMap(({ event = '', attributes = '' }) => [event, ...attributes.split(', ')]),
  ]
    .map((cell) => cell.replaceAll('`', ''))
    .filter((name) => name !== '')

  test.each([...new Set(names)])('%s', (name) => {
    expect(code.includes(`'${name}'`) || used.has(name)).toBe(true)
  })

  test.each(documented.spans.map(({ span = '' }) => span.replaceAll('`', '')).filter((name) => !name.startsWith('<')))(
    'the span %s',
    (name) => {
      const [first, operation] = name.split(' ')
      expect(code).toContain(first === 'cache' ? `name: '${operation}'` : `'${name}'`)
    },
  )
})

test('each query of docs/traces.md asks for a span and for attributes that there are', () => {
  const page = readFileSync(new URL('../../../docs/traces.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| `shop-\w+` \| `([^`]+)` \| (?:`([^`]*)`)? *\|$/gm)]
  const attributes = documented.attributes.map(({ attribute }) => attribute)
  expect(rows.length).toBeGreaterThanOrEqual(6)
  for (const [, operation = '', tags = ''] of rows) {
    expect(isDocumentedName(documented, operation), operation).toBe(true)
    const names = tags.split(' ').filter(Boolean)
    expect(attributes).toEqual(expect.arrayContaining(names.map((pair) => `\`${pair.split('=')[0]}\``)))
  }
})
