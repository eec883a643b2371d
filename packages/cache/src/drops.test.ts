import { expect, test } from 'vitest'

import { Drops } from './drops.ts'

test('a key that was dropped after the mark is known, another is not', () => {
  const drops = new Drops()
  drops.note('a')
  const { mark } = drops
  expect(drops.since(mark, 'a')).toBe(false)
  drops.note('b')
  expect([drops.since(mark, 'a'), drops.since(mark, 'b'), drops.since(mark, 'c')]).toEqual([false, true, false])
})

test('after a reset every key counts as dropped', () => {
  const drops = new Drops()
  const { mark } = drops
  drops.noteAll()
  expect([drops.since(mark, 'a'), drops.since(drops.mark, 'a')]).toEqual([true, false])
})

// mark   drop a   drop 10 000 others: a is forgotten   was a dropped?   it may have been
test('what was forgotten counts as dropped', () => {
  const drops = new Drops()
  const { mark } = drops
  drops.note('a')
  for (let i = 0; i < 10_000; i++) drops.note(`other ${i}`)
  expect(drops.since(mark, 'a')).toBe(true)
  expect(drops.since(drops.mark, 'a')).toBe(false)
})
