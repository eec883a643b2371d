/** Every kind of list that can be asked for: all sorts, all combinations of filters, all scopes. */

import { type ProductQuery, SORTS } from '../src/products/schema.ts'

type Filter = Pick<ProductQuery, 'minPrice' | 'maxPrice' | 'inStock'>

/** The prices lie where the fixture has products on both sides. */
const FILTERS: readonly Filter[] = [
  { inStock: false },
  { inStock: true },
  ...[false, true].flatMap((inStock) => [
    { inStock, minPrice: 2000 },
    { inStock, maxPrice: 4999 },
    { inStock, minPrice: 1000, maxPrice: 8999 },
  ]),
]

/** The first page of each list of these scopes; `undefined` is the whole shop. */
export function everyList(scopes: readonly (string | undefined)[], limit: number): readonly ProductQuery[] {
  return scopes.flatMap((category) =>
    SORTS.flatMap((sort) => FILTERS.map((filter) => ({ ...filter, category, sort, limit }))),
  )
}
