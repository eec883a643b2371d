/**
 * A control: the cache that one writes in an afternoon. Get from Redis; on a miss load, and set with a lifetime; after a
 * write delete the key of what was written.
 *
 * It is meant to show what that costs: all who miss load at once; lists keep their prices for as long as they live; and a
 * load that a write overtakes puts the old value back behind its deletion:
 *
 *     read     get: nothing ── load: 1 999 ──────────────────────────── set 1 999
 *     write                                 commit 1 799 ── delete
 */

import { Redis } from 'ioredis'

import type { Control } from './control.ts'

const PREFIX = 'naive:'
const TTL_S = 60

export function naive(redisUrl: string, commandTimeout: number): Control {
  const redis = new Redis(redisUrl, {
    commandTimeout,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    disableClientInfo: true,
  })
  // A Redis that is away is a miss, which is the least that anybody would do.
  redis.on('error', () => undefined)
  return {
    async read<T>(key: string, load: () => Promise<T>): Promise<T> {
      const found = await redis.get(PREFIX + key).catch(() => null)
      if (found !== null) return JSON.parse(found) as T
      const value = await load()
      if (value !== undefined) await redis.set(PREFIX + key, JSON.stringify(value), 'EX', TTL_S).catch(() => undefined)
      return value
    },
    async forget(key) {
      await redis.del(PREFIX + key).catch(() => undefined)
    },
    async close() {
      redis.disconnect()
    },
  }
}
