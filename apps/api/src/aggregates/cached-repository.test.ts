/** Aggregates through the cache, from a refresh of a view to what a client reads. */

import { refreshView, type ViewName } from '@shop/db'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import { cachedOptions, redisCache } from '../../test/caches.ts'
import { createDatabase } from '../../test/database.ts'
import { CATEGORIES, fixtureId, PRODUCTS } from '../../test/fixture.ts'
import { relayAll } from '../../test/relay-all.ts'
import { insertSales, order, SOLD } from '../../test/sales.ts'
import { createTestApp, type TestApp } from '../../test/test-app.ts'
import { cachedProducts } from '../products/cached-repository.ts'
import { postgresProducts } from '../products/repository.ts'
import { cachedAggregates } from './cached-repository.ts'
import { type AggregateRepository, postgresAggregates } from './repository.ts'
import type { BestSellers, CategoryFacets, RelatedProducts } from './schema.ts'

const database = await createDatabase()
const { sql } = database
afterAll(() => database.close())

const source = postgresAggregates(database.db)
const kettle = fixtureId('kettle-steel')

/** What was asked of Postgres since it was last looked at. */
const loads: string[] = []
const counted: AggregateRepository = {
  facets: (slug) => noted(`facets ${slug}`, source.facets(slug)),
  bestSellers: (days) => noted(`best sellers ${days}`, source.bestSellers(days)),
  related: (id) => noted(`related ${id}`, source.related(id)),
  ratings: (id) => noted(`ratings ${id}`, source.ratings(id)),
}

function noted<T>(what: string, answer: Promise<T>): Promise<T> {
  loads.push(what)
  return answer
}

let aggregates: AggregateRepository
let app: TestApp
let relay: () => Promise<readonly string[]>

beforeEach(async () => {
  await insertSales(database)
  const cache = await redisCache()
  aggregates = cachedAggregates(counted, cache, { loadTimeout: 5000 })
  app = createTestApp({
    aggregates,
    products: cachedProducts(postgresProducts(database.db), cache, cachedOptions(database)),
  })
  relay = () => relayAll(sql, cache)
})

/** `garden` is a category that does not exist yet. */
const SLUGS = [...CATEGORIES.map(({ slug }) => slug), 'garden']
const IDS = PRODUCTS.map((_, index) => index + 1)

function everything(from: AggregateRepository): Promise<readonly unknown[]> {
  return Promise.all([
    ...SLUGS.map((slug) => from.facets(slug)),
    ...([7, 30] as const).map((days) => from.bestSellers(days)),
    ...IDS.flatMap((id) => [from.related(id), from.ratings(id)]),
  ])
}

/** Reads everything through the cache and says what of it had to be loaded. */
async function loadsToReadAll(): Promise<readonly string[]> {
  loads.length = 0
  await everything(aggregates)
  return loads.toSorted()
}

async function get<T>(path: string): Promise<T> {
  return (await (await app.request(path)).json()) as T
}

test('answers as its source does, and a second read does not reach it', async () => {
  expect(await loadsToReadAll()).toHaveLength(SLUGS.length + 2 + 2 * IDS.length)
  expect(await loadsToReadAll()).toEqual([])
  expect(await everything(aggregates)).toEqual(await everything(source))
})

describe('a refresh ends the entries of what it changed, and no other', () => {
  const changes: readonly (readonly [string, ViewName, () => Promise<unknown>, readonly string[]])[] = [
    [
      'another brand, of a category at the top',
      'category_facets',
      () => sql`update products set brand = 'Southern' where slug = 'torch'`,
      ['facets electronics'],
    ],
    [
      'what is no longer sold, of a category below another',
      'category_facets',
      () => sql`update products set status = 'archived' where slug = 'kettle-tin'`,
      ['facets kettles', 'facets kitchen'],
    ],
    [
      'a first review',
      'product_ratings',
      () => sql`insert into reviews (product_id, customer_id, rating, title)
        values (${fixtureId('torch')}, 1, 4, 'A review')`,
      [`ratings ${fixtureId('torch')}`],
    ],
    [
      'two products in one order',
      'bought_together',
      () => order(database, { 'LA-1': 1, 'SB-1': 1 }),
      [`related ${fixtureId('ladle')}`, `related ${fixtureId('soundbar')}`].toSorted(),
    ],
    ['an order', 'best_sellers_7', () => order(database, { 'LA-1': 5 }), ['best sellers 30', 'best sellers 7']],
    ['nothing', 'category_facets', async () => undefined, []],
  ]

  test.each(changes)('%s (%s)', async (_, view, change, ended) => {
    await loadsToReadAll()
    await change()
    await relay()
    expect(await loadsToReadAll(), 'before the refresh').toEqual([])
    await refreshView(sql, view)
    await relay()
    expect(await loadsToReadAll()).toEqual(ended)
    // Of views that were refreshed without a change, the entries have the date of their load.
    expect(dateless(await everything(aggregates))).toEqual(dateless(await everything(source)))
  })

  const wide: readonly (readonly [ViewName, () => Promise<unknown>, readonly string[]])[] = [
    [
      'category_facets',
      () => sql`update products set brand = 'Southern' where slug = 'torch'`,
      SLUGS.map((slug) => `facets ${slug}`),
    ],
    [
      'product_ratings',
      () => sql`delete from reviews where product_id = ${fixtureId('ladle')}`,
      IDS.map((id) => `ratings ${id}`),
    ],
    ['bought_together', () => order(database, { 'LA-1': 1, 'SB-1': 1 }), IDS.map((id) => `related ${id}`)],
  ]

  test.each(wide)('%s, where it changed very much: all of them', async (view, change, ended) => {
    await loadsToReadAll()
    await change()
    await refreshView(sql, view, { limit: 0 })
    await relay()
    expect(await loadsToReadAll()).toEqual(ended.toSorted())
  })
})

