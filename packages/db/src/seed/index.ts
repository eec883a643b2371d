/**
 * Fills an empty database with a shop that looks like a real one, and always with the same one.
 *
 * One transaction, under a lock: either all rows are there, with the views over them, and `seed_runs` says which seed
 * wrote them, or none are. Calling it again finds that row and does nothing.
 */

import type postgres from 'postgres'

import { createClient, type Sql } from '../connect.ts'
import { WIDE_TAGS } from '../outbox.ts'
import { fillViews } from '../views.ts'
import { bulk } from './bulk.ts'
import { Catalogue, CURRENCY } from './catalogue.ts'
import { type Cell, copy } from './copy.ts'
import { customers, orders, reviews } from './people.ts'
import { PLANS, type Plan, type SeedSize } from './sizes.ts'

/** Raised with every change of what is written, so that an old seed is not taken for a new one. */
const SEED_VERSION = 1

export type { SeedSize } from './sizes.ts'

export interface SeedProgress {
  readonly table: string
  readonly done: number
  readonly total: number
}

export interface SeedResult {
  readonly size: SeedSize
  /** False when this very seed was already there. */
  readonly seeded: boolean
  /** Rows per table as they are now. */
  readonly counts: Readonly<Record<string, number>>
}

export type SeedErrorCode = 'SEED_NOT_MIGRATED' | 'SEED_OTHER_SEED' | 'SEED_OTHER_ROWS'

/** A refusal to seed. `code` is the contract, `message` says what to do. */
export class SeedError extends Error {
  override readonly name = 'SeedError'
  readonly code: SeedErrorCode

