import { describe, expect, test } from 'vitest'

import { decodeCursor, encodeCursor } from './cursor.ts'
import { type ProductQuery, SORTS } from './schema.ts'

const QUERY: ProductQuery = { sort: 'popular', inStock: false, limit: 24 }

test.each(SORTS)('a cursor of sort %s gives back its place', (sort) => {
  const query = { ...QUERY, sort }
  expect(decodeCursor(query, encodeCursor(query, { value: 4, id: 7 }))).toEqual({ value: 4, id: 7 })
})

test('a weight with many digits comes back exactly', () => {
  const value = 0.1 + 0.2
  expect(decodeCursor(QUERY, encodeCursor(QUERY, { value, id: 1 }))?.value).toBe(value)
})

test('a cursor is good for a page of another size', () => {
  const cursor = encodeCursor(QUERY, { value: 1, id: 1 })
  expect(decodeCursor({ ...QUERY, limit: 100 }, cursor)).toBeDefined()
})

test.each([{ category: 'kettles' }, { minPrice: 1 }, { maxPrice: 1 }, { inStock: true }, { sort: 'newest' as const }])(
  'a cursor of another selection is foreign: %j',
  (other) => {
    const cursor = encodeCursor(QUERY, { value: 1, id: 1 })
    expect(decodeCursor({ ...QUERY, ...other }, cursor)).toBeUndefined()
  },
)

test('minPrice and maxPrice are not mistaken for each other', () => {
  const cursor = encodeCursor({ ...QUERY, minPrice: 1 }, { value: 1, id: 1 })
  expect(decodeCursor({ ...QUERY, maxPrice: 1 }, cursor)).toBeUndefined()
})

describe('what no page gave out is refused', () => {
  const forge = (query: ProductQuery, change: (fields: Record<string, unknown>) => object): string => {
    const fields = JSON.parse(Buffer.from(encodeCursor(query, { value: 1, id: 1 }), 'base64url').toString())
    return Buffer.from(JSON.stringify(change(fields))).toString('base64url')
  }

  test.each([
    ['', 'empty'],
    ['!!!', 'not base64url'],
    ['bm90IGpzb24', 'not JSON'],
    ['bnVsbA', 'null'],
    ['W10', 'an array'],
    [encodeCursor(QUERY, { value: 1, id: 1 }).slice(0, -4), 'cut short'],
  ])('%j (%s)', (cursor) => {
    expect(decodeCursor(QUERY, cursor)).toBeUndefined()
  })

  test.each([
    ['of another version', QUERY, (fields: object) => ({ ...fields, v: 2 })],
    ['with a field too many', QUERY, (fields: object) => ({ ...fields, x: 1 })],
    ['with text for a number', QUERY, (fields: object) => ({ ...fields, after: ['1', 1] })],
    ['with a fraction for an id', QUERY, (fields: object) => ({ ...fields, after: [1, 1.5] })],
    ['with a negative id', QUERY, (fields: object) => ({ ...fields, after: [1, -1] })],
    [
      'with a price past the column',
      { ...QUERY, sort: 'price' },
      (fields: object) => ({ ...fields, after: [2 ** 31, 1] }),
    ],
    ['with a year of five digits', { ...QUERY, sort: 'newest' }, (fields: object) => ({ ...fields, after: [8e15, 1] })],
    ['with a rating of 6', { ...QUERY, sort: 'rating' }, (fields: object) => ({ ...fields, after: [6, 1] })],
  ] as const)('%s', (_name, query, change) => {
    expect(decodeCursor(query as ProductQuery, forge(query as ProductQuery, change))).toBeUndefined()
  })

  test('with an infinite weight', () => {
    const endless = Buffer.from(JSON.stringify({ v: 1 })).toString('base64url')
    expect(decodeCursor(QUERY, endless)).toBeUndefined()
    const text = Buffer.from(encodeCursor(QUERY, { value: 1, id: 1 }), 'base64url')
      .toString()
      .replace('[1,', '[1e999,')
    expect(decodeCursor(QUERY, Buffer.from(text).toString('base64url'))).toBeUndefined()
  })
})
