/**
 * Changes of the catalogue as data, so that a test can draw them at random, print them and shrink them.
 *
 * A change names its product or category by a number that is taken modulo those there are, so each is possible at any
 * time. Some are refused by a rule of the database, such as a category below itself; then nothing has changed.
 */

import type { Sql } from '@shop/db'
import fc from 'fast-check'

import type { ProductRepository } from '../src/products/repository.ts'

/** Those of the fixture and those that a change may give to a category. */
export const SLUGS = ['electronics', 'kitchen', 'audio', 'headphones', 'kettles', 'garden'] as const

const nth = fc.nat({ max: 11 })
/** On both sides of each border of a filter, in bands far apart, and the two ends. */
const amount = fc.constantFrom(0, 1, 999, 1000, 1999, 2000, 3000, 4999, 5000, 8999, 9000, 300_000, 2 ** 31 - 1)
const by = fc.constantFrom('sql' as const, 'repository' as const)

const kinds = {
  price: fc.record({ do: fc.constant('price' as const), product: nth, amount, by }),
  reprice: fc.record({
    do: fc.constant('reprice' as const),
    category: nth,
    percent: fc.constantFrom(10, 50, 100, 200),
  }),
  stock: fc.record({ do: fc.constant('stock' as const), product: nth, quantity: fc.constantFrom(0, 1, 7) }),
  status: fc.record({
    do: fc.constant('status' as const),
    product: nth,
    status: fc.constantFrom('active' as const, 'archived' as const),
    by,
  }),
  'category of a product': fc.record({
    do: fc.constant('category of a product' as const),
    product: nth,
    category: nth,
    by,
  }),
  name: fc.record({ do: fc.constant('name' as const), product: nth, name: fc.constantFrom('One', 'Two'), by }),
  'name of a category': fc.record({
    do: fc.constant('name of a category' as const),
    category: nth,
    name: fc.constantFrom('Three', 'Four'),
  }),
  'slug of a category': fc.record({
    do: fc.constant('slug of a category' as const),
    category: nth,
    slug: fc.constantFrom(...SLUGS),
  }),
  'parent of a category': fc.record({
    do: fc.constant('parent of a category' as const),
    category: nth,
    parent: fc.option(nth),
  }),
  'position of a category': fc.record({
    do: fc.constant('position of a category' as const),
    category: nth,
    position: fc.nat({ max: 9 }),
  }),
  insert: fc.record({ do: fc.constant('insert' as const), category: nth, amount, quantity: fc.nat({ max: 1 }) }),
  delete: fc.record({ do: fc.constant('delete' as const), product: nth }),
  review: fc.record({
    do: fc.constant('review' as const),
    product: nth,
    customer: nth,
    rating: fc.integer({ min: 1, max: 5 }),
  }),
  'no reviews': fc.record({ do: fc.constant('no reviews' as const), product: nth }),
  'drop a variant': fc.record({ do: fc.constant('drop a variant' as const), product: nth }),
}

export const anyChange = fc.oneof(...Object.values(kinds))
export type Change = typeof anyChange extends fc.Arbitrary<infer C> ? C : never

/** Carries out a change. Resolves when it is committed, or refused. */
export async function carryOut(change: Change, sql: Sql, products: ProductRepository): Promise<void> {
  try {
    await attempt(change, sql, products)
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
}

async function attempt(change: Change, sql: Sql, products: ProductRepository): Promise<void> {
  const product = 'product' in change ? await pick(sql, 'products', change.product) : 0
  const category = 'category' in change ? await pick(sql, 'categories', change.category) : 0
  const bySql = 'by' in change && change.by === 'sql'
  switch (change.do) {
    case 'price':
      if (!bySql) await products.setPrice(product, { amount: change.amount, currency: 'EUR' })
      else
        await sql`update prices set amount = ${change.amount}, compare_at = null
          where variant_id in (select id from variants where product_id = ${product})`
      return
    case 'reprice':
      await sql`update prices set amount = least(amount::bigint * ${change.percent} / 100, 2147483647), compare_at = null
        where variant_id in (select v.id from variants v join products p on p.id = v.product_id
          where p.category_id = ${category})`
      return
    case 'stock':
      await sql`update stock set quantity = ${change.quantity}
        where variant_id in (select id from variants where product_id = ${product})`
      return
    case 'status':
      if (bySql) await sql`update products set status = ${change.status} where id = ${product}`
      else await products.update(product, { status: change.status })
      return
    case 'category of a product':
      if (bySql) await sql`update products set category_id = ${category} where id = ${product}`
      else await products.update(product, { categoryId: category })
      return
    case 'name':
      if (bySql) await sql`update products set name = ${change.name} where id = ${product}`
      else await products.update(product, { name: change.name })
      return
    case 'name of a category':
      await sql`update categories set name = ${change.name} where id = ${category}`
      return
    case 'slug of a category':
      await sql`update categories set slug = ${change.slug} where id = ${category}`
      return
    case 'parent of a category': {
      const parent = change.parent === null ? null : await pick(sql, 'categories', change.parent)
      await sql`update categories set parent_id = ${parent} where id = ${category}`
      return
    }
    case 'position of a category':
      await sql`update categories set position = ${change.position} where id = ${category}`
      return
    case 'insert':
      await insertProduct(sql, category, change)
      return
    case 'delete':
      await sql`delete from products where id = ${product}`
      return
    case 'review':
      await sql`insert into reviews (product_id, customer_id, rating, title)
        values (${product}, ${await pick(sql, 'customers', change.customer)}, ${change.rating}, 'A review')
        on conflict (product_id, customer_id) do update set rating = excluded.rating`
      return
    case 'no reviews':
      await sql`delete from reviews where product_id = ${product}`
      return
    case 'drop a variant':
      await sql`delete from variants where id = (
        select id from variants where product_id = ${product} order by position desc limit 1)`
      return
    default:
      change satisfies never
  }
}

let inserted = 0

/** An active product of one variant. */
export async function insertProduct(
  sql: Sql,
  category: number,
  { amount, quantity }: { readonly amount: number; readonly quantity: number },
): Promise<number> {
  const name = `new-${++inserted}`
  return sql.begin(async (tx) => {
    const [product] = await tx<{ id: number }[]>`insert into products (slug, name, brand, category_id)
      values (${name}, ${name}, 'Nordic', ${category}) returning id`
    const id = product?.id ?? 0
    const [variant] = await tx<{ id: number }[]>`insert into variants (product_id, sku, title)
      values (${id}, ${name.toUpperCase()}, 'One') returning id`
    await tx`insert into prices (variant_id, amount, currency) values (${variant?.id ?? 0}, ${amount}, 'EUR')`
    await tx`insert into stock (variant_id, quantity) values (${variant?.id ?? 0}, ${quantity})`
    await tx`update products set status = 'active' where id = ${id}`
    return id
  })
}

/** 0 when there is none, which no row has. */
async function pick(sql: Sql, table: 'products' | 'categories' | 'customers', place: number): Promise<number> {
  const ids = await sql<{ id: number }[]>`select id from ${sql(table)} order by id`
  return ids[place % ids.length]?.id ?? 0
}

/** A class 23 error: a constraint or a rule of a trigger said no. */
function isRefusal(error: unknown): boolean {
  const refused = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return refused instanceof Error && 'code' in refused && String(refused.code).startsWith('23')
}
