/**
 * The shop the tests know by heart: eleven products in five categories.
 *
 * The same rows go into Postgres and into the double, and get the same ids there: a product's id is its place here,
 * counted from 1.
 */

import type { Sql } from '@shop/db'

export interface FixtureCategory {
  readonly slug: string
  readonly name: string
  readonly parent?: string
}

interface FixtureVariant {
  readonly sku: string
  readonly title: string
  readonly attributes: Readonly<Record<string, string>>
  readonly amount: number
  readonly compareAt?: number
  readonly quantity: number
}

interface FixtureProduct {
  readonly slug: string
  readonly name: string
  readonly brand: string
  readonly description: string
  readonly category: string
  readonly status: 'active' | 'archived'
  readonly popularity: number
  readonly createdAt: string
  readonly ratings: readonly number[]
  readonly currency: string
  readonly variants: readonly FixtureVariant[]
}

export const CATEGORIES: readonly FixtureCategory[] = [
  { slug: 'electronics', name: 'Electronics' },
  { slug: 'kitchen', name: 'Kitchen' },
  { slug: 'audio', name: 'Audio', parent: 'electronics' },
  { slug: 'headphones', name: 'Headphones', parent: 'audio' },
  { slug: 'kettles', name: 'Kettles', parent: 'kitchen' },
]

function product(
  slug: string,
  category: string,
  popularity: number,
  day: number,
  variants: readonly FixtureVariant[],
  rest: Partial<FixtureProduct> = {},
): FixtureProduct {
  return {
    slug,
    name: slug.replaceAll('-', ' '),
    brand: 'Nordic',
    description: `All about ${slug}.`,
    category,
    status: 'active',
    popularity,
    createdAt: new Date(Date.UTC(2026, 0, day)).toISOString(),
    ratings: [],
    currency: 'EUR',
    variants,
    ...rest,
  }
}

function variant(sku: string, amount: number, rest: Partial<FixtureVariant> = {}): FixtureVariant {
  return { sku, title: sku, attributes: {}, amount, quantity: 5, ...rest }
}

export const PRODUCTS: readonly FixtureProduct[] = [
  product('kettle-steel', 'kettles', 90, 1, [variant('KS-1', 2999), variant('KS-2', 3499, { quantity: 0 })], {
    ratings: [5, 4],
  }),
  product('kettle-glass', 'kettles', 80, 2, [variant('KG-1', 1999, { compareAt: 2499 })], { ratings: [3] }),
  product('kettle-tin', 'kettles', 80, 3, [variant('KT-1', 999, { quantity: 0 })]),
  product('headphones-over', 'headphones', 70, 4, [variant('HO-1', 19_999)], { ratings: [5] }),
  product('headphones-in', 'headphones', 60, 5, [variant('HI-1', 4999), variant('HI-2', 4999, { quantity: 0 })], {
    ratings: [2, 3],
  }),
  product('headphones-on', 'headphones', 50, 5, [variant('HN-1', 4999)]),
  product('speaker', 'audio', 40, 7, [variant('SP-1', 8999, { attributes: { colour: 'black' } })], { ratings: [4, 5] }),
  product('soundbar', 'audio', 30, 8, [variant('SB-1', 29_999)]),
  product('torch', 'electronics', 20, 9, [variant('TO-1', 1499)], { currency: 'USD' }),
  product('ladle', 'kitchen', 10, 10, [variant('LA-1', 0)], { ratings: [4] }),
  product('walkman', 'audio', 99, 6, [variant('WM-1', 5999)], { status: 'archived' }),
]

/** `fixtureId('kettle-steel')` is the id of that product. */
export function fixtureId(slug: string): number {
  const index = PRODUCTS.findIndex((entry) => entry.slug === slug)
  if (index < 0) throw new Error(`The fixture has no product ${slug}`)
  return index + 1
}

const placeOf = (slug: string | undefined) => CATEGORIES.findIndex((entry) => entry.slug === slug) + 1

/** A statement per table: it runs before every test that writes. Ids are places, as they are given in order from 1. */
const ROWS = {
  categories: CATEGORIES.map(({ slug, name, parent }, position) => ({
    slug,
    name,
    position,
    parent_id: parent === undefined ? null : placeOf(parent),
  })),
  customers: [1, 2].map((n) => ({ email: `customer-${n}@example.com`, name: `Customer ${n}` })),
  products: PRODUCTS.map(({ slug, name, brand, description, category, popularity, createdAt }) => ({
    slug,
    name,
    brand,
    description,
    category_id: placeOf(category),
    popularity,
    created_at: createdAt,
    updated_at: createdAt,
  })),
  variants: PRODUCTS.flatMap(({ variants }, index) =>
    variants.map(({ sku, title, attributes }, position) => ({
      product_id: index + 1,
      sku,
      title,
      attributes: { ...attributes },
      position,
    })),
  ),
  prices: PRODUCTS.flatMap(({ variants, currency }) => variants.map((entry) => ({ ...entry, currency }))).map(
    ({ amount, currency, compareAt }, index) => ({
      variant_id: index + 1,
      amount,
      currency,
      compare_at: compareAt ?? null,
    }),
  ),
  stock: PRODUCTS.flatMap(({ variants }) => variants).map(({ quantity }, index) => ({
    variant_id: index + 1,
    quantity,
  })),
  reviews: PRODUCTS.flatMap(({ ratings }, index) =>
    ratings.map((rating, reviewer) => ({
      product_id: index + 1,
      customer_id: reviewer + 1,
      rating,
      title: 'A review',
    })),
  ),
}

/** Empties the database and fills it with the fixture. */
export async function insertFixture(sql: Sql): Promise<void> {
  await sql.begin(async (tx) => {
    // Without triggers and by delete: a tenth of what truncate takes on tables this small.
    await tx`set local session_replication_role = replica`
    for (const table of Object.keys(ROWS).toReversed()) await tx`delete from ${tx(table)}`
    await tx`select setval(pg_get_serial_sequence(name, 'id'), 1, false)
      from unnest(array['categories', 'customers', 'products', 'variants', 'reviews']) name`
    await tx`set local session_replication_role = default`
    for (const [table, rows] of Object.entries(ROWS)) await tx`insert into ${tx(table)} ${tx(rows as object[])}`
    await tx`update products set status = 'active'
      where slug = any(${PRODUCTS.filter(({ status }) => status === 'active').map(({ slug }) => slug)})`
  })
}
