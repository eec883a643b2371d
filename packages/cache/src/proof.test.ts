import { describe, expect, test } from 'vitest'

import { type Monotonic, millis, type ServerMs } from './clock.ts'
import { Proof } from './proof.ts'

const at = (instant: number): Monotonic => instant as Monotonic
const proof = (): Proof => new Proof(false, millis(500), at(0), 1_000_000 as ServerMs)

test('without an echo there is no proof', () => {
  const fresh = proof()
  fresh.invalidated('e', 1)
  expect(fresh.holds(at(1))).toBe(false)
})

test.each([
  [100, true, 'at the instant of sending'],
  [600, true, 'at the bound exactly'],
  [601, false, 'past the bound'],
])('at %d, holds is %s: %s', (now, holds) => {
  const sent = proof()
  sent.echoed('e', 1, at(100))
  expect(sent.holds(at(now))).toBe(holds)
})

// sent at 100 ......... a backlog of ten seconds ......... echo processed at 10 100
test('the arrival of an echo proves nothing: what counts is when the probe was sent', () => {
  const backlogged = proof()
  backlogged.echoed('e', 1, at(100))
  expect(backlogged.holds(at(10_100))).toBe(false)
})

test('an echo older than the last one takes nothing away', () => {
  const sent = proof()
  sent.echoed('e', 1, at(200))
  sent.echoed('e', 1, at(100))
  expect(sent.holds(at(700))).toBe(true)
})

describe('what a number tells', () => {
  const known = (): Proof => {
    const applied = proof()
    applied.echoed('e', 7, at(0))
    return applied
  }
  test.each([
    ['the next invalidation is applied', (p: Proof) => p.invalidated('e', 8), { type: 'apply' }],
    ['one that was answered here before is applied again', (p: Proof) => p.invalidated('e', 7), { type: 'apply' }],
    ['a skipped one is a gap', (p: Proof) => p.invalidated('e', 9), { type: 'reset', reason: 'gap' }],
    ['an echo of the same number finds nothing lost', (p: Proof) => p.echoed('e', 7, at(1)), { type: 'apply' }],
    ['an echo of a higher one finds a loss', (p: Proof) => p.echoed('e', 8, at(1)), { type: 'reset', reason: 'gap' }],
    ['a minting at a higher one finds a loss', (p: Proof) => p.mentioned('e', 8), { type: 'reset', reason: 'gap' }],
    ['another epoch voids everything', (p: Proof) => p.invalidated('f', 8), { type: 'reset', reason: 'epoch' }],
  ])('%s', (_what, tell, verdict) => {
    expect(tell(known())).toEqual(verdict)
  })

  test('after a gap there is no proof until the next echo', () => {
    const gapped = known()
    gapped.invalidated('e', 12)
    expect(gapped.holds(at(1))).toBe(false)
    expect(gapped.noted).toEqual({ epoch: 'e', number: 12 })
    gapped.echoed('e', 12, at(2))
    expect(gapped.holds(at(3))).toBe(true)
  })
})

test('a load after an answer of Redis may count on it before the bus has brought it', () => {
  const answered = proof()
  answered.echoed('e', 7, at(0))
  answered.saw('e', 9)
  answered.saw('other', 12)
  expect(answered.noted).toEqual({ epoch: 'e', number: 9 })
  // It is no proof: what came between has not been applied.
  expect(answered.echoed('e', 9, at(1))).toEqual({ type: 'reset', reason: 'gap' })
})

test.each([
  [500, 0, true, 'a value as young as the bound needs no proof'],
  [501, 0, false, 'an older one does'],
  [2_500, 2_000, true, 'or a policy that allows more'],
  [2_501, 2_000, false, 'and no more than that'],
])('%d ms after its load, with %d extra, covered is %s: %s', (age, extra, covered) => {
  expect(proof().covers(at(1_000), at(1_000 + age), millis(extra))).toBe(covered)
})

test('alone, proof always holds', () => {
  const alone = new Proof(true, millis(500), at(0), 0 as ServerMs)
  expect(alone.holds(at(1e9))).toBe(true)
  expect(alone.covers(at(0), at(1e9), millis(0))).toBe(true)
})

test('instants of the server and of this process are told apart by a measured offset', () => {
  const skewed = proof()
  skewed.serverTime(5_000_000 as ServerMs, at(1_000), millis(2))
  expect(skewed.toServer(at(1_500))).toBe(5_000_500)
  expect(skewed.toMonotonic(5_000_500 as ServerMs)).toBe(1_500)
})

test('a measure that agrees with the last one within its uncertainty changes nothing', () => {
  const steady = proof()
  steady.serverTime(5_000_000 as ServerMs, at(1_000), millis(2))
  steady.serverTime(5_000_102 as ServerMs, at(1_100), millis(2))
  expect(steady.toServer(at(1_100))).toBe(5_000_100)
  steady.serverTime(5_000_103 as ServerMs, at(1_100), millis(2))
  expect(steady.toServer(at(1_100))).toBe(5_000_103)
})
