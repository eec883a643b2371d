import { type Tracer, trace } from '@opentelemetry/api'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Recording, recordSpans } from './recording.ts'
import { traceRequests } from './requests.ts'
import { reasonToKeep } from './tail.ts'
import { setTracer } from './tracer.ts'

const CALLER = '0af7651916cd43dd8448eb211c80319c'
const from = (flags: string) => ({ headers: { traceparent: `00-${CALLER}-b7ad6b7169203331-${flags}` } })

function shop(): Hono {
  const app = new Hono()
  app.use(traceRequests())
  app.get('/products/:id', (c) => c.json(trace.getActiveSpan() === undefined))
  app.get('/broken', () => {
    throw new RangeError('card 4111 1111 1111 1111')
  })
  app.onError((_, c) => c.text('sorry', 500))
  return app
}

let recording: Recording
const record = (options: { readonly sampleRatio: number; readonly slowMs: number }) => {
  recording = recordSpans(options)
}
afterEach(() => recording?.stop())

const NEVER_SLOW = Number.POSITIVE_INFINITY

describe('of requests that are not sampled', () => {
  test('one that is answered in time makes no span and has none inside', async () => {
    record({ sampleRatio: 0, slowMs: NEVER_SLOW })
    const answer = await shop().request('/products/1')
    expect([answer.status, await answer.json()]).toEqual([200, true])
    expect(recording.spans()).toEqual([])
  })

  test('one that is answered in time does not even ask for a span', async () => {
    record({ sampleRatio: 0, slowMs: NEVER_SLOW })
    let asked = 0
    const tracer = trace.getTracer('test')
    const startSpan = (...args: Parameters<typeof tracer.startSpan>) => {
      asked++
      return tracer.startSpan(...args)
    }
    const counting: Tracer = { startSpan, startActiveSpan: tracer.startActiveSpan }
    setTracer(counting, { ratio: 0, slowMs: NEVER_SLOW })
    await shop().request('/products/1')
    expect(asked).toBe(0)
    await shop().request('/broken')
    expect(asked).toBe(1)
  })

  test('one that failed leaves one span, with its route, its status and why it was kept', async () => {
    record({ sampleRatio: 0, slowMs: NEVER_SLOW })
    await shop().request('/broken')
    expect(recording.spans()).toMatchObject([
      {
        name: 'GET /broken',
        kind: 'server',
        failed: true,
        attributes: {
          'shop.kept': 'error',
          'http.route': '/broken',
          'http.response.status_code': 500,
          'error.type': 'RangeError',
        },
      },
    ])
    expect(JSON.stringify(recording.spans())).not.toContain('4111')
  })

  test('one that was slow leaves one span, from when it began to when it ended', async () => {
    record({ sampleRatio: 0, slowMs: 0 })
    const before = Date.now()
    await shop().request('/products/1')
    const after = Date.now()
    const [span, ...more] = recording.spans()
    expect(more).toEqual([])
    expect(span).toMatchObject({ name: 'GET /products/{id}', failed: false, attributes: { 'shop.kept': 'slow' } })
    // Milliseconds of the wall clock, rounded down, against a finer one.
    expect((span?.startedAt ?? 0) / 1_000).toBeGreaterThan(before - 2)
    expect(((span?.startedAt ?? 0) + (span?.duration ?? 0)) / 1_000).toBeLessThan(after + 2)
  })

  test("one whose caller does not sample either stays in the caller's trace", async () => {
    record({ sampleRatio: 1, slowMs: 0 })
    await shop().request('/products/1', from('00'))
    expect(recording.spans()).toMatchObject([
      { traceId: CALLER, parentSpanId: 'b7ad6b7169203331', attributes: { 'shop.kept': 'slow' } },
    ])
  })
})

describe('of requests that are sampled', () => {
  test('a slow one has its ordinary span, and no reason to be kept', async () => {
    record({ sampleRatio: 1, slowMs: 0 })
    await shop().request('/products/1')
    expect(recording.spans()).toHaveLength(1)
    expect(recording.spans()[0]?.attributes).not.toHaveProperty('shop.kept')
  })

  test('one whose caller samples is sampled whatever the ratio', async () => {
    record({ sampleRatio: 0, slowMs: NEVER_SLOW })
    await shop().request('/products/1', from('01'))
    expect(recording.spans()).toMatchObject([{ traceId: CALLER }])
  })

  test('about as many are sampled as the ratio says, and not fewer by deciding twice', async () => {
    record({ sampleRatio: 0.5, slowMs: NEVER_SLOW })
    const app = shop()
    for (let n = 0; n < 1_000; n++) await app.request('/products/1')
    // Ten standard deviations around 500: deciding twice would leave 250.
    expect(recording.spans().length).toBeGreaterThan(340)
    expect(recording.spans().length).toBeLessThan(660)
  })
})

describe('what is worth keeping', () => {
  const sampling = { ratio: 0.01, slowMs: 500 }
  let second = 1_000
  beforeEach(() => {
    second += 1_000
  })

  test.each([
    [200, 499.9, undefined],
    [200, 500, 'slow'],
    [499, 1, undefined],
    [500, 1, 'error'],
    [503, 900, 'error'],
  ] as const)('%d after %d ms: %s', (status, durationMs, reason) => {
    expect(reasonToKeep(sampling, status, durationMs, second)).toBe(reason)
  })

  test('fifty in a second, then none until the next', () => {
    const kept = (now: number) =>
      Array.from({ length: 80 }, () => reasonToKeep(sampling, 500, 1, now)).filter((reason) => reason !== undefined)
    expect(kept(second)).toHaveLength(50)
    expect(kept(second + 999)).toHaveLength(0)
    expect(kept(second + 1_000)).toHaveLength(50)
    second += 1_000
  })
})
