import { expect, test } from 'vitest'

import type { Freshness } from '../src/oracle.ts'
import type { Size } from '../src/run-file.ts'
import { judgeStorm } from '../src/storm.ts'
import { brokenIn, freshnessOf, quietLoad } from './observed.ts'

const brokenOf = (size: Size, freshness: Partial<Freshness>, more: { changes?: number; failed?: number } = {}) =>
  brokenIn(judgeStorm(size, { ...quietLoad(), freshness: freshnessOf(freshness), changes: 12_000, failed: 0, ...more }))

test('a storm that was read and was never late keeps its promises', () => {
  expect(brokenOf('laptop', {})).toEqual([])
})

test.each([
  ['smoke', 800],
  ['laptop', 18_000],
  ['full', 180_000],
] as const)('at %s fewer than %i checked prices prove nothing', (size, least) => {
  const broken = (checked: number) => brokenOf(size, { checked }, { changes: 36_000 })
  expect(broken(least)).toEqual([])
  expect(broken(least - 1)).toEqual(['prices checked against the oracle'])
})

test.each([
  ['smoke', 12],
  ['laptop', 3_000],
  ['full', 18_000],
] as const)(
  'at %s fewer than %i changes that were asked about are not enough to say when they were visible',
  (size, least) => {
    const broken = (asked: number) => brokenOf(size, { asked }, { changes: 36_000 })
    expect(broken(least)).toEqual([])
    expect(broken(least - 1)).toEqual(['changes asked about elsewhere within 50 ms'])
  },
)

test('what is visible late and a change that fails break it', () => {
  expect(brokenOf('laptop', { staleness: { buckets: [], p50: 0, p99: 51, max: 60 } }, { failed: 1 })).toEqual([
    'no price change fails',
    '99 of 100 of them are seen by all who ask after',
  ])
})
