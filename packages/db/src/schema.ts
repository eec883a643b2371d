/**
 * The tables of the shop, and the rules each row keeps.
 *
 * The database refuses bad rows by itself: a rule that a check, a unique index or a foreign key can say is said
 * there, and the rest by triggers (migrations/0001_rules.sql). Names of constraints are part of the contract, because
 * code that wants to answer a violation kindly matches on them.
 *
 * Conventions:
 * - Money is an integer in minor units. A product has one currency in all its variants.
 * - Instants have millisecond precision, so that a JavaScript `Date` holds them exactly and may be a cursor.
 * - `price_amount`, `price_compare_at`, `currency`, `in_stock`, `rating_average` and `rating_count` of a product are
 *   derived from its variants and reviews. Triggers write them; nothing else may.
 * - `version` of a product grows with every change of what it shows of itself, and never shrinks. A quantity that falls
 *   from 7 to 6 is no such change; one that falls to 0 is. The name and slug of its category are shown too and do not
 *   count: nothing changes them yet, and what comes to must not rely on `version` as an entity tag.
 *
 * Lists read active products only, and their indexes hold nothing else. A query reaches them when the planner can see
 * `status = 'active'`; in a named prepared statement write that condition as a literal, not as a parameter.
 *
 * The materialized views are in src/aggregates.ts.
 */

import { sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  bigint,
  boolean,
  char,
  check,
  customType,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  unique,
  uuid,
} from 'drizzle-orm/pg-core'

const id = () => bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity()
const reference = (name: string) => bigint(name, { mode: 'number' })
const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: 'date' })

/** Words, each with its places and weights. Searches match it; nobody reads it. */
const weightedWords = customType<{ data: string }>({ dataType: () => 'tsvector' })

/** The id of a transaction, which never comes again. As text: nobody counts with it. */
const transactionId = customType<{ data: string }>({ dataType: () => 'xid8' })

const slugPattern = sql.raw(`'^[a-z0-9]+(-[a-z0-9]+)*$'`)
const currencyPattern = sql.raw(`'^[A-Z]{3}$'`)

/** A tree. `path` holds the slugs from the root, so `electronics/audio` and everything below it share a prefix. */
export const categories = pgTable(
  'categories',
  {
    id: id(),
    parentId: reference('parent_id').references((): AnyPgColumn => categories.id, { onDelete: 'restrict' }),
    slug: text('slug').notNull(),
    name: text('name').notNull(),
    /** Written by a trigger from the parent's path and the slug; what a caller writes here is ignored. */
    path: text('path').notNull().default(''),
    position: integer('position').notNull().default(0),
  },
  (t) => [
    unique('categories_slug_unique').on(t.slug),
    unique('categories_path_unique').on(t.path),
    // text_pattern_ops, so that `path like 'electronics/%'` is a range of the index under every collation.
    index('categories_path_prefix').on(t.path.op('text_pattern_ops')),
    index('categories_parent').on(t.parentId, t.position),
    check('categories_not_own_parent', sql`${t.parentId} <> ${t.id}`),
    check('categories_slug_shape', sql`${t.slug} ~ ${slugPattern} and length(${t.slug}) <= 80`),
    check('categories_name_present', sql`length(trim(${t.name})) between 1 and 120`),
    check('categories_path_short', sql`length(${t.path}) <= 500`),
    check('categories_position_positive', sql`${t.position} >= 0`),
  ],
)

