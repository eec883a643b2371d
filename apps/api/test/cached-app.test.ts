/** The whole application over a real Postgres and a real Redis, without a port. */

import { setImmediate } from 'node:timers/promises'
import type { Cache } from '@shop/cache'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'

import { cachedCategories } from '../src/categories/cached-repository.ts'
import { postgresCategories } from '../src/categories/repository.ts'
import { cachedProducts } from '../src/products/cached-repository.ts'
import { postgresProducts } from '../src/products/repository.ts'
import type { Product, ProductPage } from '../src/products/schema.ts'
import { cachedOptions, redisCache } from './caches.ts'
import { createDatabase } from './database.ts'
import { fixtureId, insertFixture } from './fixture.ts'
import { relayAll } from './relay-all.ts'
import { createTestApp, type TestApp } from './test-app.ts'

const database = await createDatabase()
afterAll(() => database.close())

const kettle = fixtureId('kettle-steel')
let app: TestApp
let cache: Cache

beforeEach(async () => {
  await insertFixture(database.sql)
  cache = await redisCache()
  const options = cachedOptions(database)
  app = createTestApp({
    products: cachedProducts(postgresProducts(database.db), cache, options),
    categories: cachedCategories(postgresCategories(database.db), cache, options),
  })
})

const HIT = /^shop; hit; ttl=\d+/
const STORED = /^shop; fwd=miss; stored/

async function statusOf(path: string): Promise<string | null> {
  return (await app.request(path)).headers.get('Cache-Status')
}

describe('Cache-Status', () => {
  test.each([
    `/products/${kettle}`,
    '/products',
    '/products?sort=price&limit=2',
    '/products?ids=1,2,3',
    '/categories',
    '/categories/audio',
  ])('of %s says miss and stored, then hit with the time left', async (path) => {
    expect(await statusOf(path)).toMatch(STORED)
    expect(await statusOf(path)).toMatch(HIT)
  })

  test('of a product that does not exist says so too', async () => {
    expect(await statusOf('/products/4711')).toMatch(STORED)
    expect(await statusOf('/products/4711')).toMatch(HIT)
  })

  test('of a 304 says hit', async () => {
    const { headers } = await app.request(`/products/${kettle}`)
    const response = await app.request(`/products/${kettle}`, {
      headers: { 'If-None-Match': headers.get('ETag') ?? '' },
    })
    expect(response.status).toBe(304)
    expect(response.headers.get('Cache-Status')).toMatch(HIT)
  })

  test('is absent where no cache was asked', async () => {
    expect(await statusOf('/openapi.json')).toBeNull()
    expect(await statusOf('/products?limit=0')).toBeNull()
  })

  test('is in the log line of its request', async () => {
    await statusOf(`/products/${kettle}`)
    expect(app.log.lines[0]?.fields.cache_status).toMatch(STORED)
  })

  test('of a read after a write of it is a miss, of another product still a hit', async () => {
    await statusOf(`/products/${kettle}`)
    await statusOf('/products/2')
    await app.send('PUT', `/products/${kettle}/price`, { amount: 1, currency: 'EUR' })
    expect(await statusOf(`/products/${kettle}`)).toMatch(STORED)
    expect(await statusOf('/products/2')).toMatch(HIT)
  })
})

describe('the entity tag', () => {
  const etagOf = async () => (await app.request(`/products/${kettle}`)).headers.get('ETag') ?? ''

  test('is that of the same bytes from the source, from Redis and from memory, and is accepted by a write', async () => {
    const uncached = createTestApp({ products: postgresProducts(database.db) })
    const answers = await Promise.all([app, app, uncached].map(async (one) => one.request(`/products/${kettle}`)))
    expect(new Set(answers.map(({ headers }) => headers.get('ETag'))).size).toBe(1)
    expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1)

    const path = `/products/${kettle}/price`
    const body = { amount: 7, currency: 'EUR' }
    const etag = await etagOf()
    expect((await app.send('PUT', path, body, { 'If-Match': etag })).status).toBe(200)
    expect((await app.send('PUT', path, body, { 'If-Match': etag })).status).toBe(412)
    expect((await app.send('PUT', path, body, { 'If-Match': await etagOf() })).status).toBe(200)
  })

  test('is another once the category has another name, though the product has its version', async () => {
    const before = (await (await app.request(`/products/${kettle}`)).json()) as Product
    const etag = await etagOf()
    await database.sql`update categories set name = 'Water boilers' where slug = 'kettles'`
    await relayAll(database.sql, cache)
    const answer = await app.request(`/products/${kettle}`, { headers: { 'If-None-Match': etag } })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ category: { name: 'Water boilers' }, version: before.version })
  })
})

describe('a change of price', () => {
  async function pricesNow(): Promise<readonly (number | undefined)[]> {
    const detail = (await (await app.request(`/products/${kettle}`)).json()) as Product
    const lists = await Promise.all(
      ['/products', '/products?category=kettles&sort=newest', '/products?sort=price'].map(
        async (path) => (await (await app.request(path)).json()) as z.infer<typeof ProductPage>,
      ),
    )
    const batch = (await (await app.request(`/products?ids=${kettle}`)).json()) as { items: Product[] }
    return [detail, ...lists.map(({ items }) => items.find(({ id }) => id === kettle)), batch.items[0]].map(
      (product) => product?.price.amount,
    )
  }

  test('is seen at once by the next read, in detail, in lists and in a batch, a hundred times', async () => {
    expect(await pricesNow()).toEqual(Array(5).fill(2999))
    for (let amount = 1; amount <= 100; amount++) {
      const response = await app.send('PUT', `/products/${kettle}/price`, { amount, currency: 'EUR' })
      expect(response.status).toBe(200)
      expect(await pricesNow()).toEqual(Array(5).fill(amount))
    }
  })

  test('never makes a reader see a version older than one it has seen', async () => {
    let stop = false
    expect((await app.request(`/products/${kettle}`)).status).toBe(200)
    const reader = async () => {
      let newest = 0
      while (!stop) {
        // A request over a socket goes through the event loop; without this, hits in memory would never leave it.
        await setImmediate()
        const { version } = (await (await app.app.request(`/products/${kettle}`)).json()) as Product
        expect(version).toBeGreaterThanOrEqual(newest)
        newest = version
      }
      return newest
    }
    const readers = Promise.all(Array.from({ length: 8 }, reader))
    let last = 0
    for (let amount = 1; amount <= 50; amount++) {
      const response = await app.send('PUT', `/products/${kettle}/price`, { amount, currency: 'EUR' })
      last = ((await response.json()) as Product).version
      const seen = (await (await app.request(`/products/${kettle}`)).json()) as Product
      expect(seen.version).toBe(last)
    }
    stop = true
    expect(Math.max(...(await readers))).toBe(last)
  })
})
