/**
 * What the database says has changed, and what the entries of the cache depend on, fit together.
 *
 * Random changes are made by SQL and by the repository. After each, what the outbox says is invalidated, and then every
 * kind of list and search, every product and every category read through the cache must be what Postgres says: a rule that is
 * missing on either side leaves an old entry, and an old entry is found. A failing run is shrunk and its seed printed;
 * `RUNS=100 npx vitest run test/lists.test.ts` makes more of them, `SEED=…` the same again.
 */

import type { Cache } from '@shop/cache'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import { cachedCategories } from '../src/categories/cached-repository.ts'
import { type CategoryRepository, postgresCategories } from '../src/categories/repository.ts'
import { cachedProducts } from '../src/products/cached-repository.ts'
import { type ProductRepository, postgresProducts } from '../src/products/repository.ts'
import type { ProductQuery } from '../src/products/schema.ts'
import { cachedSearch } from '../src/search/cached-repository.ts'
import { postgresSearch, type SearchRepository } from '../src/search/repository.ts'
import type { SearchQuery } from '../src/search/schema.ts'
import { cachedOptions, redisCache } from './caches.ts'
import { anyChange, carryOut, insertProduct, SLUGS } from './catalogue-changes.ts'
import { createDatabase } from './database.ts'
import { fixtureId, insertFixture } from './fixture.ts'
import { everyList } from './list-shapes.ts'
import { relayAll } from './relay-all.ts'

const FEW = 8
const RUNS = Number(process.env.RUNS ?? FEW)

const database = await createDatabase()
const { sql } = database
afterAll(() => database.close())

const source = {
  products: postgresProducts(database.db),
  categories: postgresCategories(database.db),
  search: postgresSearch(database.db),
}
let cache: Cache
let products: ProductRepository
let categories: CategoryRepository
let search: SearchRepository

beforeEach(async () => {
  await insertFixture(sql)
  // What the fixture itself has written.
  await sql`delete from outbox`
  cache = await redisCache()
  products = cachedProducts(source.products, cache, cachedOptions(database))
  categories = cachedCategories(source.categories, cache, { loadTimeout: 5000 })
  search = cachedSearch(source.search, cache, { loadTimeout: 5000 })
})

const SCOPES = [undefined, ...SLUGS]
const LISTS = everyList(SCOPES, 4)
/** Words that changes give and take away, that are in all products, in none, and in descriptions only. */
const WORDS = [
  'kettle',
  'kettle ste',
  'one',
  'one or kettle',
  '"kettle steel"',
  'new',
  'ket',
  'nordic',
  'zzz',
  'all two',
]
const SEARCHES: readonly SearchQuery[] = [
  ...WORDS.map((q) => ({ q, inStock: false })),
  ...SLUGS.map((category) => ({ q: 'nordic', category, inStock: false })),
  ...[undefined, 'audio', 'kettles'].map((category) => ({ q: 'nordic', category, inStock: true })),
]

/** Everything that can be read, wherever the cache says something else than Postgres. */
async function differences(): Promise<readonly string[]> {
  const found: string[] = []
  const compare = async <T>(what: string, read: (from: typeof source) => Promise<T>): Promise<T> => {
    const [cached, truth] = await Promise.all([read({ products, categories, search }), read(source)])
    const [here, there] = [JSON.stringify(cached), JSON.stringify(truth)]
    if (here !== there) found.push(`${what}: ${firstDifference(here, there)}`)
    return truth
  }
  const compareList = async (query: ProductQuery, pages: number): Promise<void> => {
    const { next } = await compare(`list ${JSON.stringify(query)}`, (from) => from.products.list(query))
    if (next && pages > 1) await compareList({ ...query, after: next }, pages - 1)
  }
  const compareSearch = (query: SearchQuery) =>
    compare(`search ${JSON.stringify(query)}`, async (from) => {
      const { ids } = await from.search.find(query)
      return from.products.getMany(ids)
    })
  const [last] = await sql<{ id: number }[]>`select max(id) as id from products`
  const ids = Array.from({ length: (last?.id ?? 0) + 2 }, (_, index) => index + 1)
  await Promise.all([
    ...LISTS.map((query) => compareList(query, 3)),
    ...SEARCHES.map(compareSearch),
    ...ids.map((id) => compare(`product ${id}`, async (from) => (await from.products.get(id)) ?? null)),
    compare('categories', (from) => from.categories.list()),
    ...SLUGS.map((slug) => compare(`category ${slug}`, async (from) => (await from.categories.get(slug)) ?? null)),
  ])
  return found.slice(0, MOST_SHOWN)
}