export const products = pgTable(
  'products',
  {
    id: id(),
    slug: text('slug').notNull(),
    name: text('name').notNull(),
    description: text('description').notNull().default(''),
    categoryId: reference('category_id')
      .notNull()
      .references(() => categories.id, { onDelete: 'restrict' }),
    brand: text('brand').notNull(),
    /** `archived` products are in no list. A product without a price can only be archived. */
    status: text('status', { enum: ['active', 'archived'] })
      .notNull()
      .default('archived'),
    /** The lowest price of its variants; null while there is none. Derived. */
    priceAmount: integer('price_amount'),
    /** What the cheapest variant cost before, if it is reduced. Derived. */
    priceCompareAt: integer('price_compare_at'),
    /** The one currency of its variants. Derived. */
    currency: char('currency', { length: 3 }),
    /** Whether any variant can be bought. Derived. */
    inStock: boolean('in_stock').notNull().default(false),
    /** Null without reviews. Derived. */
    ratingAverage: numeric('rating_average', { precision: 3, scale: 2, mode: 'number' }),
    ratingCount: integer('rating_count').notNull().default(0),
    /** `rating_average`, or 0 without reviews: a sort key that is never null, which keyset paging needs. */
    ratingScore: numeric('rating_score', { precision: 3, scale: 2, mode: 'number' })
      .notNull()
      .generatedAlwaysAs(sql`coalesce(rating_average, 0)`),
    /** Weight for the order `popular`. Not part of a product's representation: changing it does not bump `version`. */
    popularity: doublePrecision('popularity').notNull().default(0),
    /** The words by which a search finds it: those of its name, its brand and its description, in this order of weight. */
    search: weightedWords('search').notNull().generatedAlwaysAs(sql`search_words(name, brand, description)`),
    /** Grows with every visible change but those of its category. The entity tag of a product is made of it. */
    version: integer('version').notNull().default(1),
    createdAt: instant('created_at').notNull().default(sql`now()`),
    updatedAt: instant('updated_at').notNull().default(sql`now()`),
  },
  (t) => [
    unique('products_slug_unique').on(t.slug),
    // One index per order, and one per order within a category. Ascending: a list that descends reads them backwards.
    // in_stock is in none of them: few products are sold out, so filtering costs little, and a flip stays a cheap
    // heap-only update.
    index('products_popular').on(t.popularity, t.id).where(sql`status = 'active'`),
    index('products_newest').on(t.createdAt, t.id).where(sql`status = 'active'`),
    index('products_price').on(t.priceAmount, t.id).where(sql`status = 'active'`),
    index('products_rating').on(t.ratingScore, t.id).where(sql`status = 'active'`),
    index('products_category_popular').on(t.categoryId, t.popularity, t.id).where(sql`status = 'active'`),
    index('products_category_newest').on(t.categoryId, t.createdAt, t.id).where(sql`status = 'active'`),
    index('products_category_price').on(t.categoryId, t.priceAmount, t.id).where(sql`status = 'active'`),
    index('products_category_rating').on(t.categoryId, t.ratingScore, t.id).where(sql`status = 'active'`),
    index('products_search').using('gin', t.search).where(sql`status = 'active'`),
    check('products_slug_shape', sql`${t.slug} ~ ${slugPattern} and length(${t.slug}) <= 200`),
    check('products_name_present', sql`length(trim(${t.name})) between 1 and 200`),
    check('products_description_short', sql`length(${t.description}) <= 10000`),
    check('products_brand_present', sql`length(trim(${t.brand})) between 1 and 80`),
    check('products_status_known', sql`${t.status} in ('active', 'archived')`),
    check('products_active_has_price', sql`${t.status} <> 'active' or ${t.priceAmount} is not null`),
    check('products_price_positive', sql`${t.priceAmount} >= 0`),
    check('products_compare_at_above_price', sql`${t.priceCompareAt} > ${t.priceAmount}`),
    check('products_price_has_currency', sql`(${t.priceAmount} is null) = (${t.currency} is null)`),
    check('products_currency_shape', sql`${t.currency} ~ ${currencyPattern}`),
    check('products_rating_range', sql`${t.ratingAverage} between 1 and 5`),
    check(
      'products_rating_counted',
      sql`${t.ratingCount} >= 0 and (${t.ratingCount} = 0) = (${t.ratingAverage} is null)`,
    ),
    check('products_popularity_positive', sql`${t.popularity} >= 0 and ${t.popularity} < 'Infinity'`),
    check('products_version_positive', sql`${t.version} >= 1`),
    check('products_updated_after_created', sql`${t.updatedAt} >= ${t.createdAt}`),
  ],
)

