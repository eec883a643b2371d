/**
 * A mix of requests as a shop gets them: which product, list or page is asked for next.
 *
 *     80 %   one product
 *     12 %   the first page of a list: of the whole shop or of a category, by one of the sorts
 *      5 %   ten products at once, such as a basket
 *      3 %   the tree, a category, its facets, or what sells best
 *
 * Products and categories are drawn by Zipf's law, the k-th most popular in proportion to 1 / k^s, which is how often the
 * keys of a web cache are asked for (Breslau, Cao, Fan, Phillips, Shenker: Web Caching and Zipf-like Distributions,
 * INFOCOM 1999; s = 0.99 is that of YCSB). The same seed gives the same requests.
 */

const SORTS = ['popular', 'newest', 'price', '-price', 'rating'] as const

export interface MixOptions {
  /** Most popular first. */
  readonly products: readonly number[]
  readonly categories: readonly string[]
  /** The exponent of Zipf's law. */
  readonly s: number
  readonly seed: number
}

/** Gives the path of the next request at each call. */
export function requestMix({ products, categories, s, seed }: MixOptions): () => string {
  const chance = chances(seed)
  const product = zipf(products, s, chance)
  const category = zipf(categories, s, chance)
  const oneOf = <T>(choices: readonly T[]): T => choices[Math.floor(chance() * choices.length)] as T
  return () => {
    const drawn = chance()
    if (drawn < 0.8) return `/products/${product()}`
    if (drawn < 0.92) {
      const of = chance() < 0.25 ? '' : `&category=${category()}`
      return `/products?sort=${oneOf(SORTS)}${of}`
    }
    if (drawn < 0.97) return `/products?ids=${[...new Set(Array.from({ length: 10 }, product))].join(',')}`
    return oneOf(['/categories', `/categories/${category()}`, `/categories/${category()}/facets`, '/best-sellers'])
  }
}

export interface SaleMixOptions {
  readonly product: number
  /** The category that shows it. */
  readonly category: string
  readonly others: readonly number[]
  readonly seed: number
}

/** What people ask for who all came for one product: 70 % the product, 20 % a list that shows it, 10 % it among others. */
export function saleMix({ product, category, others, seed }: SaleMixOptions): () => string {
  const chance = chances(seed)
  const oneOf = <T>(choices: readonly T[]): T => choices[Math.floor(chance() * choices.length)] as T
  return () => {
    const drawn = chance()
    if (drawn < 0.7) return `/products/${product}`
    if (drawn < 0.9) return `/products?sort=${oneOf(SORTS)}&category=${category}`
    return `/products?ids=${[...new Set([product, ...Array.from({ length: 5 }, () => oneOf(others.slice(0, 50)))])].join(',')}`
  }
}

/** By its cumulative weights: exact, and quick enough for millions. */
export function zipf<T>(items: readonly T[], s: number, chance: () => number): () => T {
  const upTo: number[] = []
  let sum = 0
  for (let rank = 1; rank <= items.length; rank++) {
    sum += rank ** -s
    upTo.push(sum)
  }
  return () => {
    const drawn = chance() * sum
    let [low, high] = [0, items.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((upTo[middle] as number) > drawn) high = middle
      else low = middle + 1
    }
    return items[low] as T
  }
}

/** mulberry32 (Tommy Ettinger, public domain): numbers from 0 to below 1. */
export function chances(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
