import { describe, expect, test } from 'vitest'

import { judgeChanges, judgeCounts, recoveryOf } from '../src/fault-verdict.ts'
import { FAULTS } from '../src/faults.ts'
import type { PriceChange } from '../src/oracle.ts'
import { answerOf, brokenIn, freshnessOf, observedOf, quietLoad, STARTED_AT, sampleOf } from './observed.ts'

const plan = { rate: 100, healthyS: 4, brokenS: 4, mendedS: 6, changesPerSecond: 5 }
const [brokenAt, mendedAt] = [4_000, 8_000]

const change = (answeredAt: number | undefined): PriceChange => ({
  id: 1,
  amount: 1,
  sentAt: 0,
  answeredAt,
  process: 0,
})
const changes = (count: number, answeredAt: number | undefined) =>
  Array.from({ length: count }, () => change(answeredAt))

type Writes = (typeof FAULTS)[number]['writes']
const brokenOf = (writes: Writes, made: readonly PriceChange[], { failed = 0, checked = 10_000 } = {}) =>
  brokenIn(
    judgeChanges({ writes }, plan, { changes: made, failed, freshness: freshnessOf({ checked }), brokenAt, mendedAt }),
  )

describe('price changes under a fault', () => {
  test('count when they were answered while it lasted', () => {
    expect(brokenOf('go on', [...changes(5, 4_000), ...changes(5, 7_999)])).toEqual([])
  })

  test('do not count when they were answered before it, when it was mended, or never', () => {
    const others = [...changes(50, 3_999), ...changes(50, 8_000), ...changes(50, undefined)]
    expect(brokenOf('go on', [...changes(9, 5_000), ...others])).toEqual(['price changes while it lasts'])
  })

  test('that wait for its end count from then on', () => {
    expect(brokenOf('wait', changes(15, 8_000))).toEqual([])
    expect(brokenOf('wait', [...changes(14, 8_000), ...changes(50, 7_999)])).toEqual([
      'price changes once it is mended',
    ])
  })

  test('may fail where what they need is broken, and nowhere else', () => {
    expect(brokenOf('go on', changes(10, 5_000), { failed: 1 })).toEqual([])
    expect(brokenOf('succeed', changes(10, 5_000), { failed: 1 })).toEqual(['no price change fails'])
  })

  test('prove nothing when hardly a price was read since', () => {
    expect(brokenOf('go on', changes(10, 5_000), { checked: 500 })).toEqual([])
    expect(brokenOf('go on', changes(10, 5_000), { checked: 499 })).toEqual(['prices checked against the oracle'])
  })

  test('must succeed under every fault that spares Postgres and all processes', () => {
    expect(FAULTS.filter(({ writes }) => writes === 'succeed').map(({ name }) => name)).toEqual([
      'redis-down',
      'redis-frozen',
      'redis-flushed',
      'bus-cut',
    ])
  })
})

test('a process that was killed took its count with it, and that of k6 is left', () => {
  const { run } = quietLoad()
  const lost = observedOf([answerOf(0)], { samples: [sampleOf(1_000, { served: 0 })] })
  expect(judgeCounts({ name: 'api-killed' }, run, lost)).toMatchObject([{ kept: true }])
  expect(judgeCounts({ name: 'redis-down' }, run, lost)).toMatchObject([{ kept: true }, { kept: false }])
  const unsaid = { ...lost, figures: [{ values: { http_reqs: { count: 2 } }, thresholds: [] }] }
  expect(judgeCounts({ name: 'api-killed' }, run, unsaid)).toMatchObject([{ kept: false }])
})

describe('recovery', () => {
  const every = (from: number, to: number, tookMs: number) =>
    Array.from({ length: (to - from) / 50 }, (_, i) => ({ ...answerOf(from + i * 50), tookMs }))
  const recovery = (answers: ReturnType<typeof every>) => recoveryOf(answers, STARTED_AT + 1_000, 20)

  test('is at once when nothing was slow', () => {
    expect(recovery(every(0, 3_000, 5))).toBe(0)
  })

  test('is when the slow part is over, not at the first good moment in it', () => {
    const slow = [...every(1_000, 1_500, 90), ...every(1_500, 1_750, 5), ...every(1_750, 2_000, 90)]
    expect(recovery([...slow, ...every(2_000, 4_000, 5)])).toBe(1_000)
  })

  test('never comes when it stays slow', () => {
    expect(recovery(every(1_000, 4_000, 90))).toBeUndefined()
  })
})
