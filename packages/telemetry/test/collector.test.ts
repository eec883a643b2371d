/** Spans sent by the real exporter to the collector of the tests are those that were recorded. */

import { trace } from '@opentelemetry/api'
import { expect, onTestFinished, test } from 'vitest'
import { startCollector } from '../src/collector.ts'
import { activeTraceParent, continueTrace } from '../src/context.ts'
import { startTelemetry } from '../src/index.ts'
import { readSpans } from '../src/otlp.ts'
import { drawTraces } from '../src/recorded-span.ts'
import { inside } from './inside.ts'

test('names, parents, links, attributes, events and failures arrive as they were', async () => {
  const collector = await startCollector()
  onTestFinished(() => collector.stop())
  const telemetry = startTelemetry({ serviceName: 'shop-test', endpoint: collector.endpoint })
  const parents = [
    await inside('one', async () => activeTraceParent()),
    await inside('two', async () => activeTraceParent()),
  ]
  const attributes = { text: 'Käse', whole: -7, share: 0.25, yes: true, no: false, list: ['a', 'b'] }
  await continueTrace(parents.map(String), 'relay', attributes, async () => {
    trace.getActiveSpan()?.addEvent('rejected', { reason: 'foreign' })
    throw new RangeError()
  }).catch(() => undefined)
  await continueTrace(parents.slice(0, 1).map(String), 'apply', {}, async () => undefined)
  await telemetry.shutdown()

  expect(drawTraces(collector.spans(), { services: true })).toBe(
    'shop-test: one\n  apply\nshop-test: two\nshop-test: relay ! ~ one ~ two',
  )
  const relay = collector.spans().find(({ name }) => name === 'relay')
  expect(relay).toMatchObject({
    kind: 'internal',
    traceId: expect.stringMatching(/^[\da-f]{32}$/),
    spanId: expect.stringMatching(/^[\da-f]{16}$/),
    parentSpanId: undefined,
    attributes: { ...attributes, 'error.type': 'RangeError' },
    events: [{ name: 'rejected', attributes: { reason: 'foreign' } }],
  })
  expect(Math.abs((relay?.startedAt ?? 0) / 1_000 - Date.now())).toBeLessThan(60_000)

  const [one] = await collector.find((spans) => spans.length === 2)
  expect(one?.name).toBe('one')
  await expect(collector.find((spans) => spans.length === 9, 1)).rejects.toThrow(/only:\nshop-test: one/)
  collector.clear()
  expect(collector.spans()).toEqual([])
})

test('bytes that are no protobuf are refused', () => {
  expect(() => readSpans(new Uint8Array([0x0b, 1]))).toThrow('A field of type 3 is none')
})
