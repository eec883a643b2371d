/** `/admin/cache` over a real Postgres and a real Redis. */

import { type Cache, createCache } from '@shop/cache'
import { redis } from '@shop/cache/redis'
import { WIDE_TAGS } from '@shop/db'
import { freePort, startRedis, stopRedis, temporaryDirectory } from '@shop/local-stack'
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { z } from 'zod'

import { redisCache } from '../../test/caches.ts'
import { createDatabase } from '../../test/database.ts'
import { fixtureId, insertFixture } from '../../test/fixture.ts'
import { MemoryProducts } from '../../test/memory-products.ts'
import { RecordingLog } from '../../test/recording-log.ts'
import { ADMIN, createTestApp, readOpenApi, type TestApp } from '../../test/test-app.ts'
import { cachedCategories } from '../categories/cached-repository.ts'
import { postgresCategories } from '../categories/repository.ts'
import type { Problem } from '../http/problem.ts'
import { cachedProducts } from '../products/cached-repository.ts'
import { postgresProducts } from '../products/repository.ts'
import { ExplainedKey, Invalidated, Invalidation, Overview, Warmed, Warming } from './schema.ts'

const database = await createDatabase()
afterAll(() => database.close())

const kettle = fixtureId('kettle-steel')
let cache: Cache
let app: TestApp

function appOver(cache: Cache, loadTimeout = 5000): TestApp {
  const options = { log: new RecordingLog(), loadTimeout }
  return createTestApp({
    cache,
    products: cachedProducts(postgresProducts(database.db), cache, options),
    categories: cachedCategories(postgresCategories(database.db), cache, options),
  })
}

beforeEach(async () => {
  await insertFixture(database.sql)
  cache = await redisCache()
  app = appOver(cache)
})

async function look<T = z.infer<typeof ExplainedKey>>(path: string): Promise<T> {
  const response = await app.request(path, { headers: ADMIN })
  expect(response.status, await response.clone().text()).toBe(200)
  return (await response.json()) as T
}

async function invalidate(body: object): Promise<z.infer<typeof Invalidated>> {
  const response = await app.send('POST', '/admin/cache/invalidations', body)
  expect(response.status, await response.clone().text()).toBe(200)
  return (await response.json()) as z.infer<typeof Invalidated>
}

/** Whether the cache had it. */
async function read(path: string): Promise<'hit' | 'miss'> {
  const status = (await app.request(path)).headers.get('Cache-Status')
  return status?.startsWith('shop; hit') ? 'hit' : 'miss'
}

const REQUESTS = [
  ['GET', '/admin/cache', undefined],
  ['GET', `/admin/cache/product?key=${kettle}`, undefined],
  ['POST', '/admin/cache/invalidations', { all: true }],
  ['POST', '/admin/cache/warm', { products: [kettle] }],
] as const

describe.each(REQUESTS)('%s %s', (method, path, body) => {
  const init = (headers: Record<string, string>): RequestInit => ({
    method,
    headers: { 'Content-Type': 'application/json', ...headers },
    ...(body && { body: JSON.stringify(body) }),
  })

  test.each([{}, { Authorization: 'Bearer guess' }])('is refused with %j, and nothing is done', async (headers) => {
    await read(`/products/${kettle}`)
    expect((await app.request(path, init(headers))).status).toBe(401)
    expect(cache.stats()).toMatchObject({ requests: 1, invalidations: 0 })
    expect(app.log.lines.filter(({ message }) => message === 'admin act')).toEqual([])
  })

  test('is stored by nobody', async () => {
    const response = await app.request(path, init(ADMIN))
    expect([response.status, response.headers.get('Cache-Control')]).toEqual([200, 'no-store'])
  })

  test('says so where the cache is off', async () => {
    const response = await createTestApp().request(path, init(ADMIN))
    expect([response.status, ((await response.json()) as Problem).type]).toEqual([404, '/problems/cache-off'])
  })

  test('refuses a parameter it does not know', async () => {
    const response = await app.request(`${path}${path.includes('?') ? '&' : '?'}force=1`, init(ADMIN))
    expect((await response.json()) as Problem).toMatchObject({ status: 400, errors: [{ parameter: 'force' }] })
  })
})

