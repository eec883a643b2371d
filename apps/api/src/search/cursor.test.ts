import { expect, test } from 'vitest'

import { decodeCursor, encodeCursor } from './cursor.ts'
import { SEARCH_EXAMPLE } from './schema.ts'

const QUERY = { q: 'steel kettle', inStock: false }
const cursor = encodeCursor(QUERY, 24)

test('a cursor gives back its place', () => {
  expect(decodeCursor(QUERY, cursor)).toBe(24)
})

test('that of the example is one', () => {
  expect(SEARCH_EXAMPLE.nextCursor).toBe(encodeCursor({ q: 'ebonite rollerball', inStock: false }, 24))
})

test.each([{ q: 'kettle steel' }, { category: 'kettles' }, { inStock: true }])(
  'a cursor of another search is foreign: %j',
  (other) => {
    expect(decodeCursor({ ...QUERY, ...other }, cursor)).toBeUndefined()
  },
)

const forge = (change: object): string => {
  const fields = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  return Buffer.from(JSON.stringify({ ...fields, ...change })).toString('base64url')
}

test.each([
  ['empty', ''],
  ['not JSON', 'bm90IGpzb24'],
  ['cut short', cursor.slice(0, -4)],
  ['of another version', forge({ v: 2 })],
  ['with a field too many', forge({ x: 1 })],
  ['at the beginning', forge({ after: 0 })],
  ['past what is found', forge({ after: 501 })],
  ['between two products', forge({ after: 1.5 })],
])('one that no page gave out is refused: %s', (_fact, forged) => {
  expect(decodeCursor(QUERY, forged)).toBeUndefined()
})
