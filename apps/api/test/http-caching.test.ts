/** Which answers HTTP caches may keep, for how long, and what ends them: every route that can be read. */

import { type Cache, surrogateKey } from '@shop/cache'
import { refreshView, type Sql, type ViewName } from '@shop/db'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import { cachedAggregates } from '../src/aggregates/cached-repository.ts'
import { postgresAggregates } from '../src/aggregates/repository.ts'
import { cachedCategories } from '../src/categories/cached-repository.ts'
import { postgresCategories } from '../src/categories/repository.ts'
import type { Edge } from '../src/http/edge.ts'
import { postgresOrders } from '../src/orders/repository.ts'
import { cachedProducts } from '../src/products/cached-repository.ts'
import { postgresProducts } from '../src/products/repository.ts'
import { cachedSearch } from '../src/search/cached-repository.ts'
import { postgresSearch } from '../src/search/repository.ts'
import { postgresStock } from '../src/stock/repository.ts'
import { cachedOptions, redisCache } from './caches.ts'
import { createDatabase } from './database.ts'
import { fixtureId } from './fixture.ts'
import { asCustomer } from './ordering.ts'
import { relayAll } from './relay-all.ts'
import { insertSales, order } from './sales.ts'
import { ADMIN, createTestApp, readOpenApi, type TestApp } from './test-app.ts'

const database = await createDatabase()
const { sql } = database
afterAll(() => database.close())
await insertSales(database)

interface Shop extends TestApp {
  readonly cache: Cache
}

async function openShop(edge?: Edge, categories = postgresCategories(database.db)): Promise<Shop> {
  const cache = await redisCache()
  const options = cachedOptions(database)
  const app = createTestApp({
    edge,
    cache,
    products: cachedProducts(postgresProducts(database.db), cache, options),
    categories: cachedCategories(categories, cache, options),
    aggregates: cachedAggregates(postgresAggregates(database.db), cache, options),
    search: cachedSearch(postgresSearch(database.db), cache, options),
    orders: postgresOrders(database.db),
    stock: postgresStock(database.db),
  })
  return { ...app, cache }
}

const EDGE: Edge = { maxAgeS: 60 }
const EDGE_MAY_KEEP = 'max-age=60, stale-while-revalidate=10, stale-if-error=300'

const kettle = fixtureId('kettle-steel')
const glass = fixtureId('kettle-glass')

/** By anyone, if they ask before each use; by an edge for as long as it is set to. */
const ASKED = 'public, no-cache'
/** By nobody. */
const NEVER = 'no-store'

interface Row {
  readonly address: string
  readonly keeps: string
}

/** By route. One that is missing here fails. */
const MATRIX: Readonly<Record<string, Row>> = {
  '/products': { address: '/products?sort=price', keeps: ASKED },
  '/products/{id}': { address: `/products/${kettle}`, keeps: ASKED },
  '/products/{id}/stock': { address: `/products/${kettle}/stock`, keeps: NEVER },
  '/products/{id}/related': { address: `/products/${kettle}/related`, keeps: ASKED },
  '/products/{id}/ratings': { address: `/products/${kettle}/ratings`, keeps: ASKED },
  '/categories': { address: '/categories', keeps: ASKED },
  '/categories/{slug}': { address: '/categories/kettles', keeps: ASKED },
  '/categories/{slug}/facets': { address: '/categories/kettles/facets', keeps: ASKED },
  '/search': { address: '/search?q=kettle', keeps: ASKED },
  '/best-sellers': { address: '/best-sellers', keeps: ASKED },
  '/orders/{id}': { address: '/orders/00000000-0000-4000-8000-000000000000', keeps: NEVER },
  '/admin/cache': { address: '/admin/cache', keeps: NEVER },
  '/admin/cache/{resource}': { address: `/admin/cache/product?key=${kettle}`, keeps: NEVER },
  '/livez': { address: '/livez', keeps: NEVER },
  '/readyz': { address: '/readyz', keeps: NEVER },
  '/problems/{code}': { address: '/problems/not-found', keeps: '' },
}

const { paths } = await readOpenApi(createTestApp().app)
const routes = Object.entries(paths).flatMap(([path, methods]) => ('get' in methods ? [path] : []))

async function read({ app }: TestApp, address: string, more: Record<string, string> = {}): Promise<Response> {
  const who: Record<string, string> = address.startsWith('/orders') ? await asCustomer(1) : ADMIN
  return app.request(address, { headers: { ...who, ...more } })
}