test.each([
  ['CacheOverview', Overview],
  ['ExplainedKey', ExplainedKey],
  ['CacheInvalidation', Invalidation],
  ['CacheInvalidated', Invalidated],
  ['CacheWarming', Warming],
  ['CacheWarmed', Warmed],
])('the example of %s in /openapi.json is one', async (name, schema) => {
  const { components } = (await readOpenApi(app.app)) as unknown as {
    components: { schemas: Record<string, { example?: unknown }> }
  }
  const example = components.schemas[name]?.example
  expect(schema.strict().parse(example)).toEqual(example)
})

describe('the overview', () => {
  const overview = () => look<z.infer<typeof Overview>>('/admin/cache')

  test('has no hit rate before the first read, then the share of hits', async () => {
    expect((await overview()).hitRate).toBeNull()
    for (const _ of [1, 2, 3]) await read(`/products/${kettle}`)
    expect(await overview()).toMatchObject({
      hitRate: 0.6667,
      stats: { requests: 3, hits: 2, memoryHits: 2, misses: 1, loads: 1 },
      health: { redis: 'up', trusted: true, entries: 1, pendingInvalidations: 0 },
    })
  })

  test('lists every declared resource with its policy', async () => {
    cache.resource({
      name: 'basket',
      version: 3,
      ttl: 1000,
      staleFor: 200,
      failSafeFor: 5000,
      negativeTtl: 10,
      keep: 'nothing',
      scope: { user: (user: number) => user },
      http: { maxAge: 2000 },
      key: () => [],
      load: async () => 1,
    })
    const { resources } = await overview()
    expect(resources.map(({ name }) => name).toSorted()).toEqual([...cache.resources.keys()].toSorted())
    expect(resources.find(({ name }) => name === 'basket')).toEqual({
      name: 'basket',
      version: 3,
      ttlMs: 1000,
      staleForMs: 200,
      failSafeForMs: 5000,
      negativeTtlMs: 10,
      keep: 'nothing',
      scope: 'user',
      http: { 'Cache-Control': 'private, max-age=2' },
    })
  })
})

describe('the explanation of a key', () => {
  const path = `/admin/cache/product?key=${kettle}`

  test('that nobody has read is empty', async () => {
    expect(await look(path)).toEqual({
      key: `product.1:${kettle}`,
      next: 'The value is loaded from the source.',
      reading: false,
      memory: null,
      redis: null,
    })
  })

  test('that is cached has both tiers, each tag as it was when it was loaded, and changes nothing', async () => {
    await read(`/products/${kettle}`)
    const before = cache.stats()
    const { memory, redis, next } = await look(path)
    expect(next).toBe('It is answered from memory.')
    for (const tier of [memory, redis]) {
      expect(tier).toMatchObject({ verdict: 'serve', absent: false, hash: memory?.hash })
      expect(tier?.tags.map(({ tag }) => tag)).toContain(`product:${kettle}`)
      expect(tier?.tags.every(({ stamped, current, changed }) => stamped === current && !changed)).toBe(true)
    }
    expect(cache.stats()).toEqual(before)
  })

  test('that was invalidated names the tag that changed', async () => {
    await read(`/products/${kettle}`)
    await cache.invalidateTags([`product:${kettle}`])
    const { memory, redis, next } = await look(path)
    expect(next).toBe('The value is loaded from the source.')
    for (const tier of [memory, redis]) {
      expect(tier?.verdict).toBe('invalidated')
      expect(tier?.tags.filter(({ changed }) => changed).map(({ tag }) => tag)).toEqual([`product:${kettle}`])
    }
  })

  test('that this process has not read tells of Redis alone', async () => {
    const name = `test-${crypto.randomUUID()}`
    const [other, here] = [await redisCache(name), await redisCache(name)]
    await appOver(other).request(`/products/${kettle}`)
    app = appOver(here)
    expect(await look(path)).toMatchObject({
      next: 'It is answered from Redis.',
      memory: null,
      redis: { verdict: 'serve' },
    })
  })

  test('of a value that does not exist says so', async () => {
    await read('/products/4711')
    expect(await look('/admin/cache/product?key=4711')).toMatchObject({ memory: { absent: true, verdict: 'serve' } })
  })

  test('takes its parts in their order, escaped or not', async () => {
    cache.resource({ name: 'pair', version: 2, ttl: 1000, key: (parts: string[]) => parts, load: async () => 1 })
    expect((await look('/admin/cache/pair?key=a%3Ab&key=c')).key).toBe('pair.2:a%3ab:c')
    expect((await look('/admin/cache/pair?key=c&key=a')).key).toBe('pair.2:c:a')
  })

  test('of a resource that is not declared is 404', async () => {
    const response = await app.request('/admin/cache/basket?key=1', { headers: ADMIN })
    expect([response.status, ((await response.json()) as Problem).type]).toEqual([404, '/problems/not-found'])
  })

  test.each([
    ['without a key', ''],
    ['with a key that is too long', `?key=${'x'.repeat(600)}`],
  ])('%s is 400', async (_what, query) => {
    const response = await app.request(`/admin/cache/product${query}`, { headers: ADMIN })
    expect((await response.json()) as Problem).toMatchObject({ status: 400, errors: [{ parameter: 'key' }] })
  })
})

