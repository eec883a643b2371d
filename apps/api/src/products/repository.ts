/**
 * Products, in Postgres.
 *
 * Every read is one statement, prepared under a name: the variants come as JSON in the row of their product. Every
 * write is one transaction that first locks the row of the product, so that what is compared is what is changed. What a write refuses is a value, not an error: the caller decides what it means.
 */

import type { Database } from '@shop/db'
import { categories, type OwnTags, ownTags, prices, products, stock, traceOutbox, variants } from '@shop/db'
import { activeTraceParent } from '@shop/telemetry'
import { and, asc, desc, eq, inArray, type SQL, sql } from 'drizzle-orm'
import { type AnyPgColumn, alias } from 'drizzle-orm/pg-core'

import { entityTagOf, type Representation, represent } from './representation.ts'
import type { Position, PriceChange, Product, ProductChange, ProductQuery, ProductSummary, Sort } from './schema.ts'

export interface ProductPage {
  readonly items: readonly ProductSummary[]
  /** Where the next page begins; null when this is the last. */
  readonly next: Position | null
  /** The sort key of the first product of the next page; null when this is the last. */
  readonly ahead: number | null
}

export interface WriteOptions {
  /** The entity tags of the representations on which the write may be carried out. `undefined`: on any. */
  readonly ifMatch?: readonly string[] | undefined
  /**
   * Whether the result says what the write invalidates, which costs a statement.
   * @default false
   */
  readonly withOwnTags?: boolean | undefined
}

export type WriteRefusal =
  | { readonly type: 'not-found' }
  | { readonly type: 'version-mismatch'; readonly entityTag: string }
  | { readonly type: 'currency-mismatch'; readonly currency: string }
  | { readonly type: 'unknown-sku' }
  | { readonly type: 'unknown-category' }

export interface Written {
  readonly type: 'written'
  readonly product: Product
  /** What the write invalidates, as the database says it; only if it was asked for. */
  readonly own?: OwnTags
}

export type WriteResult = Written | WriteRefusal

/** An archived product is found by no read; a write finds it, or it could not come back. */
export interface ProductRepository {
  list(query: ProductQuery): Promise<ProductPage>
  get(id: number): Promise<Product | undefined>
  /** As `get`, the bytes in which it leaves. */
  represent(id: number): Promise<Representation | undefined>
  /** In the order of `ids`, with `undefined` where there is no such product. */
  getMany(ids: readonly number[]): Promise<(Product | undefined)[]>
  /** Resolves when the change is committed. */
  update(id: number, change: ProductChange, options?: WriteOptions): Promise<WriteResult>
  setPrice(id: number, price: PriceChange, options?: WriteOptions): Promise<WriteResult>
}

