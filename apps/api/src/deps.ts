/**
 * What the application needs, built in order from the configuration, and closed in the opposite order.
 *
 * A server that is down stops no start. For Redis it waits one second, so that the first reads find it; for the
 * database not at all: a process without one starts, says so on `/readyz` and is well as soon as the database is.
 */

import { type Cache, createCache, describeEvent } from '@shop/cache'
import { otel } from '@shop/cache/otel'
import { redis } from '@shop/cache/redis'
import { connect, type Database, markRelayed, tellEdge } from '@shop/db'
import type { Lifecycle, Opened } from '@shop/process'
import { observePools, traceQuery } from '@shop/telemetry'

import { cachedAggregates } from './aggregates/cached-repository.ts'
import { postgresAggregates } from './aggregates/repository.ts'
import type { AppDeps } from './app.ts'
import { cachedCategories } from './categories/cached-repository.ts'
import { postgresCategories } from './categories/repository.ts'
import type { Config } from './config.ts'
import { type Control, controlled } from './controls/control.ts'
import { naive } from './controls/naive.ts'
import { singleFlight } from './controls/single-flight.ts'
import { fastPath } from './http/fast-path.ts'
import type { Dependency, DependencyState } from './http/health.ts'
import type { Log } from './http/request-log.ts'
import { countedLimits } from './limits/metrics.ts'
import { openRateLimits } from './limits/rate-limits.ts'
import { countedOrders } from './orders/metrics.ts'
import { postgresOrders } from './orders/repository.ts'
import { cachedProducts } from './products/cached-repository.ts'
import { postgresProducts } from './products/repository.ts'
import { countedHits, countedProducts, ReadCounts, startTraffic } from './products/traffic.ts'
import { cachedSearch } from './search/cached-repository.ts'
import { postgresSearch } from './search/repository.ts'
import { postgresStock } from './stock/repository.ts'
import { describeWarming } from './warming/events.ts'
import { measureWarming } from './warming/metrics.ts'
import { warmList } from './warming/warm-list.ts'
import { createWarmer, type Warmer } from './warming/warmer.ts'

/** How long a start waits for Redis before it serves without. */
const CACHE_READY_MS = 1000

export interface OpenDeps {
  readonly app: AppDeps
  readonly cache: Cache | undefined
  /** Asked before the application. Absent without a cache. */
  readonly answerEarly: Opened['answerEarly']
  /** Begin it when `/readyz` can be asked. Absent without a cache. */
  readonly warmer: Warmer | undefined
  /** The cache first: its last loads still need the database. */
  close(): Promise<void>
}

