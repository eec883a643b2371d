import { describe, expect, test } from 'vitest'

import { type ProductQuery, SORTS } from './schema.ts'
import { type PageEnd, priceBand, tagsOfPage, tagsOfQuery } from './tags.ts'

const QUERY: ProductQuery = { sort: 'popular', inStock: false, limit: 24 }
const BY_PRICE: ProductQuery = { ...QUERY, sort: 'price' }
const LAST: PageEnd = { ahead: null }
const DEAREST = 2 ** 31 - 1

function bandsOf(query: ProductQuery, end: PageEnd = LAST): number[] {
  return [...tagsOfQuery(query), ...tagsOfPage(end, query)].flatMap((tag) => {
    const [, band] = tag.split(':price:')
    return band === undefined ? [] : [Number(band)]
  })
}

/** All of them, from one band to another. */
function bands(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

test.each([
  [0, 0],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 3],
  [1023, 10],
  [1024, 11],
  [2 ** 30 - 1, 30],
  [2 ** 30, 31],
  [DEAREST, 31],
])('the price %d is in band %d', (amount, band) => {
  expect(priceBand(amount)).toBe(band)
})

describe('a list', () => {
  test.each([
    [{}, ['lists', 'list:*']],
    [{ category: 'kettles' }, ['lists', 'list:kettles']],
    [{ sort: 'newest' }, ['lists', 'list:*']],
    [{ category: 'kettles', inStock: true }, ['lists', 'list:kettles', 'list:kettles:stock']],
    [{ sort: 'rating' }, ['lists', 'list:*', 'list:*:rating']],
    [{ sort: 'rating', inStock: true }, ['lists', 'list:*', 'list:*:stock', 'list:*:rating']],
    [{ minPrice: 1000, maxPrice: 2000 }, ['lists', 'list:*', 'list:*:price:10', 'list:*:price:11']],
    [{ category: 'kettles', maxPrice: 0 }, ['lists', 'list:kettles', 'list:kettles:price:0']],
  ] as const)('%j carries %j', (query, tags) => {
    const whole = { ...QUERY, ...query }
    expect([...tagsOfQuery(whole), ...tagsOfPage(LAST, whole)]).toEqual(tags)
  })

  test.each([
    [{ maxPrice: 1023 }, bands(0, 10)],
    [{ maxPrice: 1024 }, bands(0, 11)],
    [{ minPrice: 1023 }, bands(10, 31)],
    [{ minPrice: 1024 }, bands(11, 31)],
    [{ minPrice: DEAREST }, [31]],
    // Every price passes these.
    [{ minPrice: 0 }, []],
    [{ maxPrice: DEAREST }, []],
  ])('with the filter %j carries the bands %j', (filter, expected) => {
    expect(bandsOf({ ...QUERY, ...filter })).toEqual(expected)
  })
})

describe('a page sorted by price carries the bands', () => {
  test.each([
    ['price', undefined, null, bands(0, 31)],
    ['price', undefined, 3000, bands(0, 12)],
    ['price', 1000, 3000, bands(10, 12)],
    ['price', 3000, null, bands(12, 31)],
    ['-price', undefined, null, bands(0, 31)],
    ['-price', undefined, 3000, bands(12, 31)],
    ['-price', 3000, 1000, bands(10, 12)],
    ['-price', 1000, null, bands(0, 10)],
  ] as const)('of %s after %s, with %s ahead: %j', (sort, after, ahead, expected) => {
    const query = { ...QUERY, sort, ...(after !== undefined && { after: { value: after, id: 1 } }) }
    expect(bandsOf(query, { ahead })).toEqual(expected)
  })

  test('that its filters leave', () => {
    expect(bandsOf({ ...BY_PRICE, minPrice: 1000, maxPrice: 3000 })).toEqual(bands(10, 12))
    expect(bandsOf({ ...BY_PRICE, minPrice: 1000, maxPrice: 3000 }, { ahead: 1500 })).toEqual(bands(10, 11))
    expect(bandsOf({ ...BY_PRICE, maxPrice: 3000, after: { value: 1500, id: 1 } })).toEqual(bands(11, 12))
  })

  test('none, if it begins behind the last price that its filter allows', () => {
    expect(bandsOf({ ...BY_PRICE, maxPrice: 10, after: { value: 3000, id: 1 } })).toEqual([])
  })
})

test('no list has more tags than an entry has room for', () => {
  const amounts = [undefined, 0, ...Array.from({ length: 31 }, (_, exponent) => 2 ** exponent), DEAREST]
  const counts = SORTS.flatMap((sort) =>
    amounts.flatMap((minPrice) =>
      amounts.flatMap((maxPrice) =>
        [undefined, 0, 1000, DEAREST].flatMap((value) =>
          [null, 0, 1000, DEAREST].map((ahead) => {
            const after = value === undefined ? undefined : { value, id: 1 }
            const query = { ...QUERY, sort, minPrice, maxPrice, after, inStock: true, category: 'kettles' }
            return new Set([...tagsOfQuery(query), ...tagsOfPage({ ahead }, query)]).size
          }),
        ),
      ),
    ),
  )
  // 32 bands, `lists`, the list's own, its stock and its rating. The cache adds one of its own; 64 is its limit.
  expect(Math.max(...counts)).toBe(36)
})
