/** cacheable: a Keyv in memory over a Keyv in Redis. Its get-or-load call takes no tags, so a tagged value is set first. */

import { keyOf, MOST_ENTRIES, type Opened, type Peer, type Setting, TTL_MS } from './peer.ts'

interface Module {
  readonly createKeyv: (options: { readonly useClones: boolean; readonly lruSize: number }) => {
    clear(): Promise<void>
  }
  readonly Cacheable: new (options: {
    readonly primary: unknown
    readonly secondary: unknown
    readonly ttl: number
    readonly tags: boolean
  }) => {
    on(event: 'error', listener: () => void): unknown
    getOrSet(key: string, load: () => Promise<unknown>): Promise<unknown>
    set(key: string, value: unknown, options: { readonly tags: string[] }): Promise<boolean>
    delete(key: string): Promise<boolean>
    readonly tags: { invalidateTag(tag: string): Promise<unknown> }
    disconnect(): Promise<void>
  }
}

interface KeyvRedisModule {
  readonly default: new (url: string) => unknown
}

export const cacheable: Peer = {
  name: 'cacheable',
  packages: ['cacheable', '@keyv/redis'],
  hasTags: true,
  hasTwoTiers: true,
  async open(from, { url, tags, source }: Setting): Promise<Opened> {
    const { Cacheable, createKeyv } = (await from('cacheable')) as Module
    const { default: KeyvRedis } = (await from('@keyv/redis')) as KeyvRedisModule
    const primary = createKeyv({ useClones: false, lruSize: MOST_ENTRIES })
    const cache = new Cacheable({ primary, secondary: new KeyvRedis(url), ttl: TTL_MS, tags: tags.length > 0 })
    cache.on('error', () => undefined)
    const labelled = new Set<number>()
    return {
      async get(id) {
        if (tags.length > 0 && !labelled.has(id)) {
          labelled.add(id)
          await cache.set(keyOf(id), await source(), { tags: [...tags] })
        }
        return cache.getOrSet(keyOf(id), source)
      },
      invalidate: (id) => (tags[0] ? cache.tags.invalidateTag(tags[0]) : cache.delete(keyOf(id))),
      forget: () => primary.clear(),
      close: () => cache.disconnect(),
    }
  },
}
