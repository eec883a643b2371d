/**
 * Products, cached. The only place that knows their keys and lifetimes; their tags are in `tags.ts`.
 *
 * A product is cached by its id. A list is cached as ids only and is filled with the cached products when it is read,
 * so a list can show no older price than the product itself. A product that is gone by then is left out, and so is one
 * that the list's filters would not let in any more. `docs/lists.md` draws it.
 *
 * What a write invalidates is not said here: its own rows of the outbox say it, and come with its result.
 */

import type { Cache, Hit, HttpHeaders, StoredText } from '@shop/cache'

import { type OwnInvalidationsOptions, ownInvalidations } from '../own-invalidations.ts'
import type { ProductPage, ProductRepository, WriteResult } from './repository.ts'
import { PRODUCT_HTTP } from './representation.ts'
import { DEFAULT_LIMIT, type Position, type Product, type ProductQuery, summaryOf } from './schema.ts'
import { type PageEnd, tagOfProduct, tagsOfId, tagsOfPage, tagsOfProduct, tagsOfQuery } from './tags.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** What is kept of a page. */
interface Listing extends PageEnd {
  readonly ids: readonly number[]
  readonly next: Position | null
}

export interface CachedProductsOptions extends Omit<OwnInvalidationsOptions, 'cache'> {
  /** How long a load may take, in milliseconds. */
  readonly loadTimeout: number
}

export interface CachedProducts extends ProductRepository {
  /** What `represent` would give, if memory has it: at once, or not at all. `prepare` is called once for what is held. */
  hit<P>(id: number, prepare: (stored: StoredText & { readonly headers: HttpHeaders }) => P): Hit<P> | undefined
}

export function cachedProducts(
  source: ProductRepository,
  cache: Cache,
  { loadTimeout, ...options }: CachedProductsOptions,
): CachedProducts {
  const own = ownInvalidations({ cache, ...options })

  const byId = cache.resource<number, Product>({
    name: 'product',
    version: 1,
    ttl: 5 * MINUTE,
    // What is read all the time never expires under a reader (docs/warming.md).
    refreshAhead: 0.8,
    negativeTtl: 10 * SECOND,
    // Lists look into it, and its own route sends it as it is stored.
    keep: 'both',
    http: PRODUCT_HTTP,
    loadTimeout,
    key: (id) => [id],
    tags: tagsOfId,
    tagsOf: tagsOfProduct,
    load: (id) => source.get(id),
    loadMany: (ids) => source.getMany(ids),
  })

  const listings = cache.resource<ProductQuery, Listing>({
    name: 'product-list',
    version: 2,
    ttl: MINUTE,
    loadTimeout,
    key: keyOf,
    tags: tagsOfQuery,
    tagsOf: tagsOfPage,
    load: async (query) => {
      const { items, next, ahead } = await source.list(query)
      return { ids: items.map(({ id }) => id), next, ahead }
    },
  })

  /** Of a write whose outcome is unknown, the product is all that is known; the relay does the rest. */
  async function thenInvalidate(id: number, write: Promise<WriteResult>): Promise<WriteResult> {
    const result = await write.catch(async (error: unknown) => {
      await own.suspect([tagOfProduct(id)])
      throw error
    })
    if (result.type === 'written') await own.invalidate(result.own)
    return result
  }

  return {
    async list(query) {
      const listing = await listings.get(query)
      if (listing === undefined) return EMPTY
      const products = await byId.getMany(listing.ids)
      const items = products.filter((product) => product !== undefined).filter((product) => fits(product, query))
      return { items: items.map(summaryOf), next: listing.next, ahead: listing.ahead }
    },
    get: (id) => byId.get(id),
    async represent(id) {
      const found = await byId.getBytes(id)
      return found && { ...found, headers: byId.httpHeaders }
    },
    hit: (id, prepare) => byId.hit(id, (stored) => prepare({ ...stored, headers: byId.httpHeaders })),
    getMany: (ids) => byId.getMany(ids),
    update: (id, change, options) => thenInvalidate(id, source.update(id, change, { ...options, withOwnTags: true })),
    setPrice: (id, price, options) => thenInvalidate(id, source.setPrice(id, price, { ...options, withOwnTags: true })),
  }
}

const EMPTY: ProductPage = { items: [], next: null, ahead: null }

/**
 * Whether a list may show a product as it is now.
 *
 *     list:     ids from memory ------------ products: 1200
 *     another:                 price 1200, invalidate
 *                                              maxPrice=1000 must not show it
 */
function fits({ price, inStock }: Product, query: ProductQuery): boolean {
  const { minPrice = 0, maxPrice = Number.POSITIVE_INFINITY } = query
  return price.amount >= minPrice && price.amount <= maxPrice && (inStock || !query.inStock)
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
