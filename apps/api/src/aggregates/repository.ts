/**
 * Aggregates, in the materialized views of Postgres: what is too heavy to count for each reader.
 *
 * Each answer is as old as the last refresh of its view and says when that was. Both are read in one statement, so no
 * refresh comes between them. Of products there are ids only: what is shown of them is younger than any refresh.
 *
 * Whether a category exists is asked of the categories, which the view follows only at its next refresh. Whether a
 * product exists is not asked here.
 */

import {
  bestSellers7,
  bestSellers30,
  boughtTogether,
  categories,
  categoryFacets,
  type Database,
  productRatings,
  type ViewName,
  viewRefreshes,
} from '@shop/db'
import { asc, eq, sql } from 'drizzle-orm'

import type { CategoryFacets, Period, ProductRatings } from './schema.ts'

/** In their order: best first. */
export interface RankedProducts {
  readonly refreshedAt: string
  readonly productIds: readonly number[]
}

export interface AggregateRepository {
  /** A category that the view does not know yet is empty. `undefined`: there is no such category. */
  facets(slug: string): Promise<CategoryFacets | undefined>
  /** A hundred at most. */
  bestSellers(days: Period): Promise<RankedProducts>
  /** What was bought together with a product, most often first: eight at most, and none of a product without orders. */
  related(productId: number): Promise<RankedProducts>
  /** Zeros of a product without reviews. */
  ratings(productId: number): Promise<ProductRatings>
}

export function postgresAggregates(db: Database['db']): AggregateRepository {
  const isOf = (view: ViewName) => eq(viewRefreshes.view, view)
  const { refreshedAt } = viewRefreshes

  const facets = db
    .select({
      slug: categories.slug,
      refreshedAt,
      products: categoryFacets.products,
      inStock: categoryFacets.inStock,
      minPrice: categoryFacets.minPrice,
      maxPrice: categoryFacets.maxPrice,
      brands: categoryFacets.brands,
      prices: categoryFacets.prices,
      ratings: categoryFacets.ratings,
    })
    .from(categories)
    .innerJoin(viewRefreshes, isOf('category_facets'))
    // By id: the view has the slug that the category had when it was refreshed.
    .leftJoin(categoryFacets, eq(categoryFacets.categoryId, categories.id))
    .where(eq(categories.slug, sql.placeholder('slug')))
    .prepare('aggregate_facets')

  const bestSellers = (view: typeof bestSellers7 | typeof bestSellers30, name: 'best_sellers_7' | 'best_sellers_30') =>
    db
      .select({ refreshedAt, productId: view.productId })
      .from(viewRefreshes)
      .leftJoin(view, sql`true`)
      .where(isOf(name))
      .orderBy(asc(view.rank))
      .prepare(`aggregate_${name}`)
  const bestSellersOf = {
    7: bestSellers(bestSellers7, 'best_sellers_7'),
    30: bestSellers(bestSellers30, 'best_sellers_30'),
  }

  const related = db
    .select({ refreshedAt, productIds: boughtTogether.others })
    .from(viewRefreshes)
    .leftJoin(boughtTogether, eq(boughtTogether.productId, sql.placeholder('productId')))
    .where(isOf('bought_together'))
    .prepare('aggregate_related')

  const ratings = db
    .select({ refreshedAt, average: productRatings.average, count: productRatings.count, stars: productRatings.stars })
    .from(viewRefreshes)
    .leftJoin(productRatings, eq(productRatings.productId, sql.placeholder('productId')))
    .where(isOf('product_ratings'))
    .prepare('aggregate_ratings')

  return {
    async facets(slug) {
      const [row] = await facets.execute({ slug })
      return (
        row && {
          slug: row.slug,
          products: row.products ?? 0,
          inStock: row.inStock ?? 0,
          priceRange: row.minPrice === null || row.maxPrice === null ? null : { from: row.minPrice, to: row.maxPrice },
          brands: [...(row.brands ?? [])],
          priceBands: [...(row.prices ?? [])],
          ratings: [...(row.ratings ?? [])],
          refreshedAt: row.refreshedAt.toISOString(),
        }
      )
    },

    async bestSellers(days) {
      const rows = await bestSellersOf[days].execute()
      return {
        refreshedAt: dated(rows[0]).refreshedAt.toISOString(),
        productIds: rows.map(({ productId }) => productId).filter((id) => id !== null),
      }
    },

    async related(productId) {
      const row = dated((await related.execute({ productId }))[0])
      return { refreshedAt: row.refreshedAt.toISOString(), productIds: row.productIds ?? [] }
    },

    async ratings(productId) {
      const row = dated((await ratings.execute({ productId }))[0])
      return {
        productId,
        average: row.average,
        count: row.count ?? 0,
        stars: toStars(row.stars ?? []),
        refreshedAt: row.refreshedAt.toISOString(),
      }
    },
  }
}

/** The migration that makes a view dates it. */
function dated<R>(row: R | undefined): R {
  if (row === undefined) throw new Error('A view was read that has no date')
  return row
}

function toStars([one = 0, two = 0, three = 0, four = 0, five = 0]: readonly number[]): ProductRatings['stars'] {
  return { 1: one, 2: two, 3: three, 4: four, 5: five }
}