describe('an invalidation', () => {
  const others = ['/products/2', '/categories']

  beforeEach(async () => {
    for (const path of [`/products/${kettle}`, ...others]) await read(path)
  })

  const outcomes = () => Promise.all([`/products/${kettle}`, ...others].map(read))

  test('by tags concerns what carries them', async () => {
    expect(await invalidate({ tags: [`product:${kettle}`, 'nobody'] })).toEqual({
      acknowledged: true,
      tags: 2,
      keys: 0,
      resources: [],
    })
    expect(await outcomes()).toEqual(['miss', 'hit', 'hit'])
  })

  test('by key concerns that entry', async () => {
    expect(await invalidate({ resource: 'product', key: [String(kettle)] })).toEqual({
      acknowledged: true,
      tags: 0,
      keys: 1,
      resources: ['product'],
    })
    expect(await outcomes()).toEqual(['miss', 'hit', 'hit'])
  })

  test('by resource concerns all of it', async () => {
    expect(await invalidate({ resource: 'product' })).toMatchObject({ tags: 0, keys: 0, resources: ['product'] })
    expect(await outcomes()).toEqual(['miss', 'miss', 'hit'])
  })

  test('of all concerns every declared resource', async () => {
    const { resources } = await invalidate({ all: true })
    expect(resources.toSorted()).toEqual([...cache.resources.keys()].toSorted())
    expect(await outcomes()).toEqual(['miss', 'miss', 'miss'])
  })

  test.each([
    [{ tags: ['product:1', 'lists'] }, ['product:1', 'lists']],
    [{ resource: 'product', key: ['1'] }, WIDE_TAGS],
    [{ all: true }, WIDE_TAGS],
  ])('of %j tells the edge %j', async (body, tags) => {
    const told: object[] = []
    app = createTestApp({ cache, tellEdge: async (note) => void told.push(note) })
    await invalidate(body)
    expect(told).toEqual([{ tags, relayed: true }])
  })

  test('by pattern concerns the keys that match, and says how they were found', async () => {
    cache = await redisCache()
    // The sweep waits for the longest load.
    app = appOver(cache, 500)
    await outcomes()
    const pattern = `product.*:${kettle}`
    expect(await invalidate({ pattern })).toEqual({
      acknowledged: true,
      tags: 0,
      keys: 1,
      resources: [],
      sweep: { scanned: expect.any(Number), matched: 1, passes: 2, durationMs: expect.any(Number) },
    })
    expect(await outcomes()).toEqual(['miss', 'hit', 'hit'])
    const line = app.log.lines.find(({ message }) => message === 'admin act')
    expect(line?.fields).toMatchObject({ action: 'invalidate', pattern, keys: 1, matched: 1, acknowledged: true })
  })

  test('by pattern ends when the client does', async () => {
    const leaving = new AbortController()
    const body = JSON.stringify({ pattern: 'product.*' })
    const headers = { ...ADMIN, 'Content-Type': 'application/json' }
    const answer = app.request('/admin/cache/invalidations', { method: 'POST', headers, body, signal: leaving.signal })
    await expect.poll(() => cache.stats().invalidations).toBeGreaterThan(0)
    leaving.abort()
    expect((await answer).status).toBeGreaterThanOrEqual(500)
    const line = app.log.lines.find(({ message }) => message === 'admin act')
    expect(line?.fields).toMatchObject({ action: 'invalidate', pattern: 'product.*', failed: true })
  })

  test('by pattern needs Redis to the end', async () => {
    const directory = await temporaryDirectory('admin')
    const server = await startRedis({ dir: directory.path })
    const cut = createCache({ name: 'cut', redis: redis({ url: server.url }) })
    onTestFinished(async () => {
      await cut.close()
      await directory.remove()
    })
    expect(await cut.ready({ timeout: 10_000 })).toBe(true)
    app = appOver(cut)
    await server.stop()
    const response = await app.send('POST', '/admin/cache/invalidations', { pattern: 'product.*' })
    expect([response.status, ((await response.json()) as Problem).type]).toEqual([503, '/problems/unavailable'])
  })

  test('reaches the memory of another process', async () => {
    const name = `test-${crypto.randomUUID()}`
    const other = appOver(await redisCache(name))
    app = appOver(await redisCache(name))
    const amount = async () => {
      const product = await (await other.request(`/products/${kettle}`)).json()
      return (product as { price: { amount: number } }).price.amount
    }
    expect(await amount()).toBe(2999)
    await database.sql`update prices set amount = 1 where variant_id in (select id from variants where product_id = ${kettle})`
    await invalidate({ resource: 'product', key: [String(kettle)] })
    await expect.poll(amount, { timeout: 10_000, interval: 5 }).toBe(1)
  })

  test.each([
    ['nothing', {}, ''],
    ['tags and all', { tags: ['a'], all: true }, ''],
    ['tags and a resource', { tags: ['a'], resource: 'product' }, ''],
    ['a resource and all', { resource: 'product', all: true }, ''],
    ['tags and a key', { resource: 'product', key: ['1'], tags: ['a'] }, ''],
    ['a key without its resource', { key: ['1'] }, '/key'],
    ['tags and a key without its resource', { key: ['1'], tags: ['a'] }, '/key'],
    ['a key without parts', { resource: 'product', key: [] }, '/key'],
    ['a key of numbers', { resource: 'product', key: [1] }, '/key/0'],
    ['a key that is too long', { resource: 'product', key: ['x'.repeat(600)] }, '/key'],
    ['no tags', { tags: [] }, '/tags'],
    ['an empty tag', { tags: [''] }, '/tags'],
    ['a tag that is too long', { tags: ['x'.repeat(257)] }, '/tags'],
    ['1001 tags', { tags: Array.from({ length: 1001 }, (_, i) => `t${i}`) }, '/tags'],
    ['a tag alone', { tags: 'product:1' }, '/tags'],
    ['not all', { all: false }, '/all'],
    ['a pattern and all', { all: true, pattern: 'product.*' }, ''],
    ['a pattern of everything', { pattern: '*' }, '/pattern'],
    ['a pattern that is none', { pattern: 'x'.repeat(600) }, '/pattern'],
    ['patterns', { pattern: ['product.*'] }, '/pattern'],
    ['what is not known', { all: true, prefix: 'product.' }, '/prefix'],
  ])('of %s is refused, and nothing is done', async (_what, body, pointer) => {
    const response = await app.send('POST', '/admin/cache/invalidations', body)
    expect((await response.json()) as Problem).toMatchObject({ status: 400, errors: [{ pointer }] })
    expect(cache.stats().invalidations).toBe(0)
  })

  test.each([{ resource: 'basket' }, { resource: 'basket', key: ['1'] }])('of %j is 422', async (body) => {
    const response = await app.send('POST', '/admin/cache/invalidations', body)
    expect((await response.json()) as Problem).toMatchObject({
      type: '/problems/unknown-reference',
      errors: [{ pointer: '/resource' }],
    })
  })

  test('that Redis does not take is 202, holds here at once, and is sent until Redis has it', async () => {
    const directory = await temporaryDirectory('admin')
    const port = await freePort()
    const server = await startRedis({ dir: directory.path, port })
    const cut = createCache({ name: 'cut', redis: redis({ url: server.url }) })
    onTestFinished(async () => {
      await cut.close()
      await stopRedis(directory.path)
      await directory.remove()
    })
    expect(await cut.ready({ timeout: 10_000 })).toBe(true)
    app = appOver(cut)
    await read(`/products/${kettle}`)
    await server.stop()

    const response = await app.send('POST', '/admin/cache/invalidations', { tags: [`product:${kettle}`] })
    expect([response.status, await response.json()]).toEqual([
      202,
      { acknowledged: false, tags: 1, keys: 0, resources: [] },
    ])
    const act = app.log.lines.find(({ message }) => message === 'admin act')
    expect(act?.fields).toMatchObject({ action: 'invalidate', acknowledged: false })
    expect(await look(`/admin/cache/product?key=${kettle}`)).toMatchObject({
      next: expect.stringContaining('Redis does not answer'),
      memory: { verdict: 'invalidated' },
      redis: null,
    })
    const pending = async () => (await look<z.infer<typeof Overview>>('/admin/cache')).health.pendingInvalidations
    expect(await pending()).toBe(1)

    await startRedis({ dir: directory.path, port })
    await expect.poll(pending, { timeout: 20_000, interval: 20 }).toBe(0)
  })
})

