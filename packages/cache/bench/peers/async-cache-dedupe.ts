/** async-cache-dedupe: in memory or in Redis, not both; its references are tags. */

import type { RedisClient, RedisModule } from './clients.ts'
import { MOST_ENTRIES, type Opened, type Peer, type Setting, TTL_MS } from './peer.ts'

interface Module {
  readonly createCache: (options: { readonly ttl: number; readonly storage: unknown }) => {
    define(
      name: 'product',
      options: { readonly references?: () => string[] },
      load: (id: number) => Promise<unknown>,
    ): { product(id: number): Promise<unknown> }
    clear(name: 'product', id: number): Promise<void>
    invalidateAll(references: string): Promise<void>
  }
}

export const asyncCacheDedupe: Peer = {
  name: 'async-cache-dedupe',
  packages: ['async-cache-dedupe', 'ioredis@6'],
  hasTags: true,
  hasTwoTiers: false,
  async open(from, { url, tiers, tags, source }: Setting): Promise<Opened> {
    const { createCache } = (await from('async-cache-dedupe')) as Module
    const { Redis } = (await from('ioredis')) as RedisModule
    const clients: RedisClient[] = []
    const storage = () => {
      if (tiers === 'both') return { type: 'memory', options: { size: MOST_ENTRIES, invalidation: tags.length > 0 } }
      const client = new Redis(url, { enableAutoPipelining: true })
      client.on('error', () => undefined)
      clients.push(client)
      return { type: 'redis', options: { client, ...(tags.length > 0 && { invalidation: { referencesTTL: TTL_MS } }) } }
    }
    const cache = createCache({ ttl: TTL_MS / 1_000, storage: storage() })
    const { product } = cache.define('product', tags.length > 0 ? { references: () => [...tags] } : {}, source)
    return {
      get: product,
      invalidate: (id) => (tags[0] ? cache.invalidateAll(tags[0]) : cache.clear('product', id)),
      async close() {
        for (const client of clients) client.disconnect()
      },
    }
  },
}