/** A failure shows a few of them, and of each where it begins: one missing rule makes hundreds. */
const MOST_SHOWN = 5

function firstDifference(here: string, there: string): string {
  const at = [...here].findIndex((character, index) => character !== there[index])
  const [cached, truth] = [here, there].map((text) => text.slice(Math.max(0, at - 40), at + 40))
  return `cached …${cached}…, in Postgres …${truth}…`
}

test('after any change, every list, search, product and category is that of Postgres', async () => {
  await fc.assert(
    fc
      .asyncProperty(fc.array(anyChange, { minLength: 1, maxLength: 30, size: 'max' }), async (changes) => {
        for (const change of changes) {
          await carryOut(change, sql, products)
          // A write of the repository has invalidated what it changed before it answered.
          if (!('by' in change) || change.by === 'sql') await relayAll(sql, cache)
          expect(await differences()).toEqual([])
        }
      })
      .beforeEach(async () => {
        await insertFixture(sql)
        await sql`delete from outbox`
        await cache.invalidateTags(['lists', 'products', 'categories'])
        expect(await differences()).toEqual([])
      }),
    {
      numRuns: RUNS,
      // A busy machine makes fewer; only who asks for more waits for them.
      ...(RUNS === FEW && { interruptAfterTimeLimit: 10_000 }),
      ...(process.env.SEED && { seed: Number(process.env.SEED) }),
    },
  )
})