describe('warming', () => {
  const warm = async (products: readonly number[]) => {
    const response = await app.send('POST', '/admin/cache/warm', { products })
    expect(response.status, await response.clone().text()).toBe(200)
    return (await response.json()) as z.infer<typeof Warmed>
  }

  test('caches what there is, says what there is not, and how long it took', async () => {
    expect(await warm([kettle, 2, 4711, 2])).toEqual({ found: 2, missing: [4711], durationMs: expect.any(Number) })
    const { loads } = cache.stats()
    expect(await Promise.all([kettle, 2, 4711].map((id) => read(`/products/${id}`)))).toEqual(['hit', 'hit', 'hit'])
    expect(cache.stats().loads).toBe(loads)
  })

  test('asks the source for a hundred at once at most, and for each once', async () => {
    const asked: number[] = []
    class CountedProducts extends MemoryProducts {
      override getMany(ids: readonly number[]) {
        asked.push(ids.length)
        return super.getMany(ids)
      }
    }
    const options = { log: new RecordingLog(), loadTimeout: 5000 }
    app = createTestApp({ cache, products: cachedProducts(new CountedProducts(), cache, options) })
    expect((await warm(Array.from({ length: 250 }, (_, i) => i + 1))).missing.length).toBeGreaterThan(200)
    expect(Math.max(...asked)).toBeLessThanOrEqual(100)
    expect(asked.reduce((sum, count) => sum + count)).toBe(250)
  })

  test.each([
    ['nothing', {}, '/products'],
    ['no products', { products: [] }, '/products'],
    ['1001 products', { products: Array.from({ length: 1001 }, (_, i) => i + 1) }, '/products'],
    ['an id of 0', { products: [1, 0] }, '/products/1'],
    ['an id as text', { products: ['1'] }, '/products/0'],
    ['half an id', { products: [1.5] }, '/products/0'],
    ['more than products', { products: [1], categories: ['audio'] }, '/categories'],
  ])('of %s is refused', async (_what, body, pointer) => {
    const response = await app.send('POST', '/admin/cache/warm', body)
    expect((await response.json()) as Problem).toMatchObject({ status: 400, errors: [{ pointer }] })
  })
})
