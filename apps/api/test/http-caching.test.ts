/** Which answers HTTP caches may keep: every route that can be read, with the cache on. */

import { afterAll, describe, expect, test } from 'vitest'

import { cachedAggregates } from '../src/aggregates/cached-repository.ts'
import { postgresAggregates } from '../src/aggregates/repository.ts'
import { cachedCategories } from '../src/categories/cached-repository.ts'
import { postgresCategories } from '../src/categories/repository.ts'
import { postgresOrders } from '../src/orders/repository.ts'
import { cachedProducts } from '../src/products/cached-repository.ts'
import { postgresProducts } from '../src/products/repository.ts'
import { postgresStock } from '../src/stock/repository.ts'
import { cachedOptions, redisCache } from './caches.ts'
import { createDatabase } from './database.ts'
import { fixtureId, insertFixture } from './fixture.ts'
import { asCustomer } from './ordering.ts'
import { ADMIN, createTestApp, readOpenApi } from './test-app.ts'

const database = await createDatabase()
afterAll(() => database.close())
await insertFixture(database.sql)
const cache = await redisCache()
const options = cachedOptions(database)

const app = createTestApp({
  cache,
  products: cachedProducts(postgresProducts(database.db), cache, options),
  categories: cachedCategories(postgresCategories(database.db), cache, options),
  aggregates: cachedAggregates(postgresAggregates(database.db), cache, options),
  orders: postgresOrders(database.db),
  stock: postgresStock(database.db),
})

const kettle = fixtureId('kettle-steel')

/** By anyone, if they ask before each use. */
const ASKED = 'public, no-cache'
/** By nobody. */
const NEVER = 'no-store'

interface Row {
  readonly address: string
  readonly keeps: string
  /** What an edge in front may be told to purge it by. */
  readonly keys?: RegExp
}

/** By route. One that is missing here fails. */
const MATRIX: Readonly<Record<string, Row>> = {
  '/products': { address: '/products?sort=price', keeps: ASKED },
  '/products/{id}': { address: `/products/${kettle}`, keeps: ASKED, keys: new RegExp(`(^| )product:${kettle}( |$)`) },
  '/products/{id}/stock': { address: `/products/${kettle}/stock`, keeps: NEVER },
  '/products/{id}/related': { address: `/products/${kettle}/related`, keeps: ASKED },
  '/products/{id}/ratings': { address: `/products/${kettle}/ratings`, keeps: ASKED },
  '/categories': { address: '/categories', keeps: ASKED },
  '/categories/{slug}': { address: '/categories/kettles', keeps: ASKED },
  '/categories/{slug}/facets': { address: '/categories/kettles/facets', keeps: ASKED },
  '/best-sellers': { address: '/best-sellers', keeps: ASKED },
  '/orders/{id}': { address: '/orders/00000000-0000-4000-8000-000000000000', keeps: NEVER },
  '/admin/cache': { address: '/admin/cache', keeps: NEVER },
  '/admin/cache/{resource}': { address: `/admin/cache/product?key=${kettle}`, keeps: NEVER },
  '/livez': { address: '/livez', keeps: NEVER },
  '/readyz': { address: '/readyz', keeps: NEVER },
  '/problems/{code}': { address: '/problems/not-found', keeps: '' },
}

const { paths } = await readOpenApi(app.app)
const routes = Object.entries(paths).flatMap(([path, methods]) => ('get' in methods ? [path] : []))

test('every route that can be read has a row, and every row a route', () => {
  expect(Object.keys(MATRIX).toSorted()).toEqual(routes.toSorted())
})

describe.each(Object.entries(MATRIX))('%s', (path, { address, keeps, keys }) => {
  const read = async (more: Record<string, string> = {}) => {
    const who: Record<string, string> = path.startsWith('/orders') ? await asCustomer(1) : ADMIN
    return app.request(address, { headers: { ...who, ...more } })
  }

  test(`may be kept: ${keeps === '' ? 'nothing is said' : keeps}`, async () => {
    const { headers } = await read()
    expect(headers.get('Cache-Control') ?? '').toBe(keeps)
    expect(headers.get('CDN-Cache-Control')).toBeNull()
    if (keys) expect(headers.get('Surrogate-Key')).toMatch(keys)
    else expect([headers.get('Surrogate-Key'), headers.get('Cache-Tag')]).toEqual([null, null])
  })

  if (keeps === ASKED) {
    test('is answered 304 without a body to who has it, from the source, from Redis and from memory', async () => {
      const etag = (await read()).headers.get('ETag') ?? ''
      expect(etag).toMatch(/^"[\w-]{22}"$/)
      for (let i = 0; i < 3; i++) {
        const again = await read({ 'If-None-Match': etag })
        expect([again.status, await again.text(), again.headers.get('ETag')]).toEqual([304, '', etag])
      }
      expect((await read({ 'If-None-Match': '"other"' })).status).toBe(200)
    })
  } else {
    test('has no entity tag', async () => {
      expect((await read()).headers.get('ETag')).toBeNull()
    })
  }
})