describe('by psql', () => {
  const kettle = fixtureId('kettle-steel')
  const KETTLES: ProductQuery = { sort: 'popular', inStock: false, limit: 24, category: 'kettles' }
  const HEADPHONES: ProductQuery = { ...KETTLES, category: 'headphones' }

  async function slugsOf(query: ProductQuery): Promise<readonly string[]> {
    return (await products.list(query)).items.map(({ slug }) => slug)
  }

  async function relayed(write: () => Promise<unknown>): Promise<readonly string[]> {
    await differences()
    await write()
    const tags = await relayAll(sql, cache)
    expect(await differences()).toEqual([])
    return tags
  }

  test('a product that moves category leaves one list and enters the other', async () => {
    expect(await slugsOf(KETTLES)).toContain('kettle-steel')
    expect(await slugsOf(HEADPHONES)).not.toContain('kettle-steel')
    await relayed(() => sql`update products set category_id = 4 where id = ${kettle}`)
    expect(await slugsOf(KETTLES)).not.toContain('kettle-steel')
    expect(await slugsOf(HEADPHONES)).toContain('kettle-steel')
  })

  test('an archived product leaves, and comes back', async () => {
    await relayed(() => sql`update products set status = 'archived' where id = ${kettle}`)
    expect(await slugsOf(KETTLES)).not.toContain('kettle-steel')
    expect(await products.get(kettle)).toBeUndefined()
    await relayed(() => sql`update products set status = 'active' where id = ${kettle}`)
    expect(await slugsOf(KETTLES)).toContain('kettle-steel')
    expect((await products.get(kettle))?.status).toBe('active')
  })

  test('a product that sells out leaves what is in stock, and comes back', async () => {
    const available = { q: 'steel', inStock: true }
    await relayed(() => sql`update stock set quantity = 0 where variant_id in (1, 2)`)
    expect((await search.find(available)).ids).toEqual([])
    await relayed(() => sql`update stock set quantity = 1 where variant_id = 1`)
    expect((await search.find(available)).ids).toEqual([kettle])
  })

  test('a product is found by its new words, and by its old ones no more', async () => {
    const found = async (q: string) => (await search.find({ q, inStock: false })).ids
    await relayed(() => sql`update products set name = 'Samovar', description = '' where id = ${kettle}`)
    expect(await found('samovar')).toEqual([kettle])
    expect(await found('steel')).toEqual([])
    await relayed(() => sql`update products set description = 'Of steel' where id = ${kettle}`)
    expect(await found('ste')).toEqual([kettle])
  })

  test('a new row ends the answer that there is none, and enters its lists', async () => {
    const id = fixtureId('walkman') + 1
    expect(await products.get(id)).toBeUndefined()
    expect(await slugsOf({ ...KETTLES, minPrice: 100_000 })).toEqual([])
    await relayed(() => insertProduct(sql, 5, { amount: 100_000, quantity: 1 }))
    expect((await products.get(id))?.price.amount).toBe(100_000)
    expect(await slugsOf({ ...KETTLES, minPrice: 100_000 })).toHaveLength(1)
  })

  test('a new row that is active from the start does so too', async () => {
    const id = fixtureId('walkman') + 1
    expect(await products.get(id)).toBeUndefined()
    await relayed(
      () => sql`insert into products (slug, name, brand, category_id, status, price_amount, currency)
        values ('pot', 'Pot', 'Nordic', 5, 'active', 1500, 'EUR')`,
    )
    expect((await products.get(id))?.slug).toBe('pot')
  })

  test('a new category ends the answer that there is none', async () => {
    expect(await categories.get('garden')).toBeUndefined()
    await relayed(() => sql`insert into categories (slug, name) values ('garden', 'Garden')`)
    expect((await categories.get('garden'))?.name).toBe('Garden')
  })

  test('a moved category takes its products out of one list and into the other', async () => {
    const kitchen = { ...KETTLES, category: 'kitchen' }
    expect(await slugsOf(kitchen)).not.toContain('headphones-over')
    await relayed(() => sql`update categories set parent_id = 2 where slug = 'audio'`)
    expect(await slugsOf(kitchen)).toContain('headphones-over')
    expect(await slugsOf({ ...KETTLES, category: 'electronics' })).toEqual(['torch'])
  })

  test('the new name of a category is shown by its products, and moves none', async () => {
    const tags = await relayed(() => sql`update categories set name = 'Boilers' where slug = 'kettles'`)
    expect((await products.get(kettle))?.category.name).toBe('Boilers')
    expect((await products.list(KETTLES)).items[0]?.category.name).toBe('Boilers')
    expect(tags.filter((tag) => tag.startsWith('list'))).toEqual([])
  })

  test('an order, and stock that stays above nothing, invalidate nothing', async () => {
    expect(await relayed(() => sql`update stock set quantity = quantity - 1 where variant_id = 1`)).toEqual([])
  })

  test('a page sorted by price learns that nothing follows it any more', async () => {
    const second: ProductQuery = { ...KETTLES, sort: 'price', limit: 1, after: { value: 999, id: 3 } }
    expect(await products.list(second)).toMatchObject({ items: [{ slug: 'kettle-glass' }], ahead: 2999 })
    await relayed(() => sql`update prices set amount = 1 where variant_id in (1, 2)`)
    expect(await products.list(second)).toMatchObject({ items: [{ slug: 'kettle-glass' }], next: null, ahead: null })
  })

  test('the changes of one transaction are all seen', async () => {
    await relayed(() =>
      sql.begin(async (tx) => {
        await tx`update prices set amount = 1, compare_at = null where variant_id = 1`
        await tx`update products set category_id = 4 where id = 2`
        await tx`update stock set quantity = 0 where variant_id = 6`
        await tx`delete from products where id = 7`
      }),
    )
  })

  test('changes past the limit are seen through the wide tags, also by who knew of none', async () => {
    await insertMany(501)
    await relayAll(sql, cache)
    const appeared = await relayed(() => sql`update products set status = 'active' where slug like 'many-%'`)
    expect(appeared).toContain('products')
    const repriced = await relayed(() => sql`update prices set amount = amount + 5000, compare_at = null`)
    expect(repriced).toContain('category:5')
    for (const tags of [appeared, repriced]) {
      expect(tags.filter((tag) => tag.startsWith('product:'))).toHaveLength(0)
    }
  })

  /** Archived. */
  async function insertMany(count: number): Promise<void> {
    await sql.begin(async (tx) => {
      await tx`insert into products (slug, name, brand, category_id)
        select 'many-' || n, 'One of many', 'Nordic', 5 from generate_series(1, ${count}) n`
      await tx`insert into variants (product_id, sku, title)
        select id, 'MANY-' || id, 'One' from products where slug like 'many-%'`
      await tx`insert into prices (variant_id, amount, currency)
        select id, 1000, 'EUR' from variants where sku like 'MANY-%'`
    })
  }

  test('an emptied table is seen through the widest', async () => {
    expect(await relayed(() => sql`truncate products cascade`)).toEqual(expect.arrayContaining(['products', 'lists']))
    expect(await products.list(KETTLES)).toEqual({ items: [], next: null, ahead: null })
  })
})
