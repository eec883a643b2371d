/**
 * The expiry of hot products, with refresh-ahead and without: how long those wait who come when it is due.
 *
 * Products as the API declares them, but for a lifetime of one second, so that a run sees many ends of it. Each of the
 * hottest is opened fifty times in a lifetime: two reads of a hundred fall on an expiry, so the 99th percentile is what
 * they wait. With five minutes and thousands of reads the share is smaller, and what they wait the same.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { createCache } from '@shop/cache'
import { redis } from '@shop/cache/redis'
import { connect } from '@shop/db'

import { postgresProducts } from '../apps/api/src/products/repository.ts'
import type { Product } from '../apps/api/src/products/schema.ts'
import { tagsOfId, tagsOfProduct } from '../apps/api/src/products/tags.ts'
import { percentile } from './warmth-visits.ts'

const TTL_MS = 1_000
const READ_EVERY_MS = 20
const REFRESH_AHEAD = 0.8

export interface Expiry {
  readonly reads: number
  /** Reads that had to wait for a load. */
  readonly waited: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface ExpiryOptions {
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly ids: readonly number[]
  readonly lifetimes: number
  readonly refreshAhead: boolean
}

export async function measureExpiry(options: ExpiryOptions): Promise<Expiry> {
  const { databaseUrl, redisUrl, ids, lifetimes, refreshAhead } = options
  const database = connect({ url: databaseUrl, max: 10, applicationName: 'shop-warmth' })
  const source = postgresProducts(database.db)
  let waited = 0
  let isCounting = false
  const cache = createCache({
    name: `warmth-${refreshAhead ? 'ahead' : 'expiry'}`,
    redis: redis({ url: redisUrl }),
    onEvent(event) {
      if (isCounting && event.type === 'read' && (event.outcome === 'miss' || event.outcome === 'collapsed')) waited++
    },
  })
  await cache.ready({ timeout: 5_000 })
  const products = cache.resource<number, Product>({
    name: 'product',
    version: 1,
    ttl: TTL_MS,
    ...(refreshAhead && { refreshAhead: REFRESH_AHEAD }),
    keep: 'both',
    key: (id) => [id],
    tags: tagsOfId,
    tagsOf: tagsOfProduct,
    load: (id) => source.get(id),
  })

  try {
    await Promise.all(ids.map((id) => products.get(id)))
    isCounting = true
    const durations = await Promise.all(ids.map((id, place) => read(id, (place * READ_EVERY_MS) / ids.length)))
    isCounting = false
    const all = durations.flat()
    return {
      reads: all.length,
      waited,
      p50Ms: percentile(all, 0.5),
      p99Ms: percentile(all, 0.99),
      maxMs: Math.max(...all),
    }
  } finally {
    await cache.close()
    await database.close()
  }

  /** At fixed instants, whether or not the one before has its answer. */
  async function read(id: number, offsetMs: number): Promise<readonly number[]> {
    const beginsAt = performance.now() + offsetMs
    const reads = Array.from({ length: (lifetimes * TTL_MS) / READ_EVERY_MS }, async (_, n) => {
      await delay(Math.max(0, beginsAt + n * READ_EVERY_MS - performance.now()))
      const startedAt = performance.now()
      await products.getBytes(id)
      return performance.now() - startedAt
    })
    return Promise.all(reads)
  }
}