export function postgresProducts(db: Database['db']): ProductRepository {
  // A literal and not a parameter, or the planner cannot see that the partial indexes hold the answer.
  const active = sql`${products.status} = 'active'`

  const selectProducts = (source: Pick<typeof db, 'select'>) =>
    source.select(productColumns).from(products).innerJoin(categories, eq(categories.id, products.categoryId))

  const one = selectProducts(db)
    .where(and(active, eq(products.id, sql.placeholder('id'))))
    .prepare('product_get')
  const many = selectProducts(db)
    .where(and(active, sql`${products.id} = any(${sql.placeholder('ids')}::bigint[])`))
    .prepare('product_get_many')

  /** One statement for each combination of filters and sort that was asked for: at most 5 × 2⁵. */
  const lists = new Map<string, ReturnType<typeof prepareList>>()
  const prepareList = (shape: ListShape) => {
    const { key, direction } = ORDERS[shape.sort]
    return db
      .select(summaryColumns)
      .from(products)
      .innerJoin(categories, eq(categories.id, products.categoryId))
      .where(shape.category ? sql`${products.id} = any(array(${pageOfCategory(shape)}))` : matches(products, shape))
      .orderBy(direction(products[key]), direction(products.id))
      .limit(sql.placeholder('limit'))
      .prepare(`product_list_${nameOf(shape)}`)
  }

  const matches = (table: ListColumns, shape: ListShape): SQL | undefined => {
    const { key, direction, parameter } = ORDERS[shape.sort]
    const beyond = direction === asc ? sql`>` : sql`<`
    return and(
      sql`${table.status} = 'active'`,
      shape.minPrice ? sql`${table.priceAmount} >= ${sql.placeholder('minPrice')}` : undefined,
      shape.maxPrice ? sql`${table.priceAmount} <= ${sql.placeholder('maxPrice')}` : undefined,
      shape.inStock ? sql`${table.inStock}` : undefined,
      shape.after
        ? sql`(${table[key]}, ${table.id}) ${beyond} (${parameter}, ${sql.placeholder('afterId')})`
        : undefined,
    )
  }

  /**
   * The ids of a page of a category and everything below it. Each category gives a page of its own from its own index,
   * and the page is the best of those: the cost grows with the number of categories below, and not with the number of
   * products in them or in the shop.
   */
  const pageOfCategory = (shape: ListShape): SQL => {
    const { key, direction } = ORDERS[shape.sort]
    const candidate = alias(products, 'candidate')
    const candidates = db
      .select({ id: candidate.id, place: sql`${candidate[key]}`.as('place') })
      .from(candidate)
      .where(and(sql`${candidate.categoryId} = below.id`, matches(candidate, shape)))
      .orderBy(direction(candidate[key]), direction(candidate.id))
      .limit(sql.placeholder('limit'))
    return sql`select best.id
      from ${categories} top
      join ${categories} below on below.id = top.id or below.path like top.path || '/%'
      cross join lateral ${candidates} best
      where top.slug = ${sql.placeholder('category')}
      order by ${direction(sql`best.place`)}, ${direction(sql`best.id`)}
      limit ${sql.placeholder('limit')}`
  }

  return {
    async list(query) {
      const shape = shapeOf(query)
      const name = nameOf(shape)
      const statement = lists.get(name) ?? prepareList(shape)
      lists.set(name, statement)
      const rows = await statement.execute({
        category: query.category,
        minPrice: query.minPrice,
        maxPrice: query.maxPrice,
        afterValue: query.after && ORDERS[query.sort].encode(query.after.value),
        afterId: query.after?.id,
        limit: query.limit + 1,
      })
      const items = rows.slice(0, query.limit)
      const { keyOf } = ORDERS[query.sort]
      const ahead = rows[query.limit]
      const last = ahead && items.at(-1)
      return {
        items: items.map(toSummary),
        next: last === undefined ? null : { value: keyOf(last), id: last.id },
        ahead: ahead === undefined ? null : keyOf(ahead),
      }
    },

    async get(id) {
      const [row] = await one.execute({ id })
      return row && toProduct(row)
    },

    async represent(id) {
      const [row] = await one.execute({ id })
      return row && represent(toProduct(row))
    },

    async getMany(ids) {
      if (ids.length === 0) return []
      const rows = await many.execute({ ids })
      const byId = new Map(rows.map((row) => [row.id, toProduct(row)]))
      return ids.map((id) => byId.get(id))
    },

    async update(id, change, options) {
      try {
        return await db.transaction(async (tx) => {
          await traceOutbox(tx, activeTraceParent())
          const refusal = await lockRow(tx, id, options)
          if (refusal) return refusal
          await tx.update(products).set(change).where(eq(products.id, id))
          return readBack(tx, id, options)
        })
      } catch (error) {
        if (violates(error, CATEGORY_EXISTS)) return { type: 'unknown-category' }
        throw error
      }
    },

    async setPrice(id, { amount, currency, sku }, options) {
      return db.transaction(async (tx) => {
        await traceOutbox(tx, activeTraceParent())
        const refusal = await lockRow(tx, id, options, currency)
        if (refusal) return refusal
        const written = await tx
          .update(prices)
          .set({ amount, compareAt: sql`case when ${prices.compareAt} > ${amount} then ${prices.compareAt} end` })
          .where(
            inArray(
              prices.variantId,
              tx
                .select({ id: variants.id })
                .from(variants)
                .where(and(eq(variants.productId, id), sku === undefined ? undefined : eq(variants.sku, sku))),
            ),
          )
          .returning({ variantId: prices.variantId })
        if (written.length === 0) return { type: 'unknown-sku' }
        return readBack(tx, id, options)
      })
    },
  }

  /** Compares under the lock of the row, so that nobody changes it before the write that follows. */
  async function lockRow(
    tx: Pick<typeof db, 'select'>,
    id: number,
    { ifMatch }: WriteOptions = {},
    currency?: string,
  ): Promise<WriteRefusal | undefined> {
    const [row] = await tx
      .select({ currency: products.currency })
      .from(products)
      .where(eq(products.id, id))
      .for('no key update')
    // A product without a price has never been on sale; it is not of this API yet.
    if (row === undefined || row.currency === null) return { type: 'not-found' }
    const entityTag = ifMatch && entityTagOf(await readLocked(tx, id))
    if (entityTag !== undefined && !ifMatch?.includes(entityTag)) return { type: 'version-mismatch', entityTag }
    if (currency !== undefined && currency !== row.currency)
      return { type: 'currency-mismatch', currency: row.currency }
    return undefined
  }

  async function readLocked(tx: Pick<typeof db, 'select'>, id: number): Promise<Product> {
    const [row] = await selectProducts(tx).where(eq(products.id, id))
    if (row === undefined) throw new Error('A product that this transaction has locked is gone')
    return toProduct(row)
  }

  async function readBack(
    tx: Pick<typeof db, 'select' | 'execute'>,
    id: number,
    { withOwnTags = false }: WriteOptions = {},
  ): Promise<Written> {
    const product = await readLocked(tx, id)
    return withOwnTags ? { type: 'written', product, own: await ownTags(tx) } : { type: 'written', product }
  }
}

const CATEGORY_EXISTS = 'products_category_id_categories_id_fk'

