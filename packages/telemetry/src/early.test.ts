import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { trace } from '@opentelemetry/api'
import { Hono } from 'hono'
import { afterEach, expect, onTestFinished, test } from 'vitest'

import { beginEarly } from './early.ts'
import { RequestMetrics, setRequestMetrics } from './metrics-requests.ts'
import { traceRequests } from './requests.ts'
import { recordSpans } from './testing.ts'
import { currentTracing, setTracer } from './tracer.ts'

const CALLER = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }

function request(headers: Readonly<Record<string, string>> = {}): IncomingMessage {
  const message = new IncomingMessage(new Socket())
  message.method = 'GET'
  Object.assign(message.headers, headers)
  return message
}

function sampling(ratio: number): void {
  setTracer(currentTracing()?.tracer, { ratio, slowMs: Number.POSITIVE_INFINITY })
}

function recording() {
  const recorded = recordSpans()
  onTestFinished(() => recorded.stop())
  return recorded
}

afterEach(() => setRequestMetrics(undefined))

test('while tracing is off every request may be answered early', () => {
  expect(beginEarly(request(CALLER))).toBeDefined()
})

test('a request that belongs to a trace of its caller is left to the application', () => {
  recording()
  expect(beginEarly(request(CALLER))).toBeUndefined()
})

test('one that is sampled has the span that the application would make, and what happens in it is in its trace', async () => {
  const recorded = recording()
  const early = beginEarly(request({ host: 'shop.example:8080' }))
  const inside = early?.run(() => trace.getActiveSpan()?.spanContext().traceId)
  early?.answered('GET', '/products/{id}', 200, 0.001)
  const app = new Hono().use(traceRequests()).get('/products/:id', (c) => c.text('here'))
  await app.request('http://shop.example:8080/products/1', { headers: { host: 'shop.example:8080' } })

  const [own, applications] = recorded.spans()
  expect(own?.traceId).toBe(inside)
  expect({ name: own?.name, kind: own?.kind, attributes: own?.attributes }).toEqual({
    name: applications?.name,
    kind: applications?.kind,
    attributes: applications?.attributes,
  })
})

test('one that is not sampled makes no span', () => {
  const recorded = recording()
  sampling(0)
  const early = beginEarly(request())
  expect(early?.run(() => trace.getActiveSpan())).toBeUndefined()
  early?.answered('GET', '/products/{id}', 200, 0.001)
  expect(recorded.spans()).toEqual([])
})

test.each([
  [1, 1],
  [0, 0],
])('at a ratio of %d what was decided on one that is left is not decided again', async (ratio, spans) => {
  const recorded = recording()
  sampling(ratio)
  const incoming = request()
  beginEarly(incoming)?.left(incoming)
  // Had the middleware to decide, it would do the opposite.
  sampling(1 - ratio)
  const app = new Hono().use(traceRequests()).get('/', (c) => c.text('here'))
  await app.request('/', {}, { incoming })
  expect(recorded.spans().length).toBe(spans)
})

test.each([0, 1])(
  'at a ratio of %d an early answer is counted under its route, with an exemplar if it has a span',
  (ratio) => {
    recording()
    sampling(ratio)
    const requests = new RequestMetrics()
    setRequestMetrics(requests)
    beginEarly(request())?.answered('GET', '/products/{id}', 200, 0.000_05)
    expect(requests.series).toMatchObject([{ method: 'GET', route: '/products/{id}', status: 200, sum: 0.000_05 }])
    expect(requests.series[0]?.exemplars[0]?.value).toBe(ratio === 1 ? 0.000_05 : undefined)
    expect(requests.methods).toMatchObject([{ active: 0 }])
  },
)
