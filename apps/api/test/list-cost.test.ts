/**
 * What a change costs: how many of all lists that can be cached it makes load again. `docs/lists.md` has the table that
 * this prints.
 */

import { seed } from '@shop/db'
import { expect, test } from 'vitest'

import { cachedProducts } from '../src/products/cached-repository.ts'
import { type ProductRepository, postgresProducts } from '../src/products/repository.ts'
import { tagsOfPage, tagsOfQuery } from '../src/products/tags.ts'
import { cachedOptions, redisCache } from './caches.ts'
import { createDatabase } from './database.ts'
import { everyList } from './list-shapes.ts'
import { relayAll } from './relay-all.ts'

test('a change invalidates the lists that it can touch, and few others', async () => {
  const database = await createDatabase()
  const { sql } = database
  await seed(database.url, { size: 'tiny' })
  const cache = await redisCache()
  const source = postgresProducts(database.db)
  let loads = 0
  const tagCounts: number[] = []
  const counted: ProductRepository = {
    ...source,
    async list(query) {
      loads++
      const page = await source.list(query)
      tagCounts.push(tagsOfQuery(query).length + tagsOfPage(page, query).length)
      return page
    },
  }
  const products = cachedProducts(counted, cache, cachedOptions(database))
  const slugs = await sql<{ slug: string }[]>`select slug from categories order by id`
  const scopes = [undefined, ...slugs.map(({ slug }) => slug)].map((scope) => everyList([scope], 24))

  async function loadsToReadAll(): Promise<number> {
    loads = 0
    for (const lists of scopes) await Promise.all(lists.map((query) => products.list(query)))
    return loads
  }

  // The hottest product, in a category below two others: the lists of 4 of 37 scopes can show it.
  const [hottest] = await sql<{ id: number; variant: number; amount: number; currency: string; category: number }[]>`
    select p.id, v.id as variant, price_amount as amount, currency, category_id as category
    from products p join variants v on v.product_id = p.id join categories c on c.id = category_id
    where status = 'active' and in_stock and path like '%/%/%' order by popularity desc limit 1`
  if (hottest === undefined) throw new Error('The seed has products')
  const { id, amount, currency, category } = hottest

  const changes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['nothing yet', async () => undefined],
    ['nothing', async () => undefined],
    ['its name', () => products.update(id, { name: 'Another name' })],
    ['its price, a tenth less', () => products.setPrice(id, { amount: Math.round(amount * 0.9), currency })],
    ['its price, then a half', () => products.setPrice(id, { amount: Math.round(amount * 0.45), currency })],
    ['one sold of many', () => sql`update stock set quantity = quantity - 1 where variant_id = ${hottest.variant}`],
    [
      'sold out',
      () => sql`update stock set quantity = 0 where variant_id in (select id from variants where product_id = ${id})`,
    ],
    [
      'a review',
      () => sql`update reviews set rating = 6 - rating where id =
        (select id from reviews where product_id = ${id} and rating <> 3 limit 1)`,
    ],
    ['its category gets a name', () => sql`update categories set name = 'Another name' where id = ${category}`],
    ['another category', () => products.update(id, { categoryId: category + 1 })],
    ['archived', () => products.update(id, { status: 'archived' })],
    ['every price, a tenth less', () => sql`update prices set amount = amount * 9 / 10, compare_at = null`],
  ]
  const loaded: Record<string, number> = {}
  for (const [what, change] of changes) {
    await change()
    await relayAll(sql, cache)
    loaded[what] = await loadsToReadAll()
  }
  await database.close()

  const [fewest, median, most] = [0, 0.5, 1].map(
    (share) => tagCounts.toSorted((a, b) => a - b)[Math.floor(share * (tagCounts.length - 1))],
  )
  console.log(
    `${scopes.flat().length} lists with ${fewest} to ${most} tags each, in the middle ${median}. Loaded again after:`,
  )
  console.table(loaded)
  expect(loaded).toEqual({
    'nothing yet': 1480,
    nothing: 0,
    'its name': 0,
    'its price, a tenth less': 70,
    'its price, then a half': 120,
    'one sold of many': 0,
    'sold out': 80,
    'a review': 32,
    'its category gets a name': 0,
    'another category': 200,
    archived: 160,
    'every price, a tenth less': 1138,
  })
})