/** Whether Postgres refused a statement by this constraint. drizzle wraps what Postgres said. */
function violates(error: unknown, constraint: string): boolean {
  const refused = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return refused instanceof Error && 'constraint_name' in refused && refused.constraint_name === constraint
}

const summaryColumns = {
  id: products.id,
  slug: products.slug,
  name: products.name,
  brand: products.brand,
  categoryId: categories.id,
  categorySlug: categories.slug,
  categoryName: categories.name,
  priceAmount: products.priceAmount,
  priceCompareAt: products.priceCompareAt,
  currency: products.currency,
  inStock: products.inStock,
  ratingAverage: products.ratingAverage,
  ratingCount: products.ratingCount,
  ratingScore: products.ratingScore,
  popularity: products.popularity,
  status: products.status,
  version: products.version,
  createdAt: products.createdAt,
  updatedAt: products.updatedAt,
}

const productColumns = {
  ...summaryColumns,
  description: products.description,
  variants: sql<Product['variants']>`(
    select coalesce(json_agg(json_build_object(
      'id', ${variants.id},
      'sku', ${variants.sku},
      'title', ${variants.title},
      'attributes', ${variants.attributes},
      'price', json_strip_nulls(json_build_object(
        'amount', ${prices.amount}, 'currency', ${prices.currency}, 'compareAt', ${prices.compareAt})),
      'inStock', coalesce(${stock.quantity}, 0) > 0
    ) order by ${variants.position}, ${variants.id}), '[]')
    from ${variants}
    join ${prices} on ${prices.variantId} = ${variants.id}
    left join ${stock} on ${stock.variantId} = ${variants.id}
    where ${variants.productId} = ${products.id}
  )`,
}

interface SummaryRow {
  readonly id: number
  readonly slug: string
  readonly name: string
  readonly brand: string
  readonly categoryId: number
  readonly categorySlug: string
  readonly categoryName: string
  readonly priceAmount: number | null
  readonly priceCompareAt: number | null
  readonly currency: string | null
  readonly inStock: boolean
  readonly ratingAverage: number | null
  readonly ratingCount: number
  readonly ratingScore: number
  readonly popularity: number
  readonly status: 'active' | 'archived'
  readonly version: number
  readonly createdAt: Date
  readonly updatedAt: Date
}

function toSummary(row: SummaryRow): ProductSummary {
  if (row.priceAmount === null || row.currency === null) throw new Error('A product without a price was read')
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    brand: row.brand,
    category: { id: row.categoryId, slug: row.categorySlug, name: row.categoryName },
    price: {
      amount: row.priceAmount,
      currency: row.currency,
      ...(row.priceCompareAt !== null && { compareAt: row.priceCompareAt }),
    },
    inStock: row.inStock,
    rating: { average: row.ratingAverage, count: row.ratingCount },
    status: row.status,
    version: row.version,
    updatedAt: row.updatedAt.toISOString(),
  }
}

function toProduct(
  row: SummaryRow & { readonly description: string; readonly variants: Product['variants'] },
): Product {
  return { ...toSummary(row), description: row.description, variants: row.variants }
}

interface Order {
  readonly key: 'popularity' | 'ratingScore' | 'priceAmount' | 'createdAt'
  readonly direction: typeof asc | typeof desc
  /** The value after which a page begins, as the statement takes it. */
  readonly parameter: SQL
  encode(value: number): number | string
  keyOf(row: SummaryRow): number
}

/** What a list looks at, of the table itself or of an alias. */
type ListColumns = Readonly<Record<'id' | 'status' | 'priceAmount' | 'inStock' | Order['key'], AnyPgColumn>>

const ORDERS = {
  popular: byNumber('popularity', desc),
  rating: byNumber('ratingScore', desc),
  price: byNumber('priceAmount', asc),
  '-price': byNumber('priceAmount', desc),
  newest: {
    key: 'createdAt',
    direction: desc,
    parameter: sql`${sql.placeholder('afterValue')}::timestamptz`,
    encode: (value) => new Date(value).toISOString(),
    keyOf: (row) => row.createdAt.getTime(),
  },
} as const satisfies Record<Sort, Order>

function byNumber(key: 'popularity' | 'ratingScore' | 'priceAmount', direction: Order['direction']): Order {
  return {
    key,
    direction,
    parameter: sql`${sql.placeholder('afterValue')}`,
    encode: (value) => value,
    keyOf: (row) => row[key] ?? 0,
  }
}

/** Which parts a list statement has, whatever their values. */
interface ListShape {
  readonly sort: Sort
  readonly category: boolean
  readonly minPrice: boolean
  readonly maxPrice: boolean
  readonly inStock: boolean
  readonly after: boolean
}

function shapeOf(query: ProductQuery): ListShape {
  return {
    sort: query.sort,
    category: query.category !== undefined,
    minPrice: query.minPrice !== undefined,
    maxPrice: query.maxPrice !== undefined,
    inStock: query.inStock,
    after: query.after !== undefined,
  }
}

function nameOf({ sort, ...parts }: ListShape): string {
  return [sort, ...Object.entries(parts).flatMap(([part, there]) => (there ? [part] : []))].join('_')
}
