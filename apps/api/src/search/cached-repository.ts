/**
 * Searches, cached: the only place that knows their key, lifetime and tags.
 *
 * What is kept is which products were found, for all pages at once; they are filled with cached products when they are
 * read (`routes.ts`). It is kept in Redis and not in the memory of the process: most of what is typed is typed once, and
 * would push out the products that everyone reads. `docs/lists.md` has what a change invalidates.
 */

import type { Cache } from '@shop/cache'

import type { Found, SearchRepository } from './repository.ts'
import { type SearchQuery, wordsOf } from './schema.ts'

const SECOND = 1000

export interface CachedSearchOptions {
  /** How long a load may take, in milliseconds. */
  readonly loadTimeout: number
}

export function cachedSearch(
  source: SearchRepository,
  cache: Cache,
  { loadTimeout }: CachedSearchOptions,
): SearchRepository {
  const searches = cache.resource<SearchQuery, Found>({
    name: 'search',
    version: 1,
    // Not for freshness, which the tags see to: what nobody asks for again is soon gone.
    ttl: 30 * SECOND,
    keep: 'nothing',
    loadTimeout,
    key: keyOf,
    tags: tagsOfQuery,
    tagsOf: tagsOfFound,
    load: (query) => source.find(query),
  })

  return {
    async find(query) {
      const found = await searches.get(query)
      if (found === undefined) throw new Error('The source of searches gave nothing')
      return found
    },
  }
}

/** One key for one search, however it was asked for. */
function keyOf({ q, category, inStock }: SearchQuery): string[] {
  return [...(category === undefined ? [] : [`category=${category}`]), ...(inStock ? ['inStock'] : []), `q=${q}`]
}

/** Known before it is looked up: `lists` and `search` are written instead of very many others. */
export function tagsOfQuery({ category, inStock }: SearchQuery): readonly string[] {
  const scope = category ?? '*'
  return [
    'lists',
    'search',
    // The words tell what comes and goes, but not what moves from one category to another.
    ...(category === undefined ? [] : [`list:${scope}`]),
    ...(inStock ? [`list:${scope}:stock`] : []),
  ]
}

/**
 * Of its words, one is enough where all must be there: a product that enters, leaves or changes its place has that one too,
 * before or after. With `or` between them a product may have any of them alone.
 *
 *     steel kettle        a product becomes "Steel kettle", or was one        search:ke among its tags
 *     kettle or teapot    becomes "Steel teapot"                              search:te, and no search:ke
 */
export function tagsOfFound({ wordTags }: Found, { q }: SearchQuery): readonly string[] {
  return wordsOf(q).includes('or') ? [...new Set(wordTags)] : wordTags.slice(0, 1)
}
