import { readFileSync } from 'node:fs'

import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { remoteTimeout } from './errors.ts'
import type { CacheEvent } from './events.ts'
import { type CacheOptions, createCache } from './index.ts'
import { DEFAULTS } from './options.ts'
import { otel } from './otel.ts'
import { ManualClock, RedisDouble } from './testing.ts'

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

/** A resource of a cache that is observed, with `load` for its source. */
async function metered(load: (id: number) => Promise<unknown>, options: Partial<CacheOptions> = {}) {
  const cache = createCache({ name: 'metered', redis: new RedisDouble().open, hooks: otel(), ...options })
  await cache.ready({ timeout: 5_000 })
  const key = (id: number) => [`secret-${id}`]
  const product = cache.resource({ name: 'product', version: 1, ttl: 60_000, jitter: 0, staleFor: 60_000, key, load })
  return { cache, product }
}

test('what a cache did is counted, and no key is among the attributes', async () => {
  const { cache, product } = await metered(async (id) => {
    if (id === 2) throw new RangeError('no')
    return id
  })
  await product.get(1)
  await product.get(1)
  await product.get(2).catch(() => undefined)
  await product.invalidate(1)

  const lines = (await series()).filter((line) => !line.includes(': 0 '))
  expect(lines).toEqual([
    'invalidations acknowledged=true name=metered: 1 {invalidation}',
    'load.duration error.type=RangeError name=metered resource=product stored=no: 1 s',
    'load.duration name=metered resource=product stored=shared: 1 s',
    `memory.limit name=metered: ${DEFAULTS.maxBytes} By`,
    'memory.tags name=metered: 1 {tag}',
    'memory.trusted name=metered: 1 1',
    expect.stringMatching(/^proof\.age name=metered: 0\.\d+ s$/),
    'reads name=metered outcome=error resource=product: 1 {read}',
    'reads name=metered outcome=hit resource=product tier=memory: 1 {read}',
    'reads name=metered outcome=miss resource=product tier=source: 1 {read}',
    'remote.usable name=metered: 1 1',
    'resets name=metered reason=first: 1 {reset}',
  ])
  expect(lines.join()).not.toContain('secret')
  await cache.close()
})

test('a cache that is closed is not observed any more', async () => {
  const { cache, product } = await metered(async (id) => id)
  const reads = async () => (await series()).filter((line) => line.startsWith('reads'))
  await product.get(1)
  const before = await reads()
  expect(before).toContain('reads name=metered outcome=miss resource=product tier=source: 1 {read}')
  await cache.close()
  await product.get(1)
  expect(cache.stats().requests).toBe(2)
  expect(await reads()).toEqual(before)
})

test('what is kept, and what has left for want of room, is observed for each resource', async () => {
  let size = 1_000
  const { cache, product } = await metered(async () => 'x'.repeat(size), { memory: { maxBytes: 5_000 } })
  for (let id = 0; id < 10; id++) await product.get(id)
  const { entries, bytes } = cache.health()
  expect(entries).toBeGreaterThan(1)
  expect(cache.health()).toMatchObject({ entriesOf: { product: entries }, evictions: 10 - entries })
  expect(await series()).toEqual(
    expect.arrayContaining([
      `memory.entries name=metered resource=product: ${entries} {entry}`,
      `memory.evictions name=metered: ${10 - entries} {entry}`,
      `memory.size name=metered: ${bytes} By`,
    ]),
  )
  // Made stale, reloaded, removed; and in the end its place is taken by one that is too large for memory.
  for (size of [900, 9_000]) {
    await product.expire(9)
    expect(cache.health().entriesOf).toEqual({ product: cache.health().entries })
    await product.get(9)
    await vi.waitUntil(() => cache.health().reloads === 0)
    await product.invalidate(8)
    expect(cache.health().entriesOf).toEqual({ product: cache.health().entries })
  }
  await cache.close()
})

