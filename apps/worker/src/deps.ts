/**
 * What the worker needs, built in order from the configuration, and its jobs; closed in the opposite order.
 *
 * A server that is down stops no start: the jobs wait for it, and say so.
 */

import { type CacheEvent, createCache, describeEvent as describeCacheEvent } from '@shop/cache'
import { otel } from '@shop/cache/otel'
import { redis } from '@shop/cache/redis'
import { connect, outboxLag, viewAges } from '@shop/db'
import { observePools, traceQuery } from '@shop/telemetry'

import { startAudit } from './audit.ts'
import type { Config } from './config.ts'
import { describeEvent } from './describe.ts'
import { varnishPurger } from './edge-varnish.ts'
import type { Emit } from './events.ts'
import type { HealthDeps } from './health.ts'
import type { Job } from './job.ts'
import { measureEvents } from './metrics.ts'
import { startPruning } from './prune.ts'
import { startPurging } from './purge.ts'
import { startRefreshing } from './refresh.ts'
import { type Relay, startRelay } from './relay.ts'
import { startRewarming } from './rewarm.ts'
import { startFading } from './traffic.ts'

/** How long a start waits for Redis before the relay says that it is not there. */
const CACHE_READY_MS = 1_000
/** One answer may take this long: a late relay is better than one that gives up and begins anew. */
const COMMAND_TIMEOUT_MS = 1_000

/** The part of pino's logger that the worker uses. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface Deps {
  readonly health: Omit<HealthDeps, 'lifecycle'>
  startJobs(): void
  /** Each job ends its turn; then the connections go. */
  close(): Promise<void>
}

export async function openDeps(config: Config, log: Log): Promise<Deps> {
  const open = () => connect({ url: config.databaseUrl, max: 1, applicationName: config.serviceName, hook: traceQuery })
  // Two connections each, made when they are used. A refresh takes one for as long as it lasts, a purge while it waits for
  // the edge, and neither the relay nor a question waits for them.
  const [relaying, telling, refreshing, other] = [open(), open(), open(), open()]
  const databases = { relay: relaying, purge: telling, refresh: refreshing, other }
  observePools(() =>
    Object.entries(databases).flatMap(([job, { pools }]) =>
      pools().map((pool) => ({ ...pool, name: `${job}.${pool.name}` })),
    ),
  )
  const jobs: Job[] = []
  let relay: Relay | undefined
  let purging: Job | undefined

  const cache = createCache({
    name: 'shop',
    redis: redis({ url: config.redisUrl, commandTimeout: COMMAND_TIMEOUT_MS }),
    onEvent: (event: CacheEvent) => {
      const line = describeCacheEvent(event)
      if (line) log[line.level](line.fields, line.message)
      if (event.type === 'reset' && event.reason === 'epoch') relay?.replay()
    },
    hooks: otel(),
  })
  await cache.ready({ timeout: CACHE_READY_MS })

  const oldestOpenMs = async () => (await outboxLag(other.sql)).ageMs
  const measure = measureEvents({
    outbox: () => outboxLag(other.sql),
    viewAgesMs: async () => new Map((await viewAges(other.sql)).map(({ view, ageMs }) => [view, ageMs])),
  })
  const emit: Emit = (event) => {
    measure(event)
    const line = describeEvent(event)
    if (line) log[line.level](line.fields, line.message)
    if (event.type === 'relayed') purging?.wake()
  }

  return {
    health: { oldestOpenMs, redis: () => cache.health().redis },
    startJobs() {
      relay = startRelay({ sql: relaying.sql, cache, emit, intervalMs: config.relayIntervalMs })
      jobs.push(relay, startRefreshing({ sql: refreshing.sql, emit }), startPruning({ sql: other.sql, emit }))
      if (config.edgePurgeUrl !== undefined) {
        purging = startPurging({
          sql: telling.sql,
          purger: varnishPurger(config.edgePurgeUrl),
          emit,
          intervalMs: config.relayIntervalMs,
          maxStalenessMs: config.cacheMaxStalenessMs,
        })
        jobs.push(purging)
      }
      jobs.push(startFading({ sql: other.sql, emit }))
      if (config.apiUrls.length > 0) {
        const asking = { sql: other.sql, urls: config.apiUrls, emit }
        jobs.push(startAudit(asking), startRewarming(asking))
      }
    },
    async close() {
      await Promise.all(jobs.map((job) => job.stop()))
      await cache.close()
      await Promise.all([relaying, telling, refreshing, other].map((database) => database.close()))
    },
  }
}