function edgeFieldsOf({ headers }: Response): (string | null)[] {
  return ['CDN-Cache-Control', 'Surrogate-Key', 'Cache-Tag'].map((field) => headers.get(field))
}

test('every route that can be read has a row, and every row a route', () => {
  expect(Object.keys(MATRIX).toSorted()).toEqual(routes.toSorted())
})

describe.each(Object.entries(MATRIX))('%s', (_path, { address, keeps }) => {
  test(`may be kept: ${keeps === '' ? 'nothing is said' : keeps}, and without an edge no one else is told anything`, async () => {
    const response = await read(await openShop(), address)
    expect(response.headers.get('Cache-Control') ?? '').toBe(keeps)
    expect(edgeFieldsOf(response)).toEqual([null, null, null])
  })

  if (keeps === ASKED) {
    test('may be kept by an edge, which is told the keys to drop it by', async () => {
      const shop = await openShop(EDGE)
      for (const more of [{}, { 'If-None-Match': '*' }]) {
        const response = await read(shop, address, more)
        const [control, keys, tags] = edgeFieldsOf(response)
        expect([response.status, control]).toEqual(['If-None-Match' in more ? 304 : 200, EDGE_MAY_KEEP])
        expect(response.headers.get('Cache-Control')).toBe(keeps)
        expect(keys).toMatch(/^[^ ~,]+( [^ ~,]+)*$/)
        expect(tags?.split(',')).toEqual(keys?.split(' '))
      }
    })

    test('is answered 304 without a body to who has it, from the source, from Redis and from memory', async () => {
      const shop = await openShop()
      const etag = (await read(shop, address)).headers.get('ETag') ?? ''
      expect(etag).toMatch(/^"[\w-]{22}"$/)
      for (let i = 0; i < 3; i++) {
        const again = await read(shop, address, { 'If-None-Match': etag })
        expect([again.status, await again.text(), again.headers.get('ETag')]).toEqual([304, '', etag])
      }
      expect((await read(shop, address, { 'If-None-Match': '"other"' })).status).toBe(200)
    })
  } else {
    test('has no entity tag, and no edge may keep it', async () => {
      const response = await read(await openShop(EDGE), address)
      expect([response.headers.get('ETag'), ...edgeFieldsOf(response)]).toEqual([null, null, null, null])
    })
  }
})

test.each([
  ['GET', '/products/4711', 404],
  ['GET', '/products?limit=0', 400],
  ['GET', '/nowhere', 404],
  ['POST', '/products', 405],
])('no edge may keep the problem of %s %s', async (method, address, status) => {
  const { app } = await openShop(EDGE)
  const response = await app.request(address, { method })
  expect(response.status).toBe(status)
  expect(edgeFieldsOf(response)).toEqual([null, null, null])
})

test('no edge may keep what a write answers', async () => {
  const { send } = await openShop(EDGE)
  const response = await send('PUT', `/products/${glass}/price`, { amount: 1999, currency: 'EUR' })
  expect(response.status).toBe(200)
  expect(edgeFieldsOf(response)).toEqual([null, null, null])
})

// reader:  load (old) ──────────────────────────────── answers it
// writer:                 invalidates: the edge is told, and has nothing yet
test('no edge may keep a value that was invalidated while it was loaded', async () => {
  const source = postgresCategories(database.db)
  const loading = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const shop = await openShop(EDGE, {
    ...source,
    async list() {
      const tree = await source.list()
      loading.resolve()
      await gate.promise
      return tree
    },
  })
  const answer = read(shop, '/categories')
  await loading.promise
  await shop.cache.invalidateTags(['categories'])
  gate.resolve()
  expect(edgeFieldsOf(await answer)).toEqual(['no-store', null, null])
  expect(edgeFieldsOf(await read(shop, '/categories'))[0]).toBe(EDGE_MAY_KEEP)
})

type Change = (sql: Sql) => Promise<unknown>

const rename: Change = () => sql`update products set name = 'another name' where id = ${kettle}`
const reprice: Change = () => sql`update prices set amount = 3333 where variant_id = 1`
const archive: Change = () => sql`update products set status = 'archived' where id = ${kettle}`
const appear: Change = () => sql`update products set status = 'active', name = 'kettle' where slug = 'walkman'`
const sellOut: Change = () =>
  sql`update stock set quantity = 0 where variant_id in (select id from variants where product_id = ${glass})`
