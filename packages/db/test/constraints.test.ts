/** Every rule of the schema refuses the row that breaks it, and says which rule it was. */

import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'

import { insertCustomer, insertProduct, useDatabase } from './database.ts'

const database = useDatabase()
let product: Awaited<ReturnType<typeof insertProduct>>
let other: Awaited<ReturnType<typeof insertProduct>>
let customer: number

beforeAll(async () => {
  product = await insertProduct(database.sql)
  other = await insertProduct(database.sql)
  customer = await insertCustomer(database.sql)
})

/** The name of the rule that refuses the statement, or "accepted". Nothing is kept either way. */
async function refusal(statement: string): Promise<string> {
  const filled = statement
    .replaceAll('$product', String(product.id))
    .replaceAll('$other', String(other.id))
    .replaceAll('$category', String(product.categoryId))
    .replaceAll('$low', String(product.low))
    .replaceAll('$high', String(product.high))
    .replaceAll('$customer', String(customer))
  const keepNothing = new Error('rolled back')
  try {
    await database.sql.begin(async (tx) => {
      await tx.unsafe(filled)
      await tx.unsafe('set constraints all immediate')
      throw keepNothing
    })
  } catch (error) {
    if (error === keepNothing) return 'accepted'
    const { constraint_name, column_name, code, message } = error as Record<string, string | undefined>
    return constraint_name ?? (code === '23502' ? `${column_name} is null` : `${code} ${message}`)
  }
  return 'unreachable'
}

/** One test per row: a statement and the rule that refuses it. */
function each(rows: readonly (readonly [statement: string, rule: string])[]): void {
  for (const [statement, rule] of rows) {
    const text = statement.replaceAll(/\s+/g, ' ')
    const shown = text.length > 120 ? `… ${text.slice(-120)}` : text
    test(rule === 'accepted' ? `accepted: ${shown}` : `${rule} refuses: ${shown}`, async () => {
      expect(await refusal(statement)).toBe(rule)
    })
  }
}

const category = (values: string): string =>
  `insert into categories (slug, name, parent_id, position) values (${values})`
const goods = (column: string, value: string): string => `update products set ${column} = ${value} where id = $product`
const order = (columns: string, values: string): string =>
  `with o as (insert into orders (customer_id, idempotency_key, currency, items_amount, total_amount${columns})
     values ($customer, 'k', ${values}) returning id)
   insert into order_lines (order_id, position, variant_id, quantity, unit_amount) select id, 1, $low, 1, 1000 from o`

describe('categories', () => {
  each([
    [category(`'Upper', 'n', null, 0`), 'categories_slug_shape'],
    [category(`'a/b', 'n', null, 0`), 'categories_slug_shape'],
    [category(`'-a', 'n', null, 0`), 'categories_slug_shape'],
    [category(`repeat('a', 81), 'n', null, 0`), 'categories_slug_shape'],
    [category(`'s', '  ', null, 0`), 'categories_name_present'],
    [category(`'s', 'n', null, -1`), 'categories_position_positive'],
    [category(`'s', 'n', 999999, 0`), 'categories_parent_id_categories_id_fk'],
    [category(`(select slug from categories where id = $category), 'n', null, 0`), 'categories_slug_unique'],
    ['update categories set parent_id = id where id = $category', 'categories_no_ring'],
    ['delete from categories where id = $category', 'products_category_id_categories_id_fk'],
    [
      `do $do$ declare parent bigint; begin
         for level in 1..7 loop
           insert into categories (slug, name, parent_id) values (level || repeat('x', 79), 'n', parent) returning id into parent;
         end loop;
       end $do$`,
      'categories_path_short',
    ],
    [category(`'s', 'n', $category, 0`), 'accepted'],
  ])
})

describe('products', () => {
  each([
    [goods('slug', `'With Space'`), 'products_slug_shape'],
    [goods('slug', '(select slug from products where id = $other)'), 'products_slug_unique'],
    [goods('name', `' '`), 'products_name_present'],
    [goods('description', `repeat('x', 10001)`), 'products_description_short'],
    [goods('brand', `''`), 'products_brand_present'],
    [goods('category_id', '999999'), 'products_category_id_categories_id_fk'],
    [goods('status', `'deleted'`), 'products_status_known'],
    [goods('price_amount', '-1'), 'products_price_positive'],
    [goods('price_amount', 'null, currency = null'), 'products_active_has_price'],
    [goods('price_compare_at', '1000'), 'products_compare_at_above_price'],
    [goods('currency', 'null'), 'products_price_has_currency'],
    [goods('currency', `'eur'`), 'products_currency_shape'],
    [goods('rating_average', '5.01, rating_count = 1'), 'products_rating_range'],
    [goods('rating_average', '0.99, rating_count = 1'), 'products_rating_range'],
    [goods('rating_average', '4'), 'products_rating_counted'],
    [goods('rating_count', '1'), 'products_rating_counted'],
    [goods('rating_count', '-1'), 'products_rating_counted'],
    [goods('popularity', '-0.1'), 'products_popularity_positive'],
    [goods('popularity', `'NaN'`), 'products_popularity_positive'],
    [goods('popularity', `'Infinity'`), 'products_popularity_positive'],
    [goods('version', 'version - 1'), 'products_version_grows'],
    [goods('updated_at', `created_at - interval '1 second'`), 'products_updated_after_created'],
    ['delete from prices where variant_id in ($low, $high)', 'products_active_has_price'],
    [
      `insert into products (slug, name, category_id, brand, status) values ('s', 'n', $category, 'b', 'active')`,
      'products_active_has_price',
    ],
    [
      `insert into products (slug, name, category_id, brand, version) values ('s', 'n', $category, 'b', 0)`,
      'products_version_positive',
    ],
    [`insert into products (slug, name, category_id, brand) values ('s', 'n', $category, 'b')`, 'accepted'],
    [goods('slug', `'without-space'`), 'accepted'],
  ])
})

