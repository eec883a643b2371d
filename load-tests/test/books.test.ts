import { expect, test } from 'vitest'

import { judge, type Sale } from '../src/books.ts'

/** Three pieces at 100, then at 80 from the moment 2 000 on; five buyers. */
const sale: Sale = {
  name: 'sale',
  variantId: 1,
  units: 3,
  oldPrice: 100,
  drop: { id: 1, amount: 80, sentAt: 1_990, answeredAt: 2_000, process: 0 },
  told: { sold: 3, refused: 2 },
}
const order = (at: number, amount: number) => ({ at, amount, quantity: 1, total: amount })
const orders = [order(1_000, 100), order(1_995, 80), order(3_000, 80)]

const brokenOf = (...args: Parameters<typeof judge>) =>
  judge(...args)
    .filter(({ kept }) => !kept)
    .map(({ promise }) => promise)

test('what was there is sold, at the price of its moment', () => {
  expect(brokenOf(sale, 0, orders)).toEqual([])
})

test('between sending and answer of a change either price is right', () => {
  expect(brokenOf(sale, 0, [order(1_000, 100), order(1_995, 100), order(3_000, 80)])).toEqual([])
})

test('an order at the old price after the drop is found, and so is the money', () => {
  expect(brokenOf(sale, 0, [order(1_000, 100), order(1_995, 80), order(3_000, 100)])).toEqual([
    'orders at another price than that of their moment',
    'the money adds up, in cents',
  ])
})

test('a piece that was sold twice is found', () => {
  expect(brokenOf({ ...sale, told: { sold: 4, refused: 1 } }, 0, [...orders, order(3_100, 80)])).toEqual([
    'pieces sold, in the database',
    'buyers told that none is left',
  ])
})

test('an order that nobody was told of is found', () => {
  expect(brokenOf({ ...sale, told: { sold: 2, refused: 3 } }, 0, orders)).toEqual([
    'buyers told that they have one',
    'buyers told that none is left',
  ])
})

test('a buyer who was refused although a piece was left is found', () => {
  expect(brokenOf({ ...sale, told: { sold: 2, refused: 3 } }, 1, orders.slice(0, 2))).toEqual([
    'pieces sold, in the database',
    'pieces left',
    'buyers told that none is left',
  ])
})

test('fewer buyers than pieces leave the rest on the shelf', () => {
  expect(brokenOf({ ...sale, units: 10, told: { sold: 3, refused: 0 } }, 7, orders)).toEqual([])
})