test('how long past its ttl a value was served is measured, from memory as from Redis', async () => {
  const clock = new ManualClock()
  const cache = createCache({ name: 'metered', hooks: otel(), clock })
  const stock = cache.resource({
    name: 'stock',
    version: 1,
    ttl: 1_000,
    jitter: 0,
    staleFor: 60_000,
    key: () => [],
    load: async () => 1,
  })
  await stock.get(undefined)
  await clock.advance(3_000)
  await stock.get(undefined)
  exporter.reset()
  await reader.forceFlush()
  const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
  const points = all.find(({ descriptor }) => descriptor.name === 'shop.cache.stale.duration')?.dataPoints
  const ofStock = points?.filter(({ attributes }) => attributes['shop.cache.resource'] === 'stock')
  expect(
    ofStock?.map(({ attributes, value }) => [attributes['shop.cache.tier'], (value as { sum: number }).sum]),
  ).toEqual([['memory', 2]])
  await cache.close()
})

test('a hit in memory makes no event where nothing is recorded, and is counted all the same', async () => {
  const heard: CacheEvent[] = []
  const hooks = { ...otel(), onEvent: (event: CacheEvent) => heard.push(event) }
  const { cache, product } = await metered(async (id) => id, { hooks })
  await product.get(1)
  heard.length = 0
  await product.get(1)
  expect(heard).toEqual([])
  expect(cache.stats()).toMatchObject({ memoryHits: 1, requests: 2 })
  await cache.close()
})

test('every other event has its instrument too', async () => {
  const { onEvent } = otel()
  const others: CacheEvent[] = [
    { type: 'rejected', resource: 'product', key: 'k', reason: 'foreign' },
    { type: 'wait', resource: 'product', key: 'k', durationMs: 12, end: 'stored' },
    { type: 'reload-failed', resource: 'product', key: 'k', error: new Error('no') },
    { type: 'reload-dropped', resource: 'product', key: 'k' },
    { type: 'remote-error', operation: 'read', error: remoteTimeout('read', 250) },
  ]
  for (const event of others) onEvent?.(event)
  expect(await series()).toEqual(
    expect.arrayContaining([
      'lease.wait.duration end=stored resource=product: 1 s',
      'rejections reason=foreign resource=product: 1 {entry}',
      'reloads.dropped resource=product: 1 {reload}',
      'reloads.failed resource=product: 1 {reload}',
      'remote.errors command=read error.type=CACHE_REMOTE_TIMEOUT: 1 {error}',
    ]),
  )
})

describe('the names', () => {
  const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')
  const page = read('../docs/watching.md')
  const metricsSource = read('otel-metrics.ts')
  const code = ['otel-metrics.ts', 'otel-spans.ts']
    .map((file) => read(file).replaceAll(/\/\*\*[\s\S]*?\*\//g, ''))
    .join()
  const namesIn = (text: string, pattern: RegExp): string[] =>
    [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort()

  test('of the page are those of the code, in both directions', () => {
    expect(namesIn(page, /^\| `(shop\.cache\.[\w.]+)` \|/gm)).toEqual(namesIn(code, /'(shop\.cache\.[\w.]+)'/g))
  })

  test('of the table in the source are those of its instruments', () => {
    const rows = namesIn(metricsSource, /^ \* \| `(shop\.cache\.[\w.]+)`/gm)
    expect(rows).toEqual(
      namesIn(metricsSource, /(?:counter|histogram|gauge|ObservableCounter)\('(shop\.cache\.[\w.]+)'/g),
    )
    for (const [, name, kind] of metricsSource.matchAll(/^ \* \| (`shop\.cache\.[\w.]+`) \| ([^|]+) \|/gm))
      expect(page).toContain(`| ${name} | ${kind} |`)
  })

  test('of the operations are those of the page', () => {
    const operations = namesIn(read('hooks.ts'), /^ {4}\| '(\w+)'$/gm)
    expect(namesIn(page, /^\| `cache (\w+)(?: \{resource\})?` \|/gm)).toEqual(operations)
  })

  test('of the events are those of the page', () => {
    const types = namesIn(read('events.ts'), /type: '([\w-]+)'/g)
    const [, events = ''] = /^## Events$([\s\S]+?)^## /m.exec(page) ?? []
    const rows = [...events.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, names = '']) => [
      ...names.matchAll(/`([\w-]+)`/g),
    ])
    expect(rows.map(([, name = '']) => name).sort()).toEqual(types)
  })
})