describe('variants, prices and stock', () => {
  const price = (set: string): string => `update prices set ${set} where variant_id = $low`
  each([
    [`update variants set sku = 'lower' where id = $low`, 'variants_sku_shape'],
    [`update variants set sku = (select sku from variants where id = $high) where id = $low`, 'variants_sku_unique'],
    [`update variants set title = '' where id = $low`, 'variants_title_present'],
    [`update variants set attributes = '[]' where id = $low`, 'variants_attributes_object'],
    ['update variants set position = -1 where id = $low', 'variants_position_positive'],
    ['update variants set product_id = $other where id = $low', 'variants_stay'],
    [`insert into variants (product_id, sku, title) values (999999, 'S', 't')`, 'variants_product_id_products_id_fk'],
    [price('amount = -1'), 'prices_amount_positive'],
    [price(`currency = 'eur'`), 'prices_currency_shape'],
    [price(`currency = 'E1R'`), 'prices_currency_shape'],
    [price(`currency = 'USD'`), 'prices_one_currency'],
    [price('compare_at = amount'), 'prices_compare_at_above_amount'],
    [price('variant_id = 999999'), 'prices_variant_stays'],
    [`insert into prices values ($low, 1, 'EUR')`, 'prices_pkey'],
    [`insert into prices values (999999, 1, 'EUR')`, 'prices_variant_id_variants_id_fk'],
    ['update stock set quantity = quantity - 4 where variant_id = $low', 'stock_quantity_positive'],
    ['update stock set variant_id = 999999 where variant_id = $low', 'stock_variant_stays'],
    ['insert into stock values (999999, 1)', 'stock_variant_id_variants_id_fk'],
    [`update prices set currency = 'USD' where variant_id in ($low, $high)`, 'accepted'],
    [price('amount = 0, compare_at = 1'), 'accepted'],
    ['update stock set quantity = quantity - 3 where variant_id = $low', 'accepted'],
  ])
})

describe('customers and reviews', () => {
  const person = (email: string): string => `insert into customers (email, name) values ('${email}', 'n')`
  const review = (values: string): string =>
    `insert into reviews (product_id, customer_id, rating, title) values (${values})`
  each([
    [person('no-at-sign'), 'customers_email_shape'],
    [person('two words@example.com'), 'customers_email_shape'],
    [person('Upper@example.com'), 'customers_email_lower_case'],
    [`${person('same@example.com')}; ${person('same@example.com')}`, 'customers_email_unique'],
    [`insert into customers (email, name) values ('a@b', '')`, 'customers_name_present'],
    [review(`$product, $customer, 0, 't'`), 'reviews_rating_range'],
    [review(`$product, $customer, 6, 't'`), 'reviews_rating_range'],
    [review(`$product, $customer, 5, ' '`), 'reviews_title_present'],
    [
      `insert into reviews (product_id, customer_id, rating, title, body)
       values ($product, $customer, 5, 't', repeat('x', 10001))`,
      'reviews_body_short',
    ],
    [review(`999999, $customer, 5, 't'`), 'reviews_product_id_products_id_fk'],
    [review(`$product, 999999, 5, 't'`), 'reviews_customer_id_customers_id_fk'],
    [`${review(`$product, $customer, 5, 't'`)}, ($product, $customer, 4, 't')`, 'reviews_one_per_customer'],
    [review(`$product, $customer, 1, 't'`), 'accepted'],
    [review(`$product, $customer, 5, 't'`), 'accepted'],
  ])
})