/** What one can put in a basket: a size, a colour. Stays with its product for life. */
export const variants = pgTable(
  'variants',
  {
    id: id(),
    productId: reference('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'cascade' }),
    sku: text('sku').notNull(),
    title: text('title').notNull(),
    attributes: jsonb('attributes').$type<Readonly<Record<string, string>>>().notNull().default({}),
    position: integer('position').notNull().default(0),
  },
  (t) => [
    unique('variants_sku_unique').on(t.sku),
    index('variants_product').on(t.productId, t.position, t.id),
    check('variants_sku_shape', sql`${t.sku} ~ '^[A-Z0-9]+(-[A-Z0-9]+)*$' and length(${t.sku}) <= 60`),
    check('variants_title_present', sql`length(trim(${t.title})) between 1 and 120`),
    check('variants_attributes_object', sql`jsonb_typeof(${t.attributes}) = 'object'`),
    check('variants_position_positive', sql`${t.position} >= 0`),
  ],
)

/** The price of a variant now. Every price of one product changes currency in one statement, or not at all. */
export const prices = pgTable(
  'prices',
  {
    variantId: reference('variant_id')
      .primaryKey()
      .references(() => variants.id, { onDelete: 'cascade' }),
    amount: integer('amount').notNull(),
    currency: char('currency', { length: 3 }).notNull(),
    /** The price before a reduction. Must stay above `amount`: raising the price above it means clearing it. */
    compareAt: integer('compare_at'),
    /** When amount, currency or compare_at last changed; kept by a trigger. */
    updatedAt: instant('updated_at').notNull().default(sql`now()`),
  },
  (t) => [
    check('prices_amount_positive', sql`${t.amount} >= 0`),
    check('prices_currency_shape', sql`${t.currency} ~ ${currencyPattern}`),
    check('prices_compare_at_above_amount', sql`${t.compareAt} > ${t.amount}`),
  ],
)

export const stock = pgTable(
  'stock',
  {
    variantId: reference('variant_id')
      .primaryKey()
      .references(() => variants.id, { onDelete: 'cascade' }),
    quantity: integer('quantity').notNull(),
  },
  (t) => [check('stock_quantity_positive', sql`${t.quantity} >= 0`)],
)

export const customers = pgTable(
  'customers',
  {
    id: id(),
    email: text('email').notNull(),
    name: text('name').notNull(),
    createdAt: instant('created_at').notNull().default(sql`now()`),
  },
  (t) => [
    unique('customers_email_unique').on(t.email),
    check('customers_email_shape', sql`${t.email} ~ '^[^@\\s]+@[^@\\s]+$' and length(${t.email}) <= 254`),
    check('customers_email_lower_case', sql`${t.email} = lower(${t.email})`),
    check('customers_name_present', sql`length(trim(${t.name})) between 1 and 120`),
  ],
)

/** A customer reviews a product once. */
export const reviews = pgTable(
  'reviews',
  {
    id: id(),
    productId: reference('product_id')
      .notNull()
      .references(() => products.id, { onDelete: 'cascade' }),
    customerId: reference('customer_id')
      .notNull()
      .references(() => customers.id, { onDelete: 'cascade' }),
    rating: smallint('rating').notNull(),
    title: text('title').notNull(),
    body: text('body').notNull().default(''),
    createdAt: instant('created_at').notNull().default(sql`now()`),
  },
  (t) => [
    unique('reviews_one_per_customer').on(t.productId, t.customerId),
    index('reviews_product_newest').on(t.productId, t.createdAt, t.id),
    index('reviews_customer').on(t.customerId),
    check('reviews_rating_range', sql`${t.rating} between 1 and 5`),
    check('reviews_title_present', sql`length(trim(${t.title})) between 1 and 200`),
    check('reviews_body_short', sql`length(${t.body}) <= 10000`),
  ],
)

/** `items_amount` is the sum of the lines: checked when the transaction commits, so a whole order is written at once. */
export const orders = pgTable(
  'orders',
  {
    id: uuid('id').primaryKey().default(sql`gen_random_uuid()`),
    customerId: reference('customer_id')
      .notNull()
      .references(() => customers.id, { onDelete: 'restrict' }),
    /** What the client sent so that a repeated request makes no second order. */
    idempotencyKey: text('idempotency_key').notNull(),
    /** SHA-256 of what came with the key, so that the same key with something else is told. Null: not known. */
    fingerprint: text('fingerprint'),
    status: text('status', { enum: ['placed', 'paid', 'shipped', 'cancelled'] })
      .notNull()
      .default('placed'),
    currency: char('currency', { length: 3 }).notNull(),
    itemsAmount: bigint('items_amount', { mode: 'number' }).notNull(),
    shippingAmount: integer('shipping_amount').notNull().default(0),
    totalAmount: bigint('total_amount', { mode: 'number' }).notNull(),
    createdAt: instant('created_at').notNull().default(sql`now()`),
  },
  (t) => [
    unique('orders_idempotency_key_unique').on(t.customerId, t.idempotencyKey),
    index('orders_customer_newest').on(t.customerId, t.createdAt),
    index('orders_newest').on(t.createdAt),
    check('orders_idempotency_key_shape', sql`length(${t.idempotencyKey}) between 1 and 200`),
    check('orders_fingerprint_shape', sql`${t.fingerprint} ~ '^[0-9a-f]{64}$'`),
    check('orders_status_known', sql`${t.status} in ('placed', 'paid', 'shipped', 'cancelled')`),
    check('orders_currency_shape', sql`${t.currency} ~ ${currencyPattern}`),
    check('orders_amounts_positive', sql`${t.itemsAmount} >= 0 and ${t.shippingAmount} >= 0`),
    check('orders_total_adds_up', sql`${t.totalAmount} = ${t.itemsAmount} + ${t.shippingAmount}`),
  ],
)

/** One variant of an order at the price it had then, in the currency of the order. */
export const orderLines = pgTable(
  'order_lines',
  {
    orderId: uuid('order_id').notNull(),
    position: smallint('position').notNull(),
    variantId: reference('variant_id')
      .notNull()
      .references(() => variants.id, { onDelete: 'restrict' }),
    quantity: integer('quantity').notNull(),
    unitAmount: integer('unit_amount').notNull(),
    lineAmount: bigint('line_amount', { mode: 'number' })
      .notNull()
      .generatedAlwaysAs(sql`quantity::bigint * unit_amount`),
  },
  (t) => [
    primaryKey({ name: 'order_lines_pkey', columns: [t.orderId, t.position] }),
    foreignKey({ name: 'order_lines_order_id_fk', columns: [t.orderId], foreignColumns: [orders.id] }).onDelete(
      'cascade',
    ),
    unique('order_lines_variant_once').on(t.orderId, t.variantId),
    index('order_lines_variant').on(t.variantId),
    check('order_lines_position_positive', sql`${t.position} >= 1`),
    check('order_lines_quantity_positive', sql`${t.quantity} >= 1`),
    check('order_lines_unit_amount_positive', sql`${t.unitAmount} >= 0`),
  ],
)

/** Which seed filled this database. One row at most, written in the transaction that wrote the rows. */
export const seedRuns = pgTable(
  'seed_runs',
  {
    singleRow: boolean('single_row').primaryKey().default(true),
    size: text('size', { enum: ['tiny', 'demo', 'large'] }).notNull(),
    version: integer('version').notNull(),
    finishedAt: instant('finished_at').notNull().default(sql`now()`),
  },
  (t) => [
    check('seed_runs_one_row', sql`${t.singleRow}`),
    check('seed_runs_size_known', sql`${t.size} in ('tiny', 'demo', 'large')`),
  ],
)

/**
 * What writes have made stale and Redis may not know yet. Triggers write it in the writer's own transaction
 * (migrations/0003_invalidations.sql); src/outbox.ts reads it.
 */
export const outbox = pgTable(
  'outbox',
  {
    id: id(),
    tags: text('tags').array().notNull(),
    /** The table or view of which it tells, or `seed`. */
    source: text('source').notNull(),
    /** The transaction that wrote it, so that the writer finds its own rows. No order and no watermark is made of it. */
    xid: transactionId('xid').notNull().default(sql`pg_current_xact_id()`),
    /** When it was written. It can be seen from the commit on, which may be much later. */
    createdAt: instant('created_at').notNull().default(sql`clock_timestamp()`),
    /** Null, or open, until Redis has acknowledged the invalidation. */
    relayedAt: instant('relayed_at'),
    /**
     * How often the edge has been told: once as soon as Redis knows, and once more when no process can serve the old value
     * from its memory any longer. 2: done.
     */
    purges: smallint('purges').notNull().default(0),
    /** The W3C `traceparent` of the transaction that wrote it: `set_config('shop.traceparent', …, true)`. Null when it has none. */
    traceParent: text('trace_parent').default(sql`nullif(current_setting('shop.traceparent', true), '')`),
  },
  (t) => [
    index('outbox_open').on(t.id).where(sql`relayed_at is null`),
    index('outbox_relayed').on(t.relayedAt).where(sql`relayed_at is not null`),
    index('outbox_transaction').on(t.xid),
    index('outbox_unpurged').on(t.id).where(sql`purges < 2 and relayed_at is not null`),
  ],
)

/**
 * How often products were opened lately, in all processes together: what is warm in the morning was hot at night. Processes
 * add to it and the worker halves it, so a number means something only beside another.
 */
export const productTraffic = pgTable('product_traffic', {
  productId: reference('product_id')
    .primaryKey()
    .references(() => products.id, { onDelete: 'cascade' }),
  reads: doublePrecision('reads').notNull(),
  /** Since when the row counts, or up to when it was halved. */
  countedAt: instant('counted_at').notNull(),
})

/** How each materialized view stands: its last refresh, and the failure since then if there was one. */
export const viewRefreshes = pgTable('view_refreshes', {
  view: text('view').primaryKey(),
  refreshedAt: instant('refreshed_at').notNull(),
  durationMs: integer('duration_ms').notNull(),
  /** Rows that came, went or became others. */
  changed: integer('changed').notNull(),
  failedAt: instant('failed_at'),
  error: text('error'),
})

export type Category = typeof categories.$inferSelect
export type Product = typeof products.$inferSelect
export type Variant = typeof variants.$inferSelect
export type Price = typeof prices.$inferSelect
export type Stock = typeof stock.$inferSelect
export type Customer = typeof customers.$inferSelect
export type Review = typeof reviews.$inferSelect
export type Order = typeof orders.$inferSelect
export type OrderLine = typeof orderLines.$inferSelect
