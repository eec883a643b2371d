/** Caches for tests: each under a name of its own, so that none meets the entries of another, and closed at the end. */

import { randomUUID } from 'node:crypto'
import { type Cache, type CacheOptions, createCache } from '@shop/cache'
import { redis } from '@shop/cache/redis'
import { type Database, markRelayed } from '@shop/db'
import { afterEach, inject } from 'vitest'

import type { CachedProductsOptions } from '../src/products/cached-repository.ts'
import { RecordingLog } from './recording-log.ts'

/** A deadline that a busy machine does not miss: an invalidation that did would not be acknowledged. */
const PATIENT_MS = 10_000

const open: Cache[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((cache) => cache.close()))
})

function opened(options: Omit<CacheOptions, 'name'>, name = `test-${randomUUID()}`): Cache {
  const cache = createCache({ name, ...options })
  open.push(cache)
  return cache
}

export function memoryCache(): Cache {
  return opened({})
}

/** Two with one name are two processes in front of one Redis, as far as either can tell. */
export async function redisCache(name?: string): Promise<Cache> {
  const cache = opened({ redis: redis({ url: inject('redisUrl'), commandTimeout: PATIENT_MS }) }, name)
  if (!(await cache.ready({ timeout: 10_000 }))) throw new Error('The cache has no Redis')
  return cache
}

/** What cached products need besides their source and their cache, as `deps.ts` gives it. */
export function cachedOptions({ sql }: Database, log = new RecordingLog()): CachedProductsOptions {
  return { log, loadTimeout: 5000, markRelayed: (ids) => markRelayed(sql, ids) }
}
