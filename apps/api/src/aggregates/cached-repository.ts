/**
 * Aggregates, cached. The only place that knows their keys and lifetimes; their tags are in `tags.ts`.
 *
 * A refresh of a view writes the tags of the rows that it changed, so an entry lives on as long as its row is the same.
 * Then it may say an older date than the view has: what it says is as true as it was on that day. Lifetimes are long
 * because nobody waits for what was counted minutes ago: a stale entry is served while it is loaded again, and longer
 * while it cannot be.
 */

import type { Cache } from '@shop/cache'

import type { AggregateRepository, RankedProducts } from './repository.ts'
import type { CategoryFacets, Period, ProductRatings } from './schema.ts'
import { tagsOfBestSellers, tagsOfFacets, tagsOfRatings, tagsOfRelated } from './tags.ts'

const MINUTE = 60_000

const LIFETIME = { ttl: 10 * MINUTE, staleFor: 20 * MINUTE, failSafeFor: 60 * MINUTE } as const

/** Of what is few and on every page. */
const HOT = { refreshAhead: 0.8 } as const

export interface CachedAggregatesOptions {
  /** How long a load may take, in milliseconds. */
  readonly loadTimeout: number
}

export function cachedAggregates(
  source: AggregateRepository,
  cache: Cache,
  { loadTimeout }: CachedAggregatesOptions,
): AggregateRepository {
  const facets = cache.resource<string, CategoryFacets>({
    name: 'facets',
    version: 1,
    ...LIFETIME,
    ...HOT,
    negativeTtl: 10_000,
    loadTimeout,
    key: (slug) => [slug],
    tags: tagsOfFacets,
    load: (slug) => source.facets(slug),
  })

  const bestSellers = cache.resource<Period, RankedProducts>({
    name: 'best-sellers',
    version: 1,
    ...LIFETIME,
    ...HOT,
    loadTimeout,
    key: (days) => [days],
    tags: tagsOfBestSellers,
    load: (days) => source.bestSellers(days),
  })

  const related = cache.resource<number, RankedProducts>({
    name: 'related',
    version: 1,
    ...LIFETIME,
    loadTimeout,
    key: (productId) => [productId],
    tags: tagsOfRelated,
    load: (productId) => source.related(productId),
  })

  const ratings = cache.resource<number, ProductRatings>({
    name: 'ratings',
    version: 1,
    ...LIFETIME,
    loadTimeout,
    key: (productId) => [productId],
    tags: tagsOfRatings,
    load: (productId) => source.ratings(productId),
  })

  return {
    facets: (slug) => facets.get(slug),
    bestSellers: async (days) => present(await bestSellers.get(days)),
    related: async (productId) => present(await related.get(productId)),
    ratings: async (productId) => present(await ratings.get(productId)),
  }
}

/** Their sources have a value for every key. */
function present<V>(value: V | undefined): V {
  if (value === undefined) throw new Error('The source of an aggregate gave nothing')
  return value
}
