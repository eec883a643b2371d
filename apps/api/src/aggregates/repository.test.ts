import { refreshView, type ViewName } from '@shop/db'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import { createDatabase } from '../../test/database.ts'
import { CATEGORIES, fixtureId, insertFixture } from '../../test/fixture.ts'
import { MemoryProducts } from '../../test/memory-products.ts'
import { insertSales, order, refreshAll, SOLD } from '../../test/sales.ts'
import { priceBand } from '../products/tags.ts'
import { postgresAggregates } from './repository.ts'

const database = await createDatabase()
const { sql } = database
afterAll(() => database.close())
beforeEach(() => insertSales(database))

const aggregates = postgresAggregates(database.db)
const kettle = fixtureId('kettle-steel')

describe('facets', () => {
  test.each(CATEGORIES.map(({ slug }) => slug))('of %s count what its list shows', async (slug) => {
    const { items } = await new MemoryProducts().list({ category: slug, sort: 'price', inStock: false, limit: 100 })
    const amounts = items.map(({ price }) => price.amount)
    const { refreshedAt, ...facets } = (await aggregates.facets(slug)) ?? {}
    expect(refreshedAt).toBe(await dateOf('category_facets'))
    expect(facets).toEqual({
      slug,
      products: items.length,
      inStock: items.filter(({ inStock }) => inStock).length,
      priceRange: { from: Math.min(...amounts), to: Math.max(...amounts) },
      brands: [{ brand: 'Nordic', products: items.length }],
      priceBands: [...Map.groupBy(items, ({ price }) => priceBand(price.amount)).values()].map((band) => ({
        from: band[0]?.price.amount,
        to: band.at(-1)?.price.amount,
        products: band.length,
      })),
      ratings: [...Map.groupBy(items, ({ rating }) => Math.floor(rating.average ?? 0))]
        .filter(([stars]) => stars > 0)
        .toSorted(([a], [b]) => b - a)
        .map(([stars, { length }]) => ({ stars, products: length })),
    })
  })

  test('of a category without products, and of one that the view does not know, are nothing', async () => {
    const nothing = { products: 0, inStock: 0, priceRange: null, brands: [], priceBands: [], ratings: [] }
    await sql`insert into categories (slug, name) values ('garden', 'Garden')`
    expect(await aggregates.facets('garden')).toMatchObject({ slug: 'garden', ...nothing })
    await refreshView(sql, 'category_facets')
    expect(await aggregates.facets('garden')).toMatchObject({ slug: 'garden', ...nothing })
  })

  test('are found by the slug that the category has, whatever it was at the refresh', async () => {
    const before = await aggregates.facets('kettles')
    await sql`update categories set slug = 'boilers' where slug = 'kettles'`
    expect(await aggregates.facets('boilers')).toEqual({ ...before, slug: 'boilers' })
    expect(await aggregates.facets('kettles')).toBeUndefined()
  })

  test('of a slug that no category has are undefined', async () => {
    expect(await aggregates.facets('garden')).toBeUndefined()
  })
})

describe('best sellers', () => {
  test.each([7, 30] as const)('of %i days are in the order of what was sold', async (days) => {
    expect((await aggregates.bestSellers(days)).productIds).toEqual(SOLD[days])
  })

  test('of a shop without orders are none, as of a date', async () => {
    await insertFixture(sql)
    await sql`delete from orders`
    await refreshAll(sql)
    const refreshedAt = await dateOf('best_sellers_7')
    expect(await aggregates.bestSellers(7)).toEqual({ productIds: [], refreshedAt })
  })
})

describe('related products', () => {
  test('are those of the same orders, most often first', async () => {
    const { productIds } = await aggregates.related(kettle)
    expect(productIds).toEqual(['kettle-glass', 'speaker'].map(fixtureId))
    await order(database, { 'KS-1': 1, 'SP-1': 1, 'LA-1': 1 })
    await order(database, { 'KS-1': 1, 'SP-1': 1 })
    await refreshView(sql, 'bought_together')
    expect((await aggregates.related(kettle)).productIds).toEqual(['speaker', 'kettle-glass', 'ladle'].map(fixtureId))
  })

  test('of a product that was bought alone, and of none, are none, as of a date', async () => {
    const nothing = { productIds: [], refreshedAt: await dateOf('bought_together') }
    expect(await aggregates.related(fixtureId('headphones-over'))).toEqual(nothing)
    expect(await aggregates.related(4711)).toEqual(nothing)
  })
})

describe('ratings', () => {
  test('are the reviews of the product, star by star', async () => {
    const refreshedAt = await dateOf('product_ratings')
    const stars = { 1: 0, 2: 0, 3: 0, 4: 1, 5: 1 }
    expect(await aggregates.ratings(kettle)).toEqual({ productId: kettle, average: 4.5, count: 2, stars, refreshedAt })
  })

  test('of a product without reviews are zeros, as of a date', async () => {
    const id = fixtureId('soundbar')
    const refreshedAt = await dateOf('product_ratings')
    const stars = { 1: 0, 2: 0, 3: 0, 4: 0, 5: 0 }
    expect(await aggregates.ratings(id)).toEqual({ productId: id, average: null, count: 0, stars, refreshedAt })
  })
})

test('each has the date of its own view', async () => {
  const views = await sql<{ view: ViewName }[]>`select view from view_refreshes order by view`
  for (const [day, { view }] of views.entries()) {
    await sql`update view_refreshes set refreshed_at = ${new Date(Date.UTC(2026, 0, 1 + day))} where view = ${view}`
  }
  const dates = [
    (await aggregates.facets('audio'))?.refreshedAt,
    (await aggregates.bestSellers(7)).refreshedAt,
    (await aggregates.bestSellers(30)).refreshedAt,
    (await aggregates.related(kettle)).refreshedAt,
    (await aggregates.ratings(kettle)).refreshedAt,
  ]
  const names = ['category_facets', 'best_sellers_7', 'best_sellers_30', 'bought_together', 'product_ratings'] as const
  expect(dates).toEqual(await Promise.all(names.map(dateOf)))
  expect(new Set(dates).size).toBe(names.length)
})

async function dateOf(view: ViewName): Promise<string | undefined> {
  const [row] = await sql<{ date: Date }[]>`select refreshed_at as date from view_refreshes where view = ${view}`
  return row?.date.toISOString()
}
