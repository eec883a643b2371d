/**
 * What the cache counts, as OpenTelemetry metrics.
 *
 * What happens with every read is counted by the cache in plain numbers, and observed when metrics are collected: a value
 * served from memory costs one addition, whether or not anyone collects. What is rare is recorded as it happens.
 *
 * | metric | kind, unit | attributes besides `shop.cache.name` |
 * |---|---|---|
 * | `shop.cache.reads` | observed counter, {read} | resource, outcome, tier |
 * | `shop.cache.stale.duration` | histogram, s | resource, tier |
 * | `shop.cache.load.duration` | histogram, s | resource, stored, error.type |
 * | `shop.cache.lease.wait.duration` | histogram, s | resource, end |
 * | `shop.cache.invalidations` | counter, {invalidation} | acknowledged |
 * | `shop.cache.rejections` | counter, {entry} | resource, reason |
 * | `shop.cache.reloads.failed` | counter, {reload} | resource |
 * | `shop.cache.reloads.dropped` | counter, {reload} | resource |
 * | `shop.cache.resets` | counter, {reset} | reason |
 * | `shop.cache.remote.errors` | counter, {error} | command, error.type |
 * | `shop.cache.remote.usable` | observed gauge, 1 | |
 * | `shop.cache.proof.age` | observed gauge, s | |
 * | `shop.cache.memory.trusted` | observed gauge, 1 | |
 * | `shop.cache.memory.entries` | observed gauge, {entry} | resource |
 * | `shop.cache.memory.size` | observed gauge, By | |
 * | `shop.cache.memory.limit` | observed gauge, By | |
 * | `shop.cache.memory.evictions` | observed counter, {entry} | |
 * | `shop.cache.memory.tags` | observed gauge, {tag} | |
 * | `shop.cache.flights` | observed gauge, {flight} | |
 * | `shop.cache.loads.running` | observed gauge, {load} | |
 * | `shop.cache.loads.waiting` | observed gauge, {load} | |
 * | `shop.cache.reloads.running` | observed gauge, {reload} | |
 * | `shop.cache.invalidations.pending` | observed gauge, {invalidation} | |
 */

import { type Attributes, type BatchObservableCallback, type Meter, metrics } from '@opentelemetry/api'

import type { Listener } from './events.ts'
import type { Watched } from './hooks.ts'
import { errorType } from './otel-spans.ts'
import type { ResourceStats } from './stats.ts'

/** How each of the plain numbers of a resource is told. */
const READS: Readonly<Record<keyof ResourceStats, Attributes>> = {
  memoryHits: { 'shop.cache.outcome': 'hit', 'shop.cache.tier': 'memory' },
  redisHits: { 'shop.cache.outcome': 'hit', 'shop.cache.tier': 'redis' },
  memoryStale: { 'shop.cache.outcome': 'stale', 'shop.cache.tier': 'memory' },
  redisStale: { 'shop.cache.outcome': 'stale', 'shop.cache.tier': 'redis' },
  misses: { 'shop.cache.outcome': 'miss', 'shop.cache.tier': 'source' },
  collapsed: { 'shop.cache.outcome': 'collapsed' },
  errors: { 'shop.cache.outcome': 'error' },
}

export interface Metering {
  /** Records an event. */
  readonly measure: Listener
  /** Has a cache observed from now on; what it returns ends that. */
  readonly watch: (cache: Watched) => () => void
}

export function metering(): Metering {
  const meter = metrics.getMeter('@shop/cache')
  const own: Attributes = {}
  return {
    measure: recording(meter, own),
    watch: (cache) => {
      own['shop.cache.name'] = cache.name
      return observing(meter, cache, own)
    },
  }
}

