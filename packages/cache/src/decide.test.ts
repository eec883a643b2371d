import { describe, expect, test } from 'vitest'

import type { Monotonic } from './clock.ts'
import { decide, isFailSafe } from './decide.ts'
import { resolvePolicy } from './options.ts'

const at = (instant: number): Monotonic => instant as Monotonic
const policy = (change = {}) =>
  resolvePolicy({ name: 'product', version: 1, ttl: 100, key: () => [], load: async () => 1, ...change })
/** Loaded at 0 in 10 ms, fresh until 100, kept until 1 000. */
const entry = { loadedAt: at(0), staleAt: at(100), expiresAt: at(1_000), loadMs: 10 }
const never = (): number => {
  throw new Error('chance was asked')
}

test.each([
  [0, 'serve', 'at the moment of loading'],
  [99, 'serve', 'on the last fresh millisecond'],
  [100, 'serve-and-reload', 'at staleAt exactly'],
  [149, 'serve-and-reload', 'on the last millisecond of staleFor'],
  [150, 'load', 'when staleFor is over'],
  [-1, 'serve', 'when the clock stepped back'],
] as const)('at %d: %s (%s)', (now, decision, _when) => {
  expect(decide(entry, at(now), policy({ staleFor: 50 }), never)).toBe(decision)
})

test('with staleFor 0 a value goes from served straight to loaded', () => {
  expect(decide(entry, at(100), policy(), never)).toBe('load')
})

test('nothing is served past expiresAt, whatever the policy says', () => {
  const ended = { ...entry, expiresAt: at(100) }
  expect(decide(ended, at(100), policy({ staleFor: 500 }), never)).toBe('load')
  expect(isFailSafe(ended, at(100), policy({ failSafeFor: 500 }))).toBe(false)
})

test.each([
  [299, true],
  [300, false],
])('at %d, with failSafeFor 200, served if the load fails: %s', (now, served) => {
  expect(isFailSafe(entry, at(now), policy({ failSafeFor: 200 }))).toBe(served)
})

describe('refresh-ahead', () => {
  test.each([
    [79, 'serve'],
    [80, 'serve-and-reload'],
  ] as const)('at %d of a ttl of 100 and a share of 0.8: %s', (now, decision) => {
    expect(decide(entry, at(now), policy({ refreshAhead: 0.8 }), never)).toBe(decision)
  })

  // now − δ ln(chance) ≥ staleAt, δ = 10
  test.each([
    [70, Math.exp(-3.01), 'serve-and-reload'],
    [70, Math.exp(-2.99), 'serve'],
    [99, Math.exp(-0.11), 'serve-and-reload'],
    [99, Math.exp(-0.09), 'serve'],
  ] as const)('XFetch at %d with a chance of %d: %s', (now, chance, decision) => {
    expect(decide(entry, at(now), policy({ refreshAhead: 'xfetch' }), () => chance)).toBe(decision)
  })
})
