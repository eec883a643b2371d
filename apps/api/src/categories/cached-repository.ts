/**
 * Categories, cached. The only place that knows their keys and lifetimes.
 *
 * The tree and each category carry one tag (`tags.ts`), also where there is no category: they are few, change rarely and
 * together.
 */

import type { Cache } from '@shop/cache'

import type { CategoryRepository } from './repository.ts'
import type { Category, CategoryNode } from './schema.ts'
import { CATEGORIES } from './tags.ts'

const MINUTE = 60_000

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