describe('orders', () => {
  each([
    [order('', `'EUR', 1000, 1000`), 'accepted'],
    [order(', shipping_amount', `'EUR', 1000, 1499, 499`), 'accepted'],
    [order('', `'EUR', 1000, 1001`), 'orders_total_adds_up'],
    [order('', `'EUR', 999, 999`), 'orders_lines_add_up'],
    [order('', `'eur', 1000, 1000`), 'orders_currency_shape'],
    [order(', shipping_amount', `'EUR', 1000, 999, -1`), 'orders_amounts_positive'],
    [order(', status', `'EUR', 1000, 1000, 'lost'`), 'orders_status_known'],
    [order('', `'EUR', 1000, 1000`).replace(`'k'`, `''`), 'orders_idempotency_key_shape'],
    [order(', fingerprint', `'EUR', 1000, 1000, 'no-sha-256'`), 'orders_fingerprint_shape'],
    [`${order('', `'EUR', 1000, 1000`)}; ${order('', `'EUR', 1000, 1000`)}`, 'orders_idempotency_key_unique'],
    [order('', `'EUR', 1000, 1000`).replace('$customer', '999999'), 'orders_customer_id_customers_id_fk'],
    [order('', `'EUR', 1000, 1000`).replace('$low', '999999'), 'order_lines_variant_id_variants_id_fk'],
    [order('', `'EUR', 0, 0`).replace('id, 1, $low, 1', 'id, 1, $low, 0'), 'order_lines_quantity_positive'],
    [order('', `'EUR', 0, 0`).replace('id, 1,', 'id, 0,'), 'order_lines_position_positive'],
    [order('', `'EUR', 0, 0`).replace('1, 1000 from', '1, -1 from'), 'order_lines_unit_amount_positive'],
    [`${order('', `'EUR', 1000, 1000`)}; delete from order_lines`, 'orders_lines_add_up'],
    [`${order('', `'EUR', 1000, 1000`)}; update order_lines set quantity = 2`, 'orders_lines_add_up'],
    [`${order('', `'EUR', 1000, 1000`)}; update orders set items_amount = 5, total_amount = 5`, 'orders_lines_add_up'],
    [`${order('', `'EUR', 1000, 1000`)}; update order_lines set order_id = gen_random_uuid()`, 'order_lines_stay'],
    [
      `${order('', `'EUR', 1000, 1000`)};
       insert into order_lines (order_id, position, variant_id, quantity, unit_amount)
       select order_id, 2, variant_id, 1, 0 from order_lines`,
      'order_lines_variant_once',
    ],
    [
      `${order('', `'EUR', 1000, 1000`)}; delete from customers where id = $customer`,
      'orders_customer_id_customers_id_fk',
    ],
    [
      `${order('', `'EUR', 1000, 1000`)}; delete from products where id = $product`,
      'order_lines_variant_id_variants_id_fk',
    ],
    [
      `insert into order_lines (order_id, position, variant_id, quantity, unit_amount)
       values (gen_random_uuid(), 1, $low, 1, 1)`,
      'order_lines_order_id_fk',
    ],
    [`${order('', `'EUR', 1000, 1000`)}; delete from orders`, 'accepted'],
    [
      `insert into orders (customer_id, idempotency_key, currency, items_amount, total_amount)
       values ($customer, 'k', 'EUR', 0, 0)`,
      'orders_lines_add_up',
    ],
  ])
})

describe('traffic', () => {
  each([
    [
      'insert into product_traffic (product_id, reads, counted_at) values (999999, 1, now())',
      'product_traffic_product_id_products_id_fk',
    ],
    [
      `insert into product_traffic (product_id, reads, counted_at) values ($product, 1, now());
       delete from products where id = $product`,
      'accepted',
    ],
  ])
})

describe('outbox', () => {
  const row = (tags: string): string => `insert into outbox (tags, source) values (${tags}, 'by hand')`
  each([
    [row(`array['product:1']`), 'accepted'],
    [row(`array[repeat('x', 256)]`), 'accepted'],
    [row(`array[repeat('x', 257)]`), 'outbox_tags_usable'],
    [row(`array['product:1', '']`), 'outbox_tags_usable'],
    [row(`array['product:1', null]`), 'outbox_tags_usable'],
    [row(`array[]::text[]`), 'outbox_tags_usable'],
  ])
})

test('a seed is recorded once, under a known size', async () => {
  const run = (values: string): string => `insert into seed_runs (single_row, size, version) values (${values})`
  expect(await refusal(run(`true, 'huge', 1`))).toBe('seed_runs_size_known')
  expect(await refusal(run(`false, 'tiny', 1`))).toBe('seed_runs_one_row')
  expect(await refusal(`${run(`true, 'tiny', 1`)}, (true, 'demo', 1)`)).toBe('seed_runs_pkey')
})

test('every rule that the schema names has a row here that it refuses', async () => {
  // No row can reach these: paths are made of unique slugs, and a trigger refuses the second with a clearer message.
  const unreachable = ['categories_path_unique', 'categories_not_own_parent']
  const suite = readFileSync(new URL(import.meta.url), 'utf8')
  const rules = await database.sql<{ conname: string }[]>`
    select conname from pg_constraint
    where connamespace = 'public'::regnamespace and contype in ('c', 'u', 'f')`
  const untested = rules.map(({ conname }) => conname).filter((name) => !suite.includes(`'${name}'`))
  expect(untested.filter((name) => !unreachable.includes(name))).toEqual([])
})
