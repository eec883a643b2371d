import { Hono } from 'hono'
import { expect, test } from 'vitest'

import { answerBytes, cacheStatus, formatCacheStatus } from './hono.ts'
import { createCache, type ReadEvent } from './index.ts'

const read = (change: Partial<ReadEvent>): ReadEvent => ({
  type: 'read',
  resource: 'product',
  key: 'k',
  outcome: 'hit',
  tier: 'memory',
  ttlMs: 42_900,
  ...change,
})

test.each<[string, ReadEvent[], string]>([
  ['a hit in memory', [read({})], 'shop; hit; ttl=42; detail=memory'],
  ['a hit in Redis', [read({ tier: 'redis' })], 'shop; hit; ttl=42; detail=redis'],
  ['a stale hit', [read({ outcome: 'stale', ttlMs: -2_100 })], 'shop; hit; ttl=-3; detail=memory'],
  ['a load that was stored', [read({ outcome: 'miss', stored: 'shared' })], 'shop; fwd=miss; stored; ttl=42'],
  ['a load that was not', [read({ outcome: 'miss', stored: 'no', ttlMs: 0 })], 'shop; fwd=miss'],
  ['a joined flight', [read({ outcome: 'collapsed' })], 'shop; fwd=miss; collapsed; ttl=42'],
  ['an error', [read({ outcome: 'error', ttlMs: 0 })], 'shop; fwd=miss; detail=error'],
  [
    'two hits: the farther tier, the shorter ttl',
    [read({}), read({ tier: 'redis', ttlMs: 7_000 })],
    'shop; hit; ttl=7; detail=redis',
  ],
  [
    'a hit and a load: the load',
    [read({}), read({ outcome: 'miss', stored: 'shared', ttlMs: 60_000 })],
    'shop; fwd=miss; stored; ttl=42',
  ],
])('%s', (_what, reads, expected) => {
  expect(formatCacheStatus('shop', reads)).toBe(expected)
})

test('a response says how its reads went, without any code in the route', async () => {
  const cache = createCache({ name: 'test' })
  const product = cache.resource({
    name: 'product',
    version: 1,
    ttl: 60_000,
    key: (id: number) => [id],
    load: async (id) => ({ id }),
  })
  const app = new Hono()
  app.use(cacheStatus({ name: 'shop' }))
  app.get('/product', async (c) => c.json(await product.get(1)))
  app.get('/nothing', (c) => c.text('no cache here'))

  expect((await app.request('/product')).headers.get('cache-status')).toMatch(
    /^shop; fwd=miss; stored; ttl=(5[4-9]|60)$/,
  )
  expect((await app.request('/product')).headers.get('cache-status')).toMatch(/^shop; hit; ttl=5[3-9]; detail=memory$/)
  expect((await app.request('/nothing')).headers.has('cache-status')).toBe(false)
})

test('a value is answered as it is stored, and not again to who has it', async () => {
  const cache = createCache({ name: 'test' })
  let loads = 0
  const product = cache.resource({
    name: 'product',
    version: 1,
    ttl: 60_000,
    keep: 'bytes',
    http: { maxAge: 0 },
    key: (id: number) => [id],
    tags: (id) => [`product:${id}`],
    load: async (id) => ({ id, loads: ++loads }),
  })
  const app = new Hono()
  app.get('/product', async (c) => {
    const found = await product.getBytes(1)
    return found ? answerBytes(c, product.httpHeaders, found) : c.notFound()
  })

  const first = await app.request('/product')
  expect(await first.text()).toBe('{"id":1,"loads":1}')
  expect(Object.fromEntries(first.headers)).toEqual({
    'cache-control': 'public, no-cache',
    'cache-tag': '~product,product:1',
    'content-type': 'application/json',
    etag: expect.stringMatching(/^"[\w-]{16,}"$/),
    'surrogate-key': '~product product:1',
  })
  const etag = first.headers.get('etag') ?? ''
  const again = await app.request('/product', { headers: { 'If-None-Match': etag } })
  expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])
  expect(loads).toBe(1)

  await cache.invalidateTags(['product:1'])
  const changed = await app.request('/product', { headers: { 'If-None-Match': etag } })
  expect([changed.status, await changed.text()]).toEqual([200, '{"id":1,"loads":2}'])
})
