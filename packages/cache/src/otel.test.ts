import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { remoteTimeout } from './errors.ts'
import type { CacheEvent } from './events.ts'
import { createCache } from './index.ts'
import { otel } from './otel.ts'
import { RedisDouble } from './testing.ts'

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })
const provider = new MeterProvider({ readers: [reader] })

beforeAll(() => {
  metrics.setGlobalMeterProvider(provider)
})
afterAll(() => provider.shutdown())

/** Each series as one line: name, attributes, what was counted. */
async function series(): Promise<string[]> {
  exporter.reset()
  await reader.forceFlush()
  const found = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
  return found
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const count = typeof value === 'object' && 'count' in value ? value.count : value
        const said = Object.entries(attributes).map(([name, own]) => `${name.replace('shop.cache.', '')}=${own}`)
        return `${descriptor.name.replace('shop.cache.', '')} ${said.sort().join(' ')}: ${count} ${descriptor.unit}`
      }),
    )
    .sort()
}

test('what a cache did is counted, and no key is among the attributes', async () => {
  const cache = createCache({ name: 'metered', redis: new RedisDouble().open, hooks: otel() })
  await cache.ready({ timeout: 5_000 })
  const product = cache.resource({
    name: 'product',
    version: 1,
    ttl: 60_000,
    key: (id: number) => [`secret-${id}`],
    load: async (id) => {
      if (id === 2) throw new RangeError('no')
      return id
    },
  })
  await product.get(1)
  await product.get(1)
  await product.get(2).catch(() => undefined)
  await product.invalidate(1)
  await cache.close()

  const lines = await series()
  expect(lines).toEqual([
    'invalidations acknowledged=true: 1 {invalidation}',
    'load.duration error.type=RangeError resource=product stored=no: 1 s',
    'load.duration resource=product stored=shared: 1 s',
    'reads outcome=error resource=product: 1 {read}',
    'reads outcome=hit resource=product tier=memory: 1 {read}',
    'reads outcome=miss resource=product: 1 {read}',
    'resets reason=first: 1 {reset}',
  ])
  expect(lines.join()).not.toContain('secret')
})

test('every other event has its counter too', async () => {
  const { onEvent } = otel()
  const others: CacheEvent[] = [
    { type: 'rejected', resource: 'product', key: 'k', reason: 'foreign' },
    { type: 'reload-failed', resource: 'product', key: 'k', error: new Error('no') },
    { type: 'reload-dropped', resource: 'product', key: 'k' },
    { type: 'remote-error', operation: 'read', error: remoteTimeout('read', 250) },
  ]
  for (const event of others) onEvent?.(event)
  expect(await series()).toEqual(
    expect.arrayContaining([
      'rejections reason=foreign resource=product: 1 {entry}',
      'reloads.dropped resource=product: 1 {reload}',
      'reloads.failed resource=product: 1 {reload}',
      'remote.errors error.type=CACHE_REMOTE_TIMEOUT operation=read: 1 {error}',
    ]),
  )
})
