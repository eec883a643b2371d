/** The derived columns follow what they are derived from, and move only when that changes. */

import { eq, sql as raw } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'

import { type Database, products, stock } from '../src/index.ts'
import { insertCustomer, insertProduct, someoneWaits, useDatabase } from './database.ts'

const database = useDatabase()

/** A row as it stands on its page: a new `xmin` or place means that somebody wrote it. */
async function physical(id: number): Promise<unknown> {
  const [row] = await database.sql`select xmin::text, ctid::text, version from products where id = ${id}`
  return row
}

async function read(id: number): Promise<typeof products.$inferSelect> {
  const [row] = await database.db.select().from(products).where(eq(products.id, id))
  if (!row) throw new Error(`No product ${id}`)
  return row
}

describe('prices', () => {
  test('a product shows the lowest price of its variants and what that one cost before', async () => {
    const { id, low, high } = await insertProduct(database.sql)
    expect(await read(id)).toMatchObject({ priceAmount: 1000, priceCompareAt: null, currency: 'EUR' })
    await database.sql`update prices set amount = 900, compare_at = 1500 where variant_id = ${high}`
    expect(await read(id)).toMatchObject({ priceAmount: 900, priceCompareAt: 1500 })
    await database.sql`delete from variants where id = ${high}`
    expect(await read(id)).toMatchObject({ priceAmount: 1000, priceCompareAt: null })
    await database.sql`update prices set amount = 1100 where variant_id = ${low}`
    expect(await read(id)).toMatchObject({ priceAmount: 1100 })
  })

  test('a price change raises the version by one and dates the product, also if the lowest price stays', async () => {
    const { id, high } = await insertProduct(database.sql)
    await database.sql`update products set created_at = '2020-01-01' where id = ${id}`
    const before = await read(id)
    await database.sql`update prices set amount = 2100 where variant_id = ${high}`
    const after = await read(id)
    expect(after.version).toBe(before.version + 1)
    expect(after.updatedAt.getTime()).toBeGreaterThan(before.updatedAt.getTime())
    expect(after.priceAmount).toBe(before.priceAmount)
  })

  test('one statement over all variants raises the version once', async () => {
    const { id, low, high } = await insertProduct(database.sql)
    const { version } = await read(id)
    await database.sql`update prices set amount = 700, currency = 'CHF' where variant_id in (${low}, ${high})`
    expect(await read(id)).toMatchObject({ version: version + 1, priceAmount: 700, currency: 'CHF' })
  })

  test('a price set to what it is touches nothing', async () => {
    const { id, low } = await insertProduct(database.sql)
    const before = await physical(id)
    const pricedAt = () => database.sql`select updated_at from prices where variant_id = ${low}`
    const [pricedBefore] = await pricedAt()
    await database.sql`update prices set amount = amount, updated_at = updated_at where variant_id = ${low}`
    expect(await physical(id)).toEqual(before)
    expect((await pricedAt())[0]).toEqual(pricedBefore)
  })

  test('a bulk change of many products derives each of them', async () => {
    const ids: number[] = []
    for (let i = 0; i < 20; i++) ids.push((await insertProduct(database.sql)).id)
    await database.sql`
      update prices set amount = amount + 1
      where variant_id in (select id from variants where product_id = any(${ids}))`
    const rows = await database.sql`select distinct price_amount from products where id = any(${ids})`
    expect([...rows]).toEqual([{ price_amount: 1001 }])
  })

  // T1: low = USD --------------------------- commit
  //    T2: insert a third variant's price, EUR: waits ........ sees USD, refused
  test('two transactions cannot give a product two currencies between them', async () => {
    const { sql } = database
    const { id, low, high } = await insertProduct(sql)
    const [third] = await sql<{ id: number }[]>`
      insert into variants (product_id, sku, title) values (${id}, ${`THIRD-${id}`}, 'Third') returning id`
    let second: Promise<unknown> = Promise.resolve()
    await sql.begin(async (tx) => {
      await tx`update prices set currency = 'USD' where variant_id in (${low}, ${high})`
      second = sql`insert into prices (variant_id, amount, currency) values (${third?.id ?? 0}, 5, 'EUR')`.catch(
        (error: unknown) => error,
      )
      await someoneWaits(sql)
    })
    expect(await second).toMatchObject({ constraint_name: 'prices_one_currency' })
  })
})

