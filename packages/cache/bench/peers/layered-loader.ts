/** layered-loader: memory, Redis and a bus; groups, and no tags. */

import type { RedisClient, RedisModule } from './clients.ts'
import { keyOf, MOST_ENTRIES, type Opened, type Peer, type Setting, TTL_MS } from './peer.ts'

interface Module {
  readonly RedisCache: new (
    redis: RedisClient,
    options: { readonly json: boolean; readonly ttlInMsecs: number; readonly prefix: string },
  ) => unknown
  readonly createNotificationPair: (options: {
    readonly channel: string
    readonly publisherRedis: RedisClient
    readonly consumerRedis: RedisClient
  }) => { readonly publisher: unknown; readonly consumer: unknown }
  readonly Loader: new (
    options: Readonly<Record<string, unknown>>,
  ) => {
    init(): Promise<void>
    get(key: string): Promise<unknown>
    invalidateCacheFor(key: string): Promise<void>
  }
}

export const layeredLoader: Peer = {
  name: 'layered-loader',
  packages: ['layered-loader', 'ioredis@6'],
  hasTags: false,
  hasTwoTiers: true,
  async open(from, { url, tiers, source }: Setting): Promise<Opened> {
    const { Loader, RedisCache, createNotificationPair } = (await from('layered-loader')) as Module
    const { Redis } = (await from('ioredis')) as RedisModule
    const clients = [0, 1, 2].map(() => new Redis(url, { enableAutoPipelining: true }))
    const [data, publisherRedis, consumerRedis] = clients as [RedisClient, RedisClient, RedisClient]
    for (const client of clients) client.on('error', () => undefined)
    const memory = () => {
      const { publisher, consumer } = createNotificationPair({ channel: 'layered', publisherRedis, consumerRedis })
      return {
        inMemoryCache: { cacheType: 'lru-map', ttlInMsecs: TTL_MS, maxItems: MOST_ENTRIES },
        notificationPublisher: publisher,
        notificationConsumer: consumer,
      }
    }
    const loader = new Loader({
      asyncCache: new RedisCache(data, { json: true, ttlInMsecs: TTL_MS, prefix: 'layered' }),
      dataSourceGetOneFn: source,
      ...(tiers === 'both' && memory()),
    })
    await loader.init()
    return {
      get: (id) => loader.get(keyOf(id)),
      invalidate: (id) => loader.invalidateCacheFor(keyOf(id)),
      async close() {
        for (const client of clients) client.disconnect()
      },
    }
  },
}
