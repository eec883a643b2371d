/**
 * Products, cached. The only place that knows their keys, lifetimes and tags.
 *
 * A product is cached by its id. A list is cached as ids only and is filled with the cached products when it is read,
 * so a list can show no older price than the product itself. A product that is gone by then is left out.
 *
 *     tag                  on                                   changed by
 *     product:<id>         the product                          every write to it
 *     category:<id>        every product of the category        nothing yet: products show its name, and no route
 *                                                               changes it
 *     listings             every list                           what can gain or lose a member: category, status
 *     listings:price       lists sorted or filtered by price    a price
 *
 * A new name or description changes no list, and a new price none of those that do not look at prices.
 */

import type { Cache } from '@shop/cache'

import type { Log } from '../http/request-log.ts'
import type { ProductRepository, WriteResult } from './repository.ts'
import {
  DEFAULT_LIMIT,
  type Position,
  type Product,
  type ProductChange,
  type ProductQuery,
  summaryOf,
} from './schema.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** What is kept of a page. */
interface Listing {
  readonly ids: readonly number[]
  readonly next: Position | null
}

const LISTINGS = 'listings'
const LISTINGS_BY_PRICE = 'listings:price'
const tagOf = (id: number) => `product:${id}`

export interface CachedProductsOptions {
  readonly log: Log
  /** How long a load may take, in milliseconds. */
  readonly loadTimeout: number
}

export function cachedProducts(
  source: ProductRepository,
  cache: Cache,
  { log, loadTimeout }: CachedProductsOptions,
): ProductRepository {
  const byId = cache.resource<number, Product>({
    name: 'product',
    version: 1,
    ttl: 5 * MINUTE,
    negativeTtl: 10 * SECOND,
    loadTimeout,
    key: (id) => [id],
    tags: (id) => [tagOf(id)],
    tagsOf: (product) => [`category:${product.category.id}`],
    load: (id) => source.get(id),
    loadMany: (ids) => source.getMany(ids),
  })

  const listings = cache.resource<ProductQuery, Listing>({
    name: 'product-list',
    version: 1,
    ttl: MINUTE,
    loadTimeout,
    key: keyOf,
    tags: (query) => (looksAtPrices(query) ? [LISTINGS, LISTINGS_BY_PRICE] : [LISTINGS]),
    load: async (query) => {
      const { items, next } = await source.list(query)
      return { ids: items.map(({ id }) => id), next }
    },
  })

  /**
   * After the commit, never before: a load between the two would keep the old value for its whole ttl. Also after a
   * write that failed, because the connection may have been lost between the commit and its answer.
   */
  async function thenInvalidate(write: Promise<WriteResult>, tags: readonly string[]): Promise<WriteResult> {
    const result = await write.catch(async (error: unknown) => {
      await invalidate(tags)
      throw error
    })
    if (result.type === 'written') await invalidate(tags)
    return result
  }

  async function invalidate(tags: readonly string[]): Promise<void> {
    const acknowledged = await cache.invalidateTags(tags)
    // The write stands. The cache goes on trying, and serves nothing of these tags from here meanwhile.
    if (!acknowledged) log.warn({ tags }, 'invalidation not acknowledged yet')
  }

  return {
    async list(query) {
      const listing = await listings.get(query)
      if (listing === undefined) return { items: [], next: null }
      const products = await byId.getMany(listing.ids)
      return { items: products.filter((product) => product !== undefined).map(summaryOf), next: listing.next }
    },
    get: (id) => byId.get(id),
    getMany: (ids) => byId.getMany(ids),
    update(id, change, options) {
      const tags = movesBetweenLists(change) ? [tagOf(id), LISTINGS] : [tagOf(id)]
      return thenInvalidate(source.update(id, change, options), tags)
    },
    setPrice(id, price, options) {
      return thenInvalidate(source.setPrice(id, price, options), [tagOf(id), LISTINGS_BY_PRICE])
    },
  }
}

function movesBetweenLists({ categoryId, status }: ProductChange): boolean {
  return categoryId !== undefined || status !== undefined
}

function looksAtPrices({ sort, minPrice, maxPrice }: ProductQuery): boolean {
  return sort === 'price' || sort === '-price' || minPrice !== undefined || maxPrice !== undefined
}

/** One key for one list, however it was asked for: what is default is left out, and the order is fixed. */
export function keyOf({ category, minPrice, maxPrice, inStock, sort, limit, after }: ProductQuery): string[] {
  return [
    ...(after === undefined ? [] : [`after=${after.value},${after.id}`]),
    ...(category === undefined ? [] : [`category=${category}`]),
    ...(inStock ? ['inStock'] : []),
    ...(limit === DEFAULT_LIMIT ? [] : [`limit=${limit}`]),
    ...(maxPrice === undefined ? [] : [`maxPrice=${maxPrice}`]),
    ...(minPrice === undefined || minPrice === 0 ? [] : [`minPrice=${minPrice}`]),
    `sort=${sort}`,
  ]
}