describe('stock', () => {
  test('a quantity that does not flip availability leaves the product row as it is', async () => {
    const { id, low } = await insertProduct(database.sql)
    const before = await physical(id)
    await database.sql`update stock set quantity = quantity - 1 where variant_id = ${low}`
    await database.sql`update stock set quantity = 500 where variant_id = ${low}`
    await database.db
      .update(stock)
      .set({ quantity: raw`${stock.quantity} - 1` })
      .where(eq(stock.variantId, low))
    expect(await physical(id)).toEqual(before)
  })

  test('the last of a variant raises the version; the last of all variants sells the product out', async () => {
    const { id, low, high } = await insertProduct(database.sql)
    const { version } = await read(id)
    await database.sql`update stock set quantity = 0 where variant_id = ${low}`
    expect(await read(id)).toMatchObject({ inStock: true, version: version + 1 })
    await database.sql`update stock set quantity = 0 where variant_id = ${high}`
    expect(await read(id)).toMatchObject({ inStock: false, version: version + 2 })
    await database.sql`update stock set quantity = 1 where variant_id = ${high}`
    expect(await read(id)).toMatchObject({ inStock: true, version: version + 3 })
    await database.sql`delete from stock where variant_id = ${high}`
    expect(await read(id)).toMatchObject({ inStock: false, version: version + 4 })
    await database.sql`insert into stock values (${high}, 0)`
    expect(await read(id)).toMatchObject({ inStock: false, version: version + 4 })
  })

  // T1: low = 0, high still 3 ----------------------- commit
  //    T2: high = 0, waits for the product row ........ sees low = 0: sold out
  test('two transactions that sell out one variant each leave the product sold out', async () => {
    const { sql } = database
    const { id, low, high } = await insertProduct(sql)
    let second: Promise<unknown> = Promise.resolve()
    await sql.begin(async (tx) => {
      await tx`update stock set quantity = 0 where variant_id = ${low}`
      second = sql`update stock set quantity = 0 where variant_id = ${high}`.execute()
      await someoneWaits(sql)
    })
    await second
    expect(await read(id)).toMatchObject({ inStock: false })
  })
})

describe('the version of a product', () => {
  test.each([
    ['name', `'Renamed'`],
    ['slug', `'renamed'`],
    ['description', `'Described'`],
    ['brand', `'Branded'`],
    ['status', `'archived'`],
    ['category_id', '(select min(id) from categories)'],
  ])('grows by one when %s changes', async (column, value) => {
    await insertProduct(database.sql)
    const { id } = await insertProduct(database.sql)
    const { version } = await read(id)
    await database.sql.unsafe(`update products set ${column} = ${value} where id = ${id}`)
    expect((await read(id)).version).toBe(version + 1)
  })

  test('stays when nothing visible changes, popularity included', async () => {
    const { id } = await insertProduct(database.sql)
    const before = await read(id)
    await database.sql`update products set name = name, popularity = popularity + 1 where id = ${id}`
    expect(await read(id)).toEqual({ ...before, popularity: before.popularity + 1 })
  })

  test('grows once when the writer raises it himself', async () => {
    const { id } = await insertProduct(database.sql)
    const { version } = await read(id)
    await database.sql`update products set name = 'New', version = version + 1 where id = ${id}`
    expect((await read(id)).version).toBe(version + 1)
  })

  test('grows when a variant is renamed, added or removed', async () => {
    const { id, low } = await insertProduct(database.sql)
    const { version } = await read(id)
    await database.sql`update variants set title = 'Lowest' where id = ${low}`
    await database.sql`insert into variants (product_id, sku, title) values (${id}, ${`EXTRA-${id}`}, 'Extra')`
    await database.sql`delete from variants where sku = ${`EXTRA-${id}`}`
    expect((await read(id)).version).toBe(version + 3)
  })

  test('a product goes with its variants, prices, stock and reviews', async () => {
    const { id, low } = await insertProduct(database.sql)
    const customer = await insertCustomer(database.sql)
    await database.sql`insert into reviews (product_id, customer_id, rating, title) values (${id}, ${customer}, 5, 't')`
    await database.sql`delete from products where id = ${id}`
    expect([...(await database.sql`select 1 from prices where variant_id = ${low}`)]).toEqual([])
  })
})

