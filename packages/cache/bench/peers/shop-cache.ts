/** This package, asked as the others are. It is never without tags and proof. */

import { createCache } from '../../src/index.ts'
import { redis } from '../../src/redis/index.ts'
import { type Opened, type Peer, type Setting, TTL_MS } from './peer.ts'

export const shopCache: Peer = {
  name: '@shop/cache',
  packages: [],
  hasTags: true,
  hasTwoTiers: true,
  async open(_from, { url, tiers, tags, source }: Setting): Promise<Opened> {
    const cache = createCache({ name: 'shop', redis: redis({ url, commandTimeout: 5_000 }), maxStaleness: 5_000 })
    if (!(await cache.ready({ timeout: 10_000 }))) throw new Error('the cache did not become ready')
    const product = cache.resource({
      name: 'product',
      version: 1,
      ttl: TTL_MS,
      keep: tiers === 'both' ? 'value' : 'nothing',
      key: (id: number) => [id],
      // With its own that makes three.
      tags: () => tags.slice(0, 2),
      load: source,
    })
    return {
      get: (id) => product.get(id),
      invalidate: (id) => (tags[0] ? cache.invalidateTags([tags[0]]) : product.invalidate(id)),
      close: () => cache.close(),
    }
  },
}