const renameCategory: Change = () => sql`update categories set name = 'Boilers' where slug = 'kettles'`
const refreshed =
  (view: ViewName, change: Change): Change =>
  async () => {
    await change(sql)
    // Only what the view itself says ends what is made of it alone.
    await sql`delete from outbox`
    await refreshView(sql, view)
  }
const sell: Change = () => order(database, { 'LA-1': 3, 'KS-1': 1 })
const review: Change = () =>
  sql`insert into reviews (product_id, customer_id, rating, title)
    select ${kettle}, id, 1, 'No' from customers
      where id not in (select customer_id from reviews where product_id = ${kettle}) limit 1`
const newCustomer: Change = () => sql`insert into customers (email, name) values ('third@example.com', 'Third')`

/** What changes an answer, by route: one at least of every route that an edge may keep. */
const ENDS: readonly (readonly [route: string, address: string, what: string, change: Change])[] = [
  ['/products/{id}', `/products/${kettle}`, 'its name', rename],
  ['/products/{id}', `/products/${kettle}`, 'its price', reprice],
  ['/products/{id}', `/products/${kettle}`, 'the name of its category', renameCategory],
  ['/products', '/products?sort=price', 'the name of a product on it', rename],
  ['/products', '/products?sort=price', 'the price of a product on it', reprice],
  ['/products', '/products?sort=newest&limit=100', 'the price of a product on it', reprice],
  ['/products', '/products', 'that one leaves', archive],
  ['/products', '/products', 'that one comes', appear],
  ['/products', '/products?category=kettles&inStock=true', 'that one sells out', sellOut],
  ['/products', '/products?category=kettles', 'the name of the category it shows', renameCategory],
  ['/products', `/products?ids=${kettle},11`, 'the price of one', reprice],
  ['/products', `/products?ids=${kettle},11`, 'that one appears which was missing', appear],
  ['/search', '/search?q=kettle', 'the price of one that is found', reprice],
  ['/search', '/search?q=kettle', 'that one has the word now', appear],
  ['/search', '/search?q=kettle&inStock=true', 'that one sells out', sellOut],
  ['/categories', '/categories', 'the name of one', renameCategory],
  ['/categories/{slug}', '/categories/kettles', 'its name', renameCategory],
  ['/categories/{slug}', '/categories/kitchen', 'the name of one below', renameCategory],
  ['/categories/{slug}/facets', '/categories/kettles/facets', 'its view', refreshed('category_facets', reprice)],
  ['/best-sellers', '/best-sellers', 'its view', refreshed('best_sellers_7', sell)],
  ['/best-sellers', '/best-sellers', 'the price of a product on it', reprice],
  ['/products/{id}/related', `/products/${kettle}/related`, 'its view', refreshed('bought_together', sell)],
  ['/products/{id}/related', `/products/${glass}/related`, 'the price of a product on it', reprice],
  ['/products/{id}/related', `/products/${kettle}/related`, 'that the product goes', archive],
  [
    '/products/{id}/ratings',
    `/products/${kettle}/ratings`,
    'its view',
    refreshed('product_ratings', async () => {
      await newCustomer(sql)
      await review(sql)
    }),
  ],
  ['/products/{id}/ratings', `/products/${kettle}/ratings`, 'that the product goes', archive],
]

test('of every route that an edge may keep it is known what ends it', () => {
  const kept = Object.entries(MATRIX).flatMap(([path, { keeps }]) => (keeps === ASKED ? [path] : []))
  expect([...new Set(ENDS.map(([route]) => route))].toSorted()).toEqual(kept.toSorted())
})

describe('what the edge is told', () => {
  beforeEach(() => insertSales(database))

  test.each(ENDS)('of %s: %s changes by %s, and the purge has a key of it', async (_route, address, _what, change) => {
    const shop = await openShop(EDGE)
    const before = await read(shop, address)
    expect(before.status).toBe(200)
    const keys = before.headers.get('Surrogate-Key')?.split(' ') ?? []
    await change(sql)
    const purged = (await relayAll(sql, shop.cache)).map(surrogateKey)
    expect(purged.filter((key) => keys.includes(key))).not.toEqual([])
    // Or the row above would show nothing.
    expect((await read(shop, address)).headers.get('ETag')).not.toBe(before.headers.get('ETag'))
  })
})
