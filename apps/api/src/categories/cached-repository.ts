/**
 * Categories, cached. The only place that knows their keys, lifetimes and tags.
 *
 * The tree and each category carry one tag, `categories`, also where there is no category: they are few, change rarely
 * and together. The triggers of `@shop/db` write it with any change of the table.
 */

import type { Cache } from '@shop/cache'

import type { CategoryRepository } from './repository.ts'
import type { Category, CategoryNode } from './schema.ts'

const MINUTE = 60_000

const CATEGORIES = 'categories'

export interface CachedCategoriesOptions {
  /** How long a load may take, in milliseconds. */
  readonly loadTimeout: number
}

export function cachedCategories(
  source: CategoryRepository,
  cache: Cache,
  { loadTimeout }: CachedCategoriesOptions,
): CategoryRepository {
  const tree = cache.resource<'all', readonly CategoryNode[]>({
    name: 'category-tree',
    version: 1,
    ttl: 10 * MINUTE,
    loadTimeout,
    key: (all) => [all],
    tags: () => [CATEGORIES],
    load: () => source.list(),
  })

  const bySlug = cache.resource<string, Category>({
    name: 'category',
    version: 1,
    ttl: 10 * MINUTE,
    negativeTtl: 10_000,
    loadTimeout,
    key: (slug) => [slug],
    tags: () => [CATEGORIES],
    load: (slug) => source.get(slug),
  })

  return {
    list: async () => (await tree.get('all')) ?? [],
    get: (slug) => bySlug.get(slug),
  }
}
