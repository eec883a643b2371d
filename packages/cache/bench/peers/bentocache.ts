/**
 * bentocache: memory, Redis and a bus. Its memory holds JSON: its switch for values as they are (`serialize: false`) makes
 * a read throw that finds in memory what has come from Redis.
 */

import type { RedisClient, RedisModule } from './clients.ts'
import { keyOf, MOST_ENTRIES, type Opened, type Peer, type Setting, TTL_MS } from './peer.ts'

interface Store {
  useL1Layer(driver: unknown): Store
  useL2Layer(driver: unknown): Store
  useBus(driver: unknown): Store
}

interface Module {
  readonly bentostore: () => Store
  readonly BentoCache: new (config: {
    readonly default: string
    readonly stores: Readonly<Record<string, Store>>
  }) => {
    getOrSet(options: {
      readonly key: string
      readonly factory: () => Promise<unknown>
      readonly ttl: number
      readonly tags?: string[]
    }): Promise<unknown>
    delete(options: { readonly key: string }): Promise<unknown>
    deleteByTag(options: { readonly tags: string[] }): Promise<unknown>
    disconnect(): Promise<void>
  }
}

interface RedisDrivers {
  readonly redisDriver: (options: { readonly connection: RedisClient }) => unknown
  readonly redisBusDriver: (options: { readonly connection: RedisClient }) => unknown
}

interface MemoryDrivers {
  readonly memoryDriver: (options: { readonly maxItems: number }) => unknown
}

export const bentocache: Peer = {
  name: 'bentocache',
  packages: ['bentocache', 'ioredis@5'],
  hasTags: true,
  hasTwoTiers: true,
  async open(from, { url, tiers, tags, source }: Setting): Promise<Opened> {
    const { BentoCache, bentostore } = (await from('bentocache')) as Module
    const { redisDriver, redisBusDriver } = (await from('bentocache/drivers/redis')) as RedisDrivers
    const { memoryDriver } = (await from('bentocache/drivers/memory')) as MemoryDrivers
    const { Redis } = (await from('ioredis')) as RedisModule
    const clients = [0, 1].map(() => new Redis(url, { enableAutoPipelining: true }))
    const [data, bus] = clients as [RedisClient, RedisClient]
    for (const client of clients) client.on('error', () => undefined)
    const shared = bentostore().useL2Layer(redisDriver({ connection: data }))
    const store =
      tiers === 'redis'
        ? shared
        : shared.useL1Layer(memoryDriver({ maxItems: MOST_ENTRIES })).useBus(redisBusDriver({ connection: bus }))
    const cache = new BentoCache({ default: 'bench', stores: { bench: store } })
    const labels = tags.length > 0 ? { tags: [...tags] } : {}
    return {
      get: (id) => cache.getOrSet({ key: keyOf(id), factory: source, ttl: TTL_MS, ...labels }),
      invalidate: (id) => (tags[0] ? cache.deleteByTag({ tags: [tags[0]] }) : cache.delete({ key: keyOf(id) })),
      async close() {
        await cache.disconnect()
        for (const client of clients) client.disconnect()
      },
    }
  },
}