function dateless(answers: readonly unknown[]): readonly unknown[] {
  return answers.map((answer) => answer && { ...answer, refreshedAt: undefined })
}

test('a new category ends the answer that there is none, before and after its first refresh', async () => {
  expect((await app.request('/categories/garden/facets')).status).toBe(404)
  await sql`insert into categories (slug, name) values ('garden', 'Garden')`
  await sql`update products set category_id = (select id from categories where slug = 'garden') where slug = 'ladle'`
  await relay()
  expect(await get<CategoryFacets>('/categories/garden/facets')).toMatchObject({ products: 0, priceRange: null })
  await refreshView(sql, 'category_facets')
  expect(await relay()).toContain('facets:garden')
  expect(await get<CategoryFacets>('/categories/garden/facets')).toMatchObject({
    products: 1,
    priceRange: { from: 0, to: 0 },
  })
})

test('a deleted category is not found any more, though the view still has it', async () => {
  await sql`insert into categories (slug, name) values ('garden', 'Garden')`
  await refreshView(sql, 'category_facets')
  await relay()
  expect((await app.request('/categories/garden/facets')).status).toBe(200)
  await sql`delete from categories where slug = 'garden'`
  await relay()
  expect((await app.request('/categories/garden/facets')).status).toBe(404)
})

test('while a refresh fails, what was is served on with its date, cached or not', async () => {
  const [function_] = await sql<{ definition: string }[]>`
    select pg_get_functiondef('price_band'::regproc) as definition`
  await sql.unsafe(`create or replace function price_band(amount integer) returns integer language plpgsql immutable
    strict as $$ begin raise exception 'out of order'; end $$`)
  try {
    const before = await get('/categories/kitchen/facets')
    await sql`delete from reviews where product_id = ${fixtureId('ladle')}`
    await relay()
    await expect(refreshView(sql, 'category_facets')).rejects.toThrow('out of order')
    expect(await relay()).toEqual([])
    expect(await get('/categories/kitchen/facets')).toEqual(before)
    expect(await source.facets('kitchen')).toEqual(before)
  } finally {
    await sql.unsafe(function_?.definition ?? '')
  }
  await refreshView(sql, 'category_facets')
  await relay()
  expect((await get<CategoryFacets>('/categories/kitchen/facets')).ratings).toEqual([
    { stars: 4, products: 1 },
    { stars: 3, products: 1 },
  ])
})

describe('what is shown of a product is as it is, without a refresh', () => {
  async function pricesOfKettle(): Promise<readonly (number | undefined)[]> {
    const { items } = await get<BestSellers>('/best-sellers')
    const related = await get<RelatedProducts>(`/products/${fixtureId('kettle-glass')}/related`)
    return [...items.map(({ product }) => product), ...related.items]
      .filter(({ id }) => id === kettle)
      .map(({ price }) => price.amount)
  }

  test('a price that changes is in best sellers and related products at once, a hundred times', async () => {
    expect(await pricesOfKettle()).toEqual([2999, 2999])
    loads.length = 0
    for (let amount = 1; amount <= 100; amount++) {
      await app.send('PUT', `/products/${kettle}/price`, { amount, currency: 'EUR' })
      expect(await pricesOfKettle()).toEqual([amount, amount])
    }
    expect(loads).toEqual([])
  })

  test('a price that changes past the application is there once it is relayed', async () => {
    await pricesOfKettle()
    await sql`update prices set amount = 777, compare_at = null where variant_id in (1, 2)`
    await relay()
    expect(await pricesOfKettle()).toEqual([777, 777])
  })

  test('a product that is archived leaves, and its rank with it', async () => {
    expect(await pricesOfKettle()).toHaveLength(2)
    await app.send('PATCH', `/products/${kettle}`, { status: 'archived' })
    expect(await pricesOfKettle()).toEqual([])
    const { items } = await get<BestSellers>('/best-sellers')
    expect(items.map(({ rank, product }) => [rank, product.id])).toEqual([
      [2, SOLD[7][1]],
      [3, SOLD[7][2]],
    ])
    expect((await app.request(`/products/${kettle}/ratings`)).status).toBe(404)
  })
})

test.each(['/categories/audio/facets', '/best-sellers', `/products/${kettle}/related`, `/products/${kettle}/ratings`])(
  'Cache-Status of %s says miss and stored, then hit',
  async (path) => {
    expect((await app.request(path)).headers.get('Cache-Status')).toMatch(/^shop; fwd=miss; stored/)
    expect((await app.request(path)).headers.get('Cache-Status')).toMatch(/^shop; hit; ttl=\d+/)
  },
)

test('an id that no product has leaves no entry of its aggregates behind', async () => {
  loads.length = 0
  await Promise.all([app.request('/products/4711/related'), app.request('/products/4711/ratings')])
  expect(loads).toEqual([])
})
