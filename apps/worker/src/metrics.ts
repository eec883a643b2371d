/**
 * The worker's events as OpenTelemetry metrics. Only the API is used: without an SDK every call here is a no-op.
 *
 * | metric | kind, unit | attributes |
 * |---|---|---|
 * | `shop.worker.relay.rows`, `shop.worker.relay.tags` | counter, {row}, {tag} | |
 * | `shop.worker.relay.lag` | histogram, s | |
 * | `shop.worker.relay.duration` | histogram, s | |
 * | `shop.worker.relay.failures` | counter, {failure} | cause |
 * | `shop.worker.outbox.open` | gauge, {row}: open rows | |
 * | `shop.worker.outbox.age` | gauge, s: how long the oldest open row has waited | |
 * | `shop.worker.outbox.reopened`, `shop.worker.outbox.pruned` | counter, {row} | |
 * | `shop.worker.purge.rows`, `shop.worker.purge.tags` | counter, {row}, {tag} | rows: again |
 * | `shop.worker.purge.lag` | histogram, s: of what is told for the first time | |
 * | `shop.worker.purge.duration` | histogram, s | |
 * | `shop.worker.purge.failures` | counter, {failure} | cause |
 * | `shop.worker.view.refresh.duration` | histogram, s | view |
 * | `shop.worker.view.refresh.failures` | counter, {failure} | view |
 * | `shop.worker.view.changed` | counter, {row} | view |
 * | `shop.worker.view.age` | gauge, s | view |
 * | `shop.worker.rewarm.pages` | counter, {page} | |
 * | `shop.worker.audit.products` | counter, {product} | age |
 * | `shop.worker.audit.differences` | counter, {product} | age, tier, api |
 * | `shop.worker.audit.failures` | counter, {failure} | |
 *
 * Attributes start with `shop.worker.`. No product and no tag is ever one.
 */

import { type Attributes, metrics, type ObservableResult } from '@opentelemetry/api'
import type { OutboxLag } from '@shop/db'

import type { Emit } from './events.ts'

/** What is asked when metrics are collected. Both may reject: then there is no value. */
export interface Observed {
  outbox(): Promise<OutboxLag>
  viewAgesMs(): Promise<ReadonlyMap<string, number>>
}

/** Call it after the SDK has started: metrics are those of the provider there is then. */
export function measureEvents(observed: Observed): Emit {
  const meter = metrics.getMeter('@shop/worker')
  const counter = (name: string, unit: string) => meter.createCounter(`shop.worker.${name}`, { unit })
  const seconds = (name: string) => {
    const histogram = meter.createHistogram(`shop.worker.${name}`, { unit: 's' })
    return (ms: number, attributes: Attributes = {}) => histogram.record(ms / 1_000, attributes)
  }
  const gauge = (name: string, unit: string, observe: (result: ObservableResult) => Promise<void>) =>
    meter
      .createObservableGauge(`shop.worker.${name}`, { unit })
      .addCallback((result) => observe(result).catch(() => undefined))

  const rows = counter('relay.rows', '{row}')
  const tags = counter('relay.tags', '{tag}')
  const lag = seconds('relay.lag')
  const relay = seconds('relay.duration')
  const relayFailures = counter('relay.failures', '{failure}')
  const reopened = counter('outbox.reopened', '{row}')
  const pruned = counter('outbox.pruned', '{row}')
  const purgedRows = counter('purge.rows', '{row}')
  const purgedTags = counter('purge.tags', '{tag}')
  const purgeLag = seconds('purge.lag')
  const purge = seconds('purge.duration')
  const purgeFailures = counter('purge.failures', '{failure}')
  const refresh = seconds('view.refresh.duration')
  const refreshFailures = counter('view.refresh.failures', '{failure}')
  const changed = counter('view.changed', '{row}')
  const rewarmed = counter('rewarm.pages', '{page}')
  const audited = counter('audit.products', '{product}')
  const differences = counter('audit.differences', '{product}')
  const auditFailures = counter('audit.failures', '{failure}')
  // Both callbacks run in one collection, and ask once.
  let asked: Promise<OutboxLag> | undefined
  const outbox = () => {
    asked ??= observed.outbox().finally(() => {
      asked = undefined
    })
    return asked
  }
  gauge('outbox.open', '{row}', async (result) => result.observe((await outbox()).open))
  gauge('outbox.age', 's', async (result) => result.observe((await outbox()).ageMs / 1_000))
  gauge('view.age', 's', async (result) => {
    for (const [view, ms] of await observed.viewAgesMs()) result.observe(ms / 1_000, named({ view }))
  })

  return (event) => {
    switch (event.type) {
      case 'relayed':
        rows.add(event.rows)
        tags.add(event.tags)
        lag(event.lagMs)
        return relay(event.durationMs)
      case 'relay-failed':
        return relayFailures.add(1, named({ cause: event.cause }))
      case 'reopened':
        return reopened.add(event.rows)
      case 'pruned':
        return pruned.add(event.rows)
      case 'purged':
        purgedRows.add(event.rows, named({ again: false }))
        purgedRows.add(event.again, named({ again: true }))
        purgedTags.add(event.tags)
        if (event.lagMs !== undefined) purgeLag(event.lagMs)
        return purge(event.durationMs)
      case 'purge-failed':
        return purgeFailures.add(1, named({ cause: event.cause }))
      case 'refreshed':
        changed.add(event.changed, named({ view: event.view }))
        return refresh(event.durationMs, named({ view: event.view }))
      case 'refresh-failed':
        return refreshFailures.add(1, named({ view: event.view }))
      case 'audited':
        return audited.add(event.products, named({ age: event.age }))
      case 'difference': {
        const { age, tier, api } = event.difference
        return differences.add(1, named({ age, tier, api }))
      }
      case 'audit-failed':
        return auditFailures.add(1)
      case 'rewarmed':
        return rewarmed.add(event.pages)
      case 'rewarm-failed':
      case 'prune-failed':
      case 'traffic-faded':
      case 'traffic-failed':
      case 'schedule-failed':
        return
      default:
        event satisfies never
    }
  }
}

function named(own: Attributes): Attributes {
  return Object.fromEntries(Object.entries(own).map(([name, value]) => [`shop.worker.${name}`, value]))
}
