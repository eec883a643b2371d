/**
 * The tags of products and lists: what each cached entry depends on, in the words in which the database says what has
 * changed.
 *
 * The triggers of `@shop/db` write these tags and know no entry; entries carry them and know no write. A scope is the
 * slug of a category, whose lists show everything below it as well, or `*` for lists of the whole shop.
 *
 *     tag                         carried by                                  written when
 *     product:<id>                the product, also that there is none        what it shows of itself changes
 *     category:<id>               every product of the category               the category's name, slug or path changes
 *     products                    every product                               instead of very many of these
 *     list:<scope>                every list of the scope                     an active product enters or leaves it
 *     list:<scope>:price:<band>   lists that filter or sort by price there    a price changes from or to this band
 *     list:<scope>:stock          lists of what is in stock                   a product sells out or comes back
 *     list:<scope>:rating         lists sorted by rating                      a rating changes
 *     lists                       every list                                  instead of very many of these
 *
 * A band is all prices with the same number of binary digits, so there are 32, each twice as wide as the one below:
 *
 *     band         0   1    2     3     …   11            12            …   31
 *     amount       0   1   2 3   4 – 7      1024 – 2047   2048 – 4095       2³⁰ – 2³¹−1
 */

import type { Product, ProductQuery } from './schema.ts'

/** What a page says of where it ends. */
export interface PageEnd {
  /** The sort key of the first product after the page; null when there is none. */
  readonly ahead: number | null
}

const CHEAPEST = 0
const DEAREST = 2 ** 31 - 1

/** As `price_band` in the database. */
export function priceBand(amount: number): number {
  return 32 - Math.clz32(amount)
}

export function tagOfProduct(id: number): string {
  return `product:${id}`
}

/** Of a product and of its absence, known from the id. */
export function tagsOfId(id: number): readonly string[] {
  return [tagOfProduct(id), 'products']
}

/** Known only from the product. */
export function tagsOfProduct(product: Product): readonly string[] {
  return [`category:${product.category.id}`]
}

/** Of an answer that shows products, and that some of those asked for are not there. */
export function tagsOfShown(ids: readonly number[], shown: readonly Pick<Product, 'category'>[]): readonly string[] {
  if (ids.length === 0) return []
  return ['products', ...ids.map(tagOfProduct), ...new Set(shown.map(({ category }) => `category:${category.id}`))]
}

/** Of a list, known before it is loaded. */
export function tagsOfQuery(query: ProductQuery): readonly string[] {
  const list = tagOfList(query)
  return [
    'lists',
    list,
    ...(query.inStock ? [`${list}:stock`] : []),
    ...(query.sort === 'rating' ? [`${list}:rating`] : []),
    ...(filtersPrice(query) && !sortsByPrice(query) ? bandTags(query, CHEAPEST, DEAREST) : []),
  ]
}

/**
 * Of a page sorted by price, known once it is loaded: it depends on the prices between the place where it begins and
 * the first product after it, which decides whether there is a next page.
 *
 *     price      0 … 999 | 1000 ……………… 1999 | 2500 …
 *                        after          last  ahead
 *                        |------- bands -------|
 *
 * A price that changes on either side of these touches other pages.
 */
export function tagsOfPage({ ahead }: PageEnd, query: ProductQuery): readonly string[] {
  if (!sortsByPrice(query)) return []
  const begin = query.after?.value
  return query.sort === 'price'
    ? bandTags(query, begin ?? CHEAPEST, ahead ?? DEAREST)
    : bandTags(query, ahead ?? CHEAPEST, begin ?? DEAREST)
}

function tagOfList({ category }: ProductQuery): string {
  return `list:${category ?? '*'}`
}

/** The bands from one price to another, as far as the filters let them be shown. */
function bandTags(query: ProductQuery, from: number, to: number): string[] {
  const cheapest = Math.max(from, query.minPrice ?? CHEAPEST)
  const dearest = Math.min(to, query.maxPrice ?? DEAREST)
  if (cheapest > dearest) return []
  const [first, last] = [priceBand(cheapest), priceBand(dearest)]
  return Array.from({ length: last - first + 1 }, (_, index) => `${tagOfList(query)}:price:${first + index}`)
}

function sortsByPrice({ sort }: ProductQuery): boolean {
  return sort === 'price' || sort === '-price'
}

/** A filter that every price passes is none. */
function filtersPrice({ minPrice = CHEAPEST, maxPrice = DEAREST }: ProductQuery): boolean {
  return minPrice > CHEAPEST || maxPrice < DEAREST
}