/** What is recorded as it happens. `own` are the attributes of the cache. */
function recording(meter: Meter, own: Attributes): Listener {
  const counter = (name: string, unit: string) => meter.createCounter(name, { unit })
  const histogram = (name: string) => meter.createHistogram(name, { unit: 's' })
  const stale = histogram('shop.cache.stale.duration')
  const loads = histogram('shop.cache.load.duration')
  const waits = histogram('shop.cache.lease.wait.duration')
  const invalidations = counter('shop.cache.invalidations', '{invalidation}')
  const rejections = counter('shop.cache.rejections', '{entry}')
  const failed = counter('shop.cache.reloads.failed', '{reload}')
  const dropped = counter('shop.cache.reloads.dropped', '{reload}')
  const resets = counter('shop.cache.resets', '{reset}')
  const errors = counter('shop.cache.remote.errors', '{error}')
  const of = (resource: string): Attributes => ({ ...own, 'shop.cache.resource': resource })
  return (event) => {
    switch (event.type) {
      case 'read':
        // How many there are is observed; how far past its ttl a value was is known only here.
        if (event.outcome === 'stale')
          stale.record(-event.ttlMs / 1_000, { ...of(event.resource), 'shop.cache.tier': event.tier ?? 'redis' })
        return
      case 'load':
        return loads.record(event.durationMs / 1_000, {
          ...of(event.resource),
          'shop.cache.stored': event.stored,
          ...(event.error !== undefined && { 'error.type': errorType(event.error) }),
        })
      case 'wait':
        return waits.record(event.durationMs / 1_000, { ...of(event.resource), 'shop.cache.end': event.end })
      case 'invalidate':
        return invalidations.add(1, { ...own, 'shop.cache.acknowledged': event.acknowledged })
      case 'rejected':
        return rejections.add(1, { ...of(event.resource), 'shop.cache.reason': event.reason })
      case 'reload-failed':
        return failed.add(1, of(event.resource))
      case 'reload-dropped':
        return dropped.add(1, of(event.resource))
      case 'reset':
        return resets.add(1, { ...own, 'shop.cache.reason': event.reason })
      case 'remote-error':
        return errors.add(1, {
          ...own,
          'shop.cache.command': event.operation,
          'error.type': errorType(event.error),
        })
      case 'applied':
      case 'remote-state':
        return
      default:
        event satisfies never
    }
  }
}

/** What is observed when it is collected. */
function observing(meter: Meter, cache: Watched, own: Attributes): () => void {
  const gauge = (name: string, unit: string) => meter.createObservableGauge(name, { unit })
  const reads = meter.createObservableCounter('shop.cache.reads', { unit: '{read}' })
  const evictions = meter.createObservableCounter('shop.cache.memory.evictions', { unit: '{entry}' })
  const usable = gauge('shop.cache.remote.usable', '1')
  const proofAge = gauge('shop.cache.proof.age', 's')
  const trusted = gauge('shop.cache.memory.trusted', '1')
  const entries = gauge('shop.cache.memory.entries', '{entry}')
  const size = gauge('shop.cache.memory.size', 'By')
  const limit = gauge('shop.cache.memory.limit', 'By')
  const tags = gauge('shop.cache.memory.tags', '{tag}')
  const flights = gauge('shop.cache.flights', '{flight}')
  const loads = gauge('shop.cache.loads.running', '{load}')
  const waitingLoads = gauge('shop.cache.loads.waiting', '{load}')
  const reloads = gauge('shop.cache.reloads.running', '{reload}')
  const pending = gauge('shop.cache.invalidations.pending', '{invalidation}')

  const observe: BatchObservableCallback = (result) => {
    const health = cache.health()
    for (const [resource, counted] of cache.resourceStats())
      for (const [name, attributes] of Object.entries(READS))
        result.observe(reads, counted[name as keyof ResourceStats], {
          ...own,
          'shop.cache.resource': resource,
          ...attributes,
        })
    for (const [resource, held] of Object.entries(health.entriesOf))
      result.observe(entries, held, { ...own, 'shop.cache.resource': resource })
    if (health.redis !== 'off') result.observe(usable, health.redis === 'up' ? 1 : 0, own)
    if (health.proofAgeMs !== undefined) result.observe(proofAge, health.proofAgeMs / 1_000, own)
    result.observe(trusted, health.trusted ? 1 : 0, own)
    result.observe(size, health.bytes, own)
    result.observe(limit, health.maxBytes, own)
    result.observe(evictions, health.evictions, own)
    result.observe(tags, health.tags, own)
    result.observe(flights, health.flights, own)
    result.observe(loads, health.loads, own)
    result.observe(waitingLoads, health.waitingLoads, own)
    result.observe(reloads, health.reloads, own)
    result.observe(pending, health.pendingInvalidations, own)
  }
  const all = [reads, evictions, usable, proofAge, trusted, entries, size, limit, tags]
  const observed = [...all, flights, loads, waitingLoads, reloads, pending]
  meter.addBatchObservableCallback(observe, observed)
  return () => meter.removeBatchObservableCallback(observe, observed)
}
