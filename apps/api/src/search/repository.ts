/**
 * Searching, in Postgres: the products that have these words, best first, as ids.
 *
 * A word in the name counts more than one of the brand, and that more than one of the description; among equals the more
 * popular comes first. What very many products have is ranked among the most popular of them only, so that no search
 * costs much more than another: of a million products that say `quiet` nobody reads the last.
 *
 * What words are, and how well they fit, is said by the database (packages/db/migrations/0009_search.sql).
 */

import { categories, type Database, products } from '@shop/db'
import { sql } from 'drizzle-orm'

import type { SearchQuery } from './schema.ts'

/** A search finds no more than this. */
export const MOST_FOUND = 500

/** Plain JSON, to be cached as it is. */
export interface Found {
  /** Best first. */
  readonly ids: readonly number[]
  /** What the database writes when a product with such a word changes: a tag for each word, the longest word first. */
  readonly wordTags: readonly string[]
}

export interface SearchRepository {
  find(query: SearchQuery): Promise<Found>
}

export function postgresSearch(db: Database['db']): SearchRepository {
  return {
    async find({ q, category, inStock }) {
      const inCategory = sql`and ${products.categoryId} in (
        select below.id from ${categories} top
          join ${categories} below on below.id = top.id or below.path like top.path || '/%'
          where top.slug = ${category})`
      // Not prepared under a name, as others are: the planner must see the words. It looks up rare ones and sorts what it
      // finds; for frequent ones it goes down the most popular products and tries each.
      const [row] = await db.execute<{ [K in keyof Found]: Found[K] }>(sql`
        select
          (select coalesce(json_agg(id order by search_rank(search, ${q}) desc, popularity desc, id desc), '[]')
            from (
              select ${products.id}, ${products.search}, ${products.popularity} from ${products}
                where ${products.status} = 'active' and ${products.search} @@ search_query(${q})
                  ${inStock ? sql`and ${products.inStock}` : sql``} ${category === undefined ? sql`` : inCategory}
                order by ${products.popularity} desc, ${products.id} desc
                limit ${MOST_FOUND}
            ) matches) as ids,
          search_tags(${q}) as "wordTags"`)
      if (row === undefined) throw new Error('A statement that always has a row had none')
      return row
    },
  }
}
