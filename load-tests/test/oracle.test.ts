import { describe, expect, test } from 'vitest'

import type { Answer, ShownPrice } from '../src/answers.ts'
import { askOracle, noPriceIsTooOld, type PriceChange, pricesWereChecked } from '../src/oracle.ts'

const BOUND_MS = 500

const told = (askedAt: number, ...prices: ShownPrice[]): Answer => ({
  askedAt,
  tookMs: 1,
  status: 200,
  isExpected: true,
  source: 'memory',
  turn: 1,
  prices,
})
/** The first of two processes is told it. Visitors ask the second. */
const change = (amount: number, answeredAt: number | undefined): PriceChange => ({
  id: 1,
  amount,
  sentAt: (answeredAt ?? 0) - 5,
  answeredAt,
  process: 0,
})

/** Product 1 cost 100; 101 from 1 000 on, 102 from 2 000 on. */
const ask = (answers: readonly Answer[], changes = [change(101, 1_000), change(102, 2_000)], checkedFrom = 0) =>
  askOracle({
    ...{ before: new Map([[1, 100]]), changes, answers, boundMs: BOUND_MS },
    ...{ processes: 2, askedWithinMs: 50, checkedFrom },
  })

describe('the oracle', () => {
  test('finds nothing in answers that are up to date', () => {
    const freshness = ask([told(900, { id: 1, amount: 100 }), told(1_001, { id: 1, amount: 101 })])
    expect(freshness).toMatchObject({ checked: 2, tooOld: 0, unknown: 0, staleness: { max: 0 } })
    expect(noPriceIsTooOld(freshness, BOUND_MS).kept).toBe(true)
  })

  test('who asks before a change is answered may be told either price', () => {
    expect(ask([told(996, { id: 1, amount: 101 }), told(1_000, { id: 1, amount: 100 })]).tooOld).toBe(0)
  })

  test('an old price within the bound is told of, and kept', () => {
    const freshness = ask([told(1_030, { id: 1, amount: 100 })])
    expect(freshness).toMatchObject({ tooOld: 0, staleness: { max: 30 } })
  })

  test('one beyond the bound breaks the promise', () => {
    const freshness = ask([told(1_501, { id: 1, amount: 100 })])
    expect(freshness.tooOld).toBe(1)
    expect(noPriceIsTooOld(freshness, BOUND_MS)).toMatchObject({ measured: '1', kept: false })
  })

  test('the age is that of the first change it does not know, not of the last', () => {
    expect(ask([told(2_010, { id: 1, amount: 100 })])).toMatchObject({ tooOld: 1, staleness: { max: 1_010 } })
  })

  test('a price that nobody has set breaks the promise too', () => {
    expect(noPriceIsTooOld(ask([told(900, { id: 1, amount: 7 })]), BOUND_MS).kept).toBe(false)
  })

  test('a change whose outcome is unknown may be seen or not', () => {
    const changes = [change(101, undefined), change(102, 2_000)]
    expect(ask([told(1_900, { id: 1, amount: 101 }), told(1_900, { id: 1, amount: 100 })], changes)).toMatchObject({
      tooOld: 0,
      unknown: 0,
    })
    expect(ask([told(2_600, { id: 1, amount: 101 })], changes).tooOld).toBe(1)
  })

  test('every product of a list is looked at, and those whose price does not change are none of its business', () => {
    expect(ask([told(1_600, { id: 2, amount: 5 }, { id: 1, amount: 100 })])).toMatchObject({ checked: 1, tooOld: 1 })
  })

  test('each change counts once: with the last moment in which somebody was told what was before it', () => {
    const old = [told(1_003, { id: 1, amount: 100 }), told(1_040, { id: 1, amount: 100 })]
    const { staleness } = ask([...old, told(2_001, { id: 1, amount: 102 })])
    expect(staleness).toMatchObject({ p50: 0, p99: 40, max: 40 })
    expect(staleness.buckets.filter(({ count }) => count > 0)).toEqual([
      { upToMs: 0, count: 1 },
      { upToMs: 50, count: 1 },
    ])
  })
})

describe('a change that nobody asked about', () => {
  const seen = (amount: number, askedAt: number, turn = 1): Answer => ({ ...told(askedAt, { id: 1, amount }), turn })
  const countsOf = (...answers: Answer[]) => {
    const { asked, unasked, staleness } = ask(answers)
    return { asked, unasked, counted: staleness.buckets.reduce((sum, { count }) => sum + count, 0) }
  }

  test('is left out of the times, and counted', () => {
    expect(countsOf()).toEqual({ asked: 0, unasked: 2, counted: 0 })
    expect(countsOf(seen(101, 1_050))).toEqual({ asked: 1, unasked: 1, counted: 1 })
  })

  test('does not make the others look better', () => {
    expect(ask([seen(100, 1_040)]).staleness).toMatchObject({ p50: 40, p99: 40 })
  })

  test('is one that was asked about too late, or before its answer', () => {
    expect(countsOf(seen(101, 1_051))).toMatchObject({ asked: 0 })
    expect(countsOf(seen(101, 1_000))).toMatchObject({ asked: 0 })
  })

  test('is one that was asked about only where its writer was', () => {
    expect(countsOf(seen(101, 1_010, 2))).toMatchObject({ asked: 0 })
    expect(countsOf(seen(101, 1_010, 3))).toMatchObject({ asked: 1 })
  })

  test('is not one whose next price was told in time: whoever has that has both', () => {
    const changes = [change(101, 1_000), change(102, 1_020)]
    expect(ask([seen(102, 1_040)], changes)).toMatchObject({ asked: 2, unasked: 0 })
  })

  test('is not one whose old price was told, however late and wherever: that is what must not be lost', () => {
    expect(ask([seen(100, 1_400, 0)])).toMatchObject({ asked: 1, staleness: { max: 400 } })
  })

  test("is nobody's business when its outcome is unknown", () => {
    expect(ask([], [change(101, undefined)])).toMatchObject({ asked: 0, unasked: 0 })
  })
})

test('a price counts as checked from a moment on, and is judged before it too', () => {
  const answers = [told(1_600, { id: 1, amount: 100 }), told(1_700, { id: 1, amount: 101 })]
  expect(ask(answers, [change(101, 1_000)], 1_700)).toMatchObject({ checked: 1, tooOld: 1 })
})

test('a shop that shows no prices has shown nothing', () => {
  expect(pricesWereChecked(ask([]), 1).kept).toBe(false)
  expect(pricesWereChecked(ask([told(900, { id: 1, amount: 100 })]), 1).kept).toBe(true)
})