export async function openDeps(config: Config, log: Log, lifecycle: Lifecycle): Promise<OpenDeps> {
  const database = connect({
    url: config.databaseUrl,
    max: config.databasePoolMax,
    applicationName: config.serviceName,
    hook: traceQuery,
  })
  observePools(() => database.pools())
  const rateLimits = openRateLimits({
    customer: config.rateLimitCustomer,
    admin: config.rateLimitAdmin,
    redisUrl: config.redisUrl,
    commandTimeoutMs: config.redisTimeoutMs,
    log,
  })
  let warmer: Warmer | undefined
  const cache = config.cache === 'on' ? await openCache(config, log, () => warmer?.lost()) : undefined
  const options = {
    log,
    loadTimeout: config.cacheLoadTimeoutMs,
    // A process that is alone has told nobody: its rows stay open for whoever shares a Redis.
    ...(config.redisUrl !== undefined && { markRelayed: (ids: readonly number[]) => markRelayed(database.sql, ids) }),
  }

  const products = postgresProducts(database.db)
  const categories = postgresCategories(database.db)
  const aggregates = postgresAggregates(database.db)
  const search = postgresSearch(database.db)
  const control = openControl(config, log)
  const hot = cache && cachedProducts(products, cache, options)
  const cached = {
    products: hot ?? products,
    categories: cache ? cachedCategories(categories, cache, options) : categories,
    aggregates: cache ? cachedAggregates(aggregates, cache, options) : aggregates,
    search: cache ? cachedSearch(search, cache, options) : search,
  }
  const shown = control ? { ...cached, ...controlled(cached, control) } : cached

  const counts = new ReadCounts()
  const traffic = startTraffic({ sql: database.sql, counts, log })
  if (cache) {
    const measure = measureWarming()
    warmer = createWarmer({
      sources: { ...shown, warmList: () => warmList(database.sql) },
      limitMs: config.warmLimitMs,
      emit(event) {
        measure(event)
        const line = describeWarming(event)
        log[line.level](line.fields, line.message)
      },
    })
  }
  const edge = config.edgeMaxAgeS > 0 ? { maxAgeS: config.edgeMaxAgeS } : undefined
  return {
    answerEarly: hot && fastPath({ log, lifecycle, edge, hit: countedHits(hot, counts) }),
    app: {
      log,
      lifecycle,
      ...shown,
      // Outside the cache, so that what warms it is not counted.
      products: countedProducts(shown.products, counts),
      orders: countedOrders(postgresOrders(database.db)),
      stock: postgresStock(database.db),
      cache,
      warmer,
      dependencies: [postgresDependency(database), redisDependency(cache)],
      adminTokenHash: config.adminTokenHash,
      customerTokenSecret: config.customerTokenSecret,
      rateLimits: countedLimits(rateLimits),
      publicUrl: config.publicUrl,
      edge,
      tellEdge: edge && ((note) => tellEdge(database.sql, { ...note, source: 'admin' })),
    },
    cache,
    warmer,
    async close() {
      warmer?.stop()
      await traffic.stop()
      await cache?.close()
      await control?.close()
      rateLimits.close()
      await database.close()
    },
  }
}

async function openCache(config: Config, log: Log, lost: () => void): Promise<Cache> {
  const cache = createCache({
    name: 'shop',
    ...(config.redisUrl !== undefined && {
      redis: redis({ url: config.redisUrl, commandTimeout: config.redisTimeoutMs }),
    }),
    memory: { maxBytes: config.cacheMemoryMaxBytes },
    maxStaleness: config.cacheMaxStalenessMs,
    // As many as there are connections: more would only wait in the pool, in front of the writes.
    loads: { concurrent: config.databasePoolMax },
    onEvent: (event) => {
      const line = describeEvent(event)
      if (line) log[line.level](line.fields, line.message)
      if (event.type === 'reset' && event.reason === 'epoch') lost()
    },
    hooks: otel(),
  })
  if (config.redisUrl === undefined) {
    log.warn({ cure: 'Set REDIS_URL to share the cache between processes.' }, 'cache without redis: one process only')
  } else if (!(await cache.ready({ timeout: CACHE_READY_MS }))) {
    log.warn({ waited_ms: CACHE_READY_MS }, 'redis does not answer yet: serving without it')
  }
  return cache
}

/** What a load test compares the cache with. */
function openControl({ cache, redisUrl, redisTimeoutMs }: Config, log: Log): Control | undefined {
  if (cache === 'on' || cache === 'off') return undefined
  log.warn({ cache }, 'this is a control of a load test, and no shop')
  if (cache === 'single-flight') return singleFlight()
  if (redisUrl === undefined) throw new Error('CACHE=naive keeps everything in Redis: set REDIS_URL')
  return naive(redisUrl, redisTimeoutMs)
}

function postgresDependency({ sql }: Database): Dependency {
  return {
    name: 'postgres',
    required: true,
    async check(): Promise<DependencyState> {
      await sql`select 1`
      return 'up'
    },
  }
}

function redisDependency(cache: Cache | undefined): Dependency {
  return { name: 'redis', required: false, check: () => cache?.health().redis ?? 'off' }
}
