import { expect, test } from 'vitest'

import { Cells } from './cells.ts'
import { uniqueWords } from './unique.ts'

const cells = (most = 10): Cells => new Cells(most, uniqueWords('local'))

// acquire(t)   request t ------------------------------- reply: a, 4     not taken
//                     message: t is b, 5
test('a reply that its invalidation has overtaken is not taken', () => {
  const table = cells()
  const cell = table.acquire('t')
  table.change('t', 'b', 5)
  table.offer(cell, 'a', 4)
  expect(cell.known).toBe(false)
  table.offer(cell, 'b', 5)
  expect(cell.nonce).toBe('b')
})

// own invalidation: (b, 5), no cell    acquire(t)    message: t is a, 4
test('a message makes no empty cell known', () => {
  const table = cells()
  const cell = table.acquire('t')
  table.change('t', 'a', 4)
  expect(cell.known).toBe(false)
})

test("a message kills a cell of this process's own making", () => {
  const table = cells()
  const cell = table.stamp('t')
  table.change('t', 'a', 4)
  expect(cell.dead).toBe(true)
})

test.each([
  [4, 'b', 'a lower number is older'],
  [5, 'a', 'an equal number may be another minting'],
  [6, 'a', 'a higher number is newer'],
])('offered number %d, it holds %s: %s', (number, nonce) => {
  const table = cells()
  const cell = table.acquire('t')
  table.offer(cell, 'b', 5)
  table.offer(cell, 'a', number)
  expect(cell.nonce).toBe(nonce)
})

test('a cell that leaves the table is dead, and takes nothing any more', () => {
  const table = cells(2)
  const first = table.acquire('a')
  table.offer(first, 'x', 1)
  table.acquire('b')
  table.acquire('c')
  expect(first.dead).toBe(true)
  table.offer(first, 'x', 2)
  expect(first.known).toBe(false)
  expect(table.acquire('a')).not.toBe(first)
  expect(table.size).toBe(2)
})

test('clearing kills every cell', () => {
  const table = cells()
  const cell = table.stamp('t')
  const { nonce } = cell
  table.clear()
  expect(cell.nonce).not.toBe(nonce)
  expect(table.size).toBe(0)
})

// mark   load ------------------------------- stamp(t): changed after the mark
//          t invalidated, and no cell knows it
test.each([
  ['a change of a tag without a cell', (table: Cells) => table.change('t', 'b', 5)],
  ['a kill of a tag without a cell', (table: Cells) => table.kill('t')],
  ['a clear', (table: Cells) => table.clear()],
  [
    'a change of a cell that was then forgotten',
    (table: Cells) => {
      table.acquire('t')
      table.change('t', 'b', 5)
      for (let i = 0; i < 10; i++) table.acquire(`other ${i}`)
    },
  ],
  [
    'a reply that brings a new nonce',
    (table: Cells) => {
      table.offer(table.acquire('t'), 'b', 5)
    },
  ],
])('%s after the mark shows in a cell acquired later', (_what, act) => {
  const table = cells()
  const mark = table.changes
  act(table)
  expect(table.stamp('t').changed).toBeGreaterThan(mark)
})

test('a tag that did not change since the mark does not show', () => {
  const table = cells()
  table.stamp('t')
  table.change('other', 'b', 5)
  const mark = table.changes
  table.acquire('other')
  expect(table.stamp('t').changed).toBeLessThanOrEqual(mark)
})
