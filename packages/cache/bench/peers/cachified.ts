/** cachified: a function over one cache, here lru-cache or Redis by the adapters its documentation shows; no tags. */

import { keyOf, MOST_ENTRIES, type Opened, type Peer, type Setting, TTL_MS } from './peer.ts'

interface Entry {
  readonly metadata: { readonly createdTime: number }
}

interface Adapter {
  get(key: string): unknown
  set(key: string, entry: Entry): unknown
  delete(key: string): unknown
}

interface Module {
  readonly cachified: (options: {
    readonly key: string
    readonly cache: Adapter
    readonly ttl: number
    readonly getFreshValue: () => Promise<unknown>
  }) => Promise<unknown>
  readonly totalTtl: (metadata: Entry['metadata']) => number
}

interface LruModule {
  readonly LRUCache: new (options: {
    readonly max: number
  }) => {
    get(key: string): unknown
    set(key: string, entry: Entry, options: { readonly ttl: number; readonly start: number }): unknown
    delete(key: string): boolean
  }
}

interface NodeRedisModule {
  readonly createClient: (options: { readonly url: string }) => {
    on(event: 'error', listener: () => void): unknown
    connect(): Promise<unknown>
    destroy(): void
  }
}

interface RedisAdapterModule {
  readonly redisCacheAdapter: (client: unknown) => Adapter
}

export const cachified: Peer = {
  name: 'cachified',
  packages: ['@epic-web/cachified', 'lru-cache', 'cachified-redis-adapter', 'redis'],
  hasTags: false,
  hasTwoTiers: false,
  async open(from, { url, tiers, source }: Setting): Promise<Opened> {
    const { cachified, totalTtl } = (await from('@epic-web/cachified')) as Module
    const { LRUCache } = (await from('lru-cache')) as LruModule
    const entries = new LRUCache({ max: MOST_ENTRIES })
    const memory: Adapter = {
      get: (key) => entries.get(key),
      set: (key, entry) =>
        entries.set(key, entry, { ttl: totalTtl(entry.metadata), start: entry.metadata.createdTime }),
      delete: (key) => entries.delete(key),
    }
    const { createClient } = (await from('redis')) as NodeRedisModule
    const { redisCacheAdapter } = (await from('cachified-redis-adapter')) as RedisAdapterModule
    const client = createClient({ url })
    client.on('error', () => undefined)
    await client.connect()
    const cache = tiers === 'both' ? memory : redisCacheAdapter(client)
    return {
      get: (id) => cachified({ key: keyOf(id), cache, ttl: TTL_MS, getFreshValue: source }),
      invalidate: async (id) => cache.delete(keyOf(id)),
      async close() {
        client.destroy()
      },
    }
  },
}
