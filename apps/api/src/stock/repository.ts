/**
 * The stock of a product, in Postgres and nowhere else.
 *
 * Quantities change with every order, and a quantity that is a second old is wrong. There is no cached repository beside
 * this one, and there must be none: `test/orders-fresh.test.ts` holds it to that.
 */

import { type Database, prices, products, stock, variants } from '@shop/db'
import { and, asc, eq, sql } from 'drizzle-orm'

import type { ProductStock } from './schema.ts'

export interface StockRepository {
  /** Absent for a product that does not exist or is archived. */
  get(productId: number): Promise<ProductStock | undefined>
}

export function postgresStock(db: Database['db']): StockRepository {
  const one = db
    .select({
      id: variants.id,
      sku: variants.sku,
      quantity: sql<number>`coalesce(${stock.quantity}, 0)`,
    })
    .from(variants)
    .innerJoin(products, and(eq(products.id, variants.productId), eq(products.status, 'active')))
    .innerJoin(prices, eq(prices.variantId, variants.id))
    .leftJoin(stock, eq(stock.variantId, variants.id))
    .where(eq(variants.productId, sql.placeholder('productId')))
    .orderBy(asc(variants.position), asc(variants.id))
    .prepare('stock_get')

  return {
    async get(productId) {
      const rows = await one.execute({ productId })
      // An active product has a variant with a price.
      if (rows.length === 0) return undefined
      return { productId, variants: rows.map((row) => ({ ...row, inStock: row.quantity > 0 })) }
    },
  }
}