describe('reviews', () => {
  test('average and count follow every insert, update and delete', async () => {
    const { sql } = database
    const { id } = await insertProduct(sql)
    const { version } = await read(id)
    const reviewers = [await insertCustomer(sql), await insertCustomer(sql), await insertCustomer(sql)]
    await sql`
      insert into reviews (product_id, customer_id, rating, title)
      select ${id}, customer, 4 + (customer % 2), 't' from unnest(${reviewers}::bigint[]) customer`
    const ratings = reviewers.map((customer) => 4 + (customer % 2))
    const mean = ratings.reduce((sum, rating) => sum + rating, 0) / 3
    expect(await read(id)).toMatchObject({
      ratingAverage: Number(mean.toFixed(2)),
      ratingScore: Number(mean.toFixed(2)),
      ratingCount: 3,
      version: version + 1,
    })
    await sql`update reviews set rating = 1 where product_id = ${id}`
    expect(await read(id)).toMatchObject({ ratingAverage: 1, ratingCount: 3 })
    await sql`delete from reviews where product_id = ${id}`
    expect(await read(id)).toMatchObject({ ratingAverage: null, ratingScore: 0, ratingCount: 0 })
  })

  test('a review that moves to another product leaves the first', async () => {
    const { sql } = database
    const [from, to] = [await insertProduct(sql), await insertProduct(sql)]
    const customer = await insertCustomer(sql)
    await sql`insert into reviews (product_id, customer_id, rating, title) values (${from.id}, ${customer}, 3, 't')`
    await sql`update reviews set product_id = ${to.id} where product_id = ${from.id}`
    expect((await read(from.id)).ratingCount).toBe(0)
    expect((await read(to.id)).ratingAverage).toBe(3)
  })
})

describe('categories', () => {
  const paths = async (prefix: string): Promise<unknown[]> =>
    (await database.sql`select path from categories where slug like ${`${prefix}%`} order by path`).map(
      ({ path }) => path,
    )

  async function plant(prefix: string): Promise<void> {
    await database.sql`insert into categories (slug, name) values (${`${prefix}a`}, 'a')`
    for (const [slug, parent] of [
      ['b', 'a'],
      ['c', 'b'],
      ['d', 'b'],
    ]) {
      await database.sql`
        insert into categories (slug, name, parent_id, path)
        values (${prefix + slug}, 'n', (select id from categories where slug = ${prefix + parent}), 'ignored')`
    }
  }
  const below = (tx: Database['sql'], child: string, parent: string) =>
    tx`update categories set parent_id = (select id from categories where slug = ${parent}) where slug = ${child}`

  test('a path is the slugs from the root, whatever the writer says', async () => {
    await plant('x')
    expect(await paths('x')).toEqual(['xa', 'xa/xb', 'xa/xb/xc', 'xa/xb/xd'])
  })

  test('renaming and moving take along what is below', async () => {
    await plant('y')
    await database.sql`update categories set slug = 'yz' where slug = 'yb'`
    expect(await paths('y')).toEqual(['ya', 'ya/yz', 'ya/yz/yc', 'ya/yz/yd'])
    await database.sql`update categories set parent_id = null where slug = 'yz'`
    expect(await paths('y')).toEqual(['ya', 'yz', 'yz/yc', 'yz/yd'])
  })

  test('a category cannot be moved below itself, at any depth', async () => {
    await plant('w')
    for (const child of ['wb', 'wc']) {
      await expect(below(database.sql, 'wa', child)).rejects.toMatchObject({ constraint_name: 'categories_no_ring' })
    }
  })

  // T1: a below e ------------------------ commit
  //    T2: e below a, waits .............. sees a below e: refused
  test('two moves at once cannot close a ring', async () => {
    const { sql } = database
    await sql`insert into categories (slug, name) values ('ra', 'a'), ('re', 'e')`
    let second: Promise<unknown> = Promise.resolve()
    await sql.begin(async (tx) => {
      await below(tx as never, 'ra', 're')
      second = below(sql, 're', 'ra').catch((error: unknown) => error)
      await someoneWaits(sql)
    })
    expect(await second).toMatchObject({ constraint_name: 'categories_no_ring' })
    expect(await paths('r')).toEqual(['re', 're/ra'])
  })

  // T1: rename a ------------------------- commit
  //    T2: insert f below a, waits ....... reads the new path
  test('a child inserted while its parent is renamed gets the new path', async () => {
    const { sql } = database
    await sql`insert into categories (slug, name) values ('qa', 'a')`
    const [parent] = await sql<{ id: number }[]>`select id from categories where slug = 'qa'`
    let second: Promise<unknown> = Promise.resolve()
    await sql.begin(async (tx) => {
      await tx`update categories set slug = 'qz' where slug = 'qa'`
      second = sql`insert into categories (slug, name, parent_id) values ('qf', 'f', ${parent?.id ?? 0})`.execute()
      await someoneWaits(sql)
    })
    await second
    expect(await paths('q')).toEqual(['qz', 'qz/qf'])
  })
})
