/**
 * The materialized views, as drizzle reads them. The migrations make them (migrations/0004_aggregates.sql), src/views.ts
 * refreshes them; docs/aggregates.md says what each answers.
 */

import { bigint, integer, jsonb, numeric, pgMaterializedView, text } from 'drizzle-orm/pg-core'

const reference = (name: string) => bigint(name, { mode: 'number' })

export interface BrandFacet {
  readonly brand: string
  readonly products: number
}

/** Prices of one band that occur: from the lowest to the highest of them, in minor units. */
export interface PriceFacet {
  readonly from: number
  readonly to: number
  readonly products: number
}

/** Products whose average has this many whole stars. */
export interface RatingFacet {
  readonly stars: number
  readonly products: number
}

/** Of each category, with everything below it. Active products only. */
export const categoryFacets = pgMaterializedView('category_facets', {
  categoryId: reference('category_id').notNull(),
  slug: text('slug').notNull(),
  products: integer('products').notNull(),
  inStock: integer('in_stock').notNull(),
  /** Null without products. */
  minPrice: integer('min_price'),
  maxPrice: integer('max_price'),
  /** Most products first, a hundred at most. */
  brands: jsonb('brands').$type<readonly BrandFacet[]>().notNull(),
  /** Cheapest first. */
  prices: jsonb('prices').$type<readonly PriceFacet[]>().notNull(),
  /** Best first. What has no reviews is in none. */
  ratings: jsonb('ratings').$type<readonly RatingFacet[]>().notNull(),
}).existing()

export const categoryCounts = pgMaterializedView('category_counts', {
  categoryId: reference('category_id').notNull(),
  slug: text('slug').notNull(),
  products: integer('products').notNull(),
  inStock: integer('in_stock').notNull(),
}).existing()

const bestSellers = () => ({
  /** From 1; at most 100. */
  rank: integer('rank').notNull(),
  productId: reference('product_id').notNull(),
  units: reference('units').notNull(),
  orders: integer('orders').notNull(),
})

/** Of the seven days up to the newest order. */
export const bestSellers7 = pgMaterializedView('best_sellers_7', bestSellers()).existing()
export const bestSellers30 = pgMaterializedView('best_sellers_30', bestSellers()).existing()

/** A product without reviews has no row. */
export const productRatings = pgMaterializedView('product_ratings', {
  productId: reference('product_id').notNull(),
  average: numeric('average', { mode: 'number' }).notNull(),
  count: integer('count').notNull(),
  /** How many reviews gave one star, two, … five. */
  stars: integer('stars').array().notNull(),
}).existing()

/** What was in one order with a product: up to eight, most often first. */
export const boughtTogether = pgMaterializedView('bought_together', {
  productId: reference('product_id').notNull(),
  others: bigint('others', { mode: 'number' }).array().notNull(),
}).existing()
