import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { Hono } from 'hono'
import { afterEach, expect, onTestFinished, test } from 'vitest'

import { answeredEarly, mayAnswerEarly, notAnsweredEarly } from './early.ts'
import { RequestMetrics, setRequestMetrics } from './metrics-requests.ts'
import { traceRequests } from './requests.ts'
import { recordSpans } from './testing.ts'
import { currentTracing, setTracer } from './tracer.ts'

function request(headers: Readonly<Record<string, string>> = {}): IncomingMessage {
  const message = new IncomingMessage(new Socket())
  Object.assign(message.headers, headers)
  return message
}

afterEach(() => setRequestMetrics(undefined))

test('while tracing is off every request may be answered early', () => {
  expect(mayAnswerEarly(request({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }))).toBe(true)
})

test('a request that belongs to a trace is left to the application', async () => {
  const spans = recordSpans()
  onTestFinished(() => spans.stop())
  sampling(0)
  expect(mayAnswerEarly(request({ traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }))).toBe(
    false,
  )
  expect(mayAnswerEarly(request())).toBe(true)
})

test.each([
  [1, false, 1],
  [0, true, 0],
])('at a ratio of %d what was decided early is not decided again', async (ratio, early, spans) => {
  const recorded = recordSpans()
  onTestFinished(() => recorded.stop())
  sampling(ratio)
  const incoming = request()
  expect(mayAnswerEarly(incoming)).toBe(early)
  if (early) notAnsweredEarly(incoming)
  // Had the middleware to decide, it would do the opposite.
  sampling(1 - ratio)
  const app = new Hono().use(traceRequests()).get('/', (c) => c.text('here'))
  await app.request('/', {}, { incoming })
  expect(recorded.spans().length).toBe(spans)
})

test('an early answer is counted under its route', () => {
  const requests = new RequestMetrics()
  setRequestMetrics(requests)
  answeredEarly('GET', '/products/{id}', 200, 0.000_05)
  expect(requests.series).toMatchObject([{ method: 'GET', route: '/products/{id}', status: 200, sum: 0.000_05 }])
  expect(requests.methods).toMatchObject([{ active: 0 }])
})

function sampling(ratio: number): void {
  setTracer(currentTracing()?.tracer, { ratio, slowMs: Number.POSITIVE_INFINITY })
}
