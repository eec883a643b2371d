import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { afterAll, expect, test } from 'vitest'

import { describeEvent } from './describe.ts'
import type { Difference, WorkerEvent } from './events.ts'
import { measureEvents } from './metrics.ts'

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })
const provider = new MeterProvider({ readers: [reader] })
metrics.setGlobalMeterProvider(provider)
afterAll(() => provider.shutdown())

const error = new Error('no')
const difference: Difference = {
  product: 4711,
  fields: ['price', 'version'],
  tier: 'memory',
  api: 'http://api-1',
  since: new Date(0),
  age: 1_000,
}

const EVENTS: readonly WorkerEvent[] = [
  { type: 'relayed', rows: 3, tags: 5, lagMs: 20, durationMs: 4 },
  { type: 'relayed', rows: 1, tags: 1, lagMs: 2_000, durationMs: 4 },
  { type: 'relay-failed', cause: 'redis', failures: 1, error },
  { type: 'relay-failed', cause: 'redis', failures: 2, error },
  { type: 'relay-failed', cause: 'postgres', failures: 61, error },
  { type: 'reopened', rows: 7 },
  { type: 'purged', rows: 3, again: 0, tags: 6, lagMs: 40, durationMs: 5 },
  { type: 'purged', rows: 1, again: 2, tags: 4, lagMs: 1_000, durationMs: 5 },
  { type: 'purged', rows: 0, again: 1, tags: 2, lagMs: undefined, durationMs: 5 },
  { type: 'purge-failed', cause: 'edge', failures: 1, error },
  { type: 'purge-failed', cause: 'edge', failures: 2, error },
  { type: 'purge-failed', cause: 'postgres', failures: 1, error },
  { type: 'pruned', rows: 9 },
  { type: 'pruned', rows: 0 },
  { type: 'prune-failed', failures: 1, error },
  { type: 'refreshed', view: 'category_counts', changed: 2, durationMs: 30 },
  { type: 'refresh-failed', view: 'category_facets', failures: 1, ageMs: 900, error },
  { type: 'rewarmed', pages: 12, durationMs: 80 },
  { type: 'rewarm-failed', failures: 1, error },
  { type: 'schedule-failed', failures: 1, error },
  { type: 'audited', age: 1_000, products: 20 },
  { type: 'difference', difference },
  { type: 'audit-failed', api: 'http://api-1', failures: 1, error },
]

/** Each series as one line: name, attributes, what was counted. */
async function series(): Promise<string[]> {
  exporter.reset()
  await reader.forceFlush()
  const found = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics))
  return found
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => {
        const seen = typeof value === 'object' && 'sum' in value ? `${value.count} of ${value.sum}` : value
        const said = Object.entries(attributes).map(([name, own]) => `${name}=${own}`)
        return `${[descriptor.name, ...said.sort()].join(' ').replaceAll('shop.worker.', '')}: ${seen} ${descriptor.unit}`
      }),
    )
    .sort()
}

test('what the worker did is counted, and no product is among the attributes', async () => {
  const measure = measureEvents({
    outbox: async () => ({ open: 4, ageMs: 1_500 }),
    viewAgesMs: async () => new Map([['category_counts', 60_000]]),
  })
  for (const event of EVENTS) measure(event)
  const counted = await series()
  expect(counted).toEqual([
    'audit.differences age=1000 api=http://api-1 tier=memory: 1 {product}',
    'audit.failures: 1 {failure}',
    'audit.products age=1000: 20 {product}',
    'outbox.age: 1.5 s',
    'outbox.open: 4 {row}',
    'outbox.pruned: 9 {row}',
    'outbox.reopened: 7 {row}',
    'purge.duration: 3 of 0.015 s',
    'purge.failures cause=edge: 2 {failure}',
    'purge.failures cause=postgres: 1 {failure}',
    'purge.lag: 2 of 1.04 s',
    'purge.rows again=false: 4 {row}',
    'purge.rows again=true: 3 {row}',
    'purge.tags: 12 {tag}',
    'relay.duration: 2 of 0.008 s',
    'relay.failures cause=postgres: 1 {failure}',
    'relay.failures cause=redis: 2 {failure}',
    'relay.lag: 2 of 2.02 s',
    'relay.rows: 4 {row}',
    'relay.tags: 6 {tag}',
    'rewarm.pages: 12 {page}',
    'view.age view=category_counts: 60 s',
    'view.changed view=category_counts: 2 {row}',
    'view.refresh.duration view=category_counts: 1 of 0.03 s',
    'view.refresh.failures view=category_facets: 1 {failure}',
  ])
  expect(counted.join()).not.toContain('4711')
})

test('a gauge that cannot be read has no value, and fails nothing', async () => {
  measureEvents({
    outbox: () => Promise.reject(error),
    viewAgesMs: () => Promise.reject(error),
  })
  await expect(series()).resolves.toBeDefined()
})

test('the log says what an operator would act on, and of failures in a row the first and then one in sixty', () => {
  expect(EVENTS.map(describeEvent).map((line) => line && `${line.level} ${line.message}`)).toEqual([
    'debug relayed',
    'warn relayed late',
    'warn redis does not acknowledge: rows of the outbox wait',
    undefined,
    'error postgres does not answer: nothing is relayed',
    'warn redis lost its memory: the last hour is relayed again',
    'debug edge purged',
    'warn edge purged late',
    'debug edge purged',
    'warn the edge is not purged: what it keeps may be old until its max-age',
    undefined,
    'error postgres does not answer: the edge is not purged',
    'debug outbox pruned',
    undefined,
    'warn the outbox could not be pruned',
    'info view refreshed',
    'error view not refreshed: its old rows are served',
    'debug hot pages warmed again',
    'warn hot pages could not be warmed again',
    'error the schedule of the views could not be read',
    'debug audited',
    'error the cache differs from the database',
    'warn the audit could not ask',
  ])
})

test('the line of a difference names the product, the fields, the tier, the API and since when', () => {
  expect(describeEvent({ type: 'difference', difference })?.fields).toEqual({
    product: 4711,
    fields: ['price', 'version'],
    tier: 'memory',
    api: 'http://api-1',
    since: '1970-01-01T00:00:00.000Z',
    age_ms: 1_000,
  })
})