  constructor(code: SeedErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

export interface SeedOptions {
  readonly size: SeedSize
  /** Called some times per table, the last time with `done` equal to `total`. */
  readonly report?: (progress: SeedProgress) => void
}

interface Table {
  readonly name: string
  readonly columns: readonly string[]
  readonly total: number
  readonly rows: () => Iterable<readonly Cell[]>
}

/** Any number will do, as long as nothing else in the shop uses it. */
const LOCK = 7_316_002

/**
 * Seeds the database, or finds that it is seeded. Rejects with a `SeedError` when it holds another seed or rows of
 * somebody else; those are never overwritten.
 */
export async function seed(url: string, options: SeedOptions): Promise<SeedResult> {
  const plan = PLANS[options.size]
  const sql = createClient(url, {
    max: 1,
    applicationName: 'shop-seed',
    parameters: { statement_timeout: 0, idle_in_transaction_session_timeout: 0 },
  })
  try {
    await requireSchema(sql)
    return await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(${LOCK})`
      const seeded = await isMissing(tx, plan.size)
      const tables = tablesOf(plan)
      const names = tables.map(({ name }) => name)
      if (seeded) {
        await bulk(tx, names, () => load(tx, tables, options.report ?? (() => undefined)))
        await tx`insert into seed_runs (size, version) values (${plan.size}, ${SEED_VERSION})`
        await tx`analyze ${tx(names)}`
        await fillViews(tx)
        // Triggers rest while rows are loaded, so that all of it is told here: a cache may remember that there was nothing.
        await tx`insert into outbox (tags, source) values (${[...WIDE_TAGS]}, 'seed')`
      }
      return { size: plan.size, seeded, counts: await countRows(tx, names) }
    })
  } finally {
    await sql.end({ timeout: 5 })
  }
}

async function requireSchema(sql: Sql): Promise<void> {
  const [row] = await sql<{ present: boolean }[]>`select to_regclass('seed_runs') is not null as present`
  if (row?.present) return
  throw new SeedError('SEED_NOT_MIGRATED', 'The database has no tables yet. Run the migrations first, then seed again.')
}

/** True when the database is empty, false when this seed is there already. */
async function isMissing(tx: postgres.TransactionSql, size: SeedSize): Promise<boolean> {
  const [run] = await tx<{ size: SeedSize; version: number }[]>`select size, version from seed_runs`
  if (run?.size === size && run.version === SEED_VERSION) return false
  const cure = 'Run `npm run reset` to remove the data, then seed again.'
  if (run) {
    throw new SeedError(
      'SEED_OTHER_SEED',
      `The database holds the seed "${run.size}" (version ${run.version}), ` +
        `and "${size}" (version ${SEED_VERSION}) was asked for. ${cure}`,
    )
  }
  const [rows] = await tx<{ present: boolean }[]>`
    select exists (select from categories) or exists (select from customers) as present`
  if (rows?.present) {
    throw new SeedError('SEED_OTHER_ROWS', `The database holds rows that no seed wrote. ${cure}`)
  }
  return true
}

async function load(
  tx: postgres.TransactionSql,
  tables: readonly Table[],
  report: (progress: SeedProgress) => void,
): Promise<void> {
  // They are empty; emptying them in this transaction is what lets COPY freeze the rows.
  await tx`truncate ${tx(tables.map(({ name }) => name))} restart identity`
  for (const { name, columns, total, rows } of tables) {
    await copy(tx, { table: name, columns, rows: rows(), sent: (done) => report({ table: name, done, total }) })
    if (columns[0] === 'id' && name !== 'orders') {
      await tx`select setval(pg_get_serial_sequence(${name}, 'id'), ${total})`
    }
  }
}

async function countRows(tx: postgres.TransactionSql, names: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const name of names) {
    const [row] = await tx<{ count: number }[]>`select count(*) from ${tx(name)}`
    counts[name] = row?.count ?? 0
  }
  return counts
}

function tablesOf(plan: Plan): readonly Table[] {
  const catalogue = new Catalogue(plan)
  const { variantCount } = catalogue
  return [
    {
      name: 'categories',
      columns: ['id', 'parent_id', 'slug', 'name', 'path', 'position'],
      total: catalogue.categories.length,
      rows: () => map(catalogue.categories, (c) => [c.id, c.parentId, c.slug, c.name, c.path, c.position]),
    },
    {
      name: 'products',
      columns: [
        ...['id', 'slug', 'name', 'description', 'category_id', 'brand', 'status', 'price_amount', 'price_compare_at'],
        ...['currency', 'in_stock', 'rating_average', 'rating_count', 'popularity', 'created_at', 'updated_at'],
      ],
      total: plan.products,
      rows: () =>
        map(catalogue.products(), (p) => [
          ...[p.id, p.slug, p.name, p.description, p.categoryId, p.brand, p.status, p.priceAmount, p.priceCompareAt],
          ...[CURRENCY, p.inStock, average(p.ratingSum, p.ratingCount), p.ratingCount, p.popularity],
          ...[instant(p.createdAt), instant(p.updatedAt)],
        ]),
    },
    {
      name: 'variants',
      columns: ['id', 'product_id', 'sku', 'title', 'attributes', 'position'],
      total: variantCount,
      rows: () =>
        map(catalogue.variants(), (v) => [
          ...[v.id, v.productId, v.sku, v.title, JSON.stringify(v.attributes), v.position],
        ]),
    },
    {
      name: 'prices',
      columns: ['variant_id', 'amount', 'currency', 'compare_at', 'updated_at'],
      total: variantCount,
      rows: () => map(catalogue.variants(), (v) => [v.id, v.amount, CURRENCY, v.compareAt, instant(v.pricedAt)]),
    },
    {
      name: 'stock',
      columns: ['variant_id', 'quantity'],
      total: variantCount,
      rows: () => map(catalogue.variants(), (v) => [v.id, v.quantity]),
    },
    {
      name: 'customers',
      columns: ['id', 'email', 'name', 'created_at'],
      total: plan.customers,
      rows: () => map(customers(plan), (c) => [c.id, c.email, c.name, instant(c.createdAt)]),
    },
    {
      name: 'reviews',
      columns: ['id', 'product_id', 'customer_id', 'rating', 'title', 'body', 'created_at'],
      total: plan.reviews,
      rows: () =>
        map(reviews(plan, catalogue), (r) => [
          ...[r.id, r.productId, r.customerId, r.rating, r.title, r.body, instant(r.createdAt)],
        ]),
    },
    {
      name: 'orders',
      columns: [
        ...['id', 'customer_id', 'idempotency_key', 'status', 'currency'],
        ...['items_amount', 'shipping_amount', 'total_amount', 'created_at'],
      ],
      total: plan.orders,
      rows: () =>
        map(orders(plan, catalogue), (o) => [
          ...[o.id, o.customerId, o.idempotencyKey, o.status, CURRENCY],
          ...[o.itemsAmount, o.shippingAmount, o.itemsAmount + o.shippingAmount, instant(o.createdAt)],
        ]),
    },
    {
      name: 'order_lines',
      columns: ['order_id', 'position', 'variant_id', 'quantity', 'unit_amount'],
      total: plan.orderLines,
      rows: function* () {
        for (const { id, lines } of orders(plan, catalogue)) {
          for (const l of lines) yield [id, l.position, l.variantId, l.quantity, l.unitAmount]
        }
      },
    },
  ]
}

function* map<T>(items: Iterable<T>, toRow: (item: T) => readonly Cell[]): Generator<readonly Cell[]> {
  for (const item of items) yield toRow(item)
}

function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

/** Rounded half up to two digits in whole numbers, as PostgreSQL rounds the exact quotient. */
function average(sum: number, count: number): string | null {
  if (count === 0) return null
  const hundredths = Math.floor((sum * 200 + count) / (2 * count))
  return `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, '0')}`
}
