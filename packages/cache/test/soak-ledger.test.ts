/** The soak's ledger: no read is checked before everything is known that was told before it began. */

import { beforeEach, describe, expect, test } from 'vitest'
import { History } from '../soak/history.ts'
import { type Instant, now, plus } from '../soak/instant.ts'
import { ALL_KEYS, isAbsent } from '../soak/kinds.ts'
import { Ledger } from '../soak/ledger.ts'
import { NO_POSITION, READ_FIELDS, type Report, type ToldInvalidation } from '../soak/messages.ts'
import { Silence } from '../soak/silence.ts'
import { noStats } from '../src/stats.ts'

const BOUND = 500
const KEY = 0
const PEEK = 3

let history: History
let ledger: Ledger
let begin: Instant
const at = (ms: number): Instant => plus(begin, ms)

beforeEach(() => {
  begin = now()
  history = new History(ALL_KEYS, BOUND, isAbsent)
  ledger = new Ledger(history)
  for (const member of [1, 2]) ledger.join(member, new Silence(60_000, begin))
})

function report(upTo: number, more: Partial<Report> = {}): Report {
  return {
    type: 'report',
    upTo: at(upTo),
    reads: new Float64Array(),
    invalidations: [],
    failures: [],
    complaints: [],
    position: undefined,
    stats: noStats(),
    trusted: true,
    usable: true,
    pending: 0,
    ...more,
  }
}

function reads(
  ...versions: readonly (readonly [version: number, startedAt: number, position?: number])[]
): Float64Array {
  const fields = versions.flatMap(([version, startedAt, position = NO_POSITION]) => {
    return [KEY, version, at(startedAt), at(startedAt + 1), PEEK, position]
  })
  expect(fields.length).toBe(versions.length * READ_FIELDS)
  return Float64Array.from(fields)
}

const told = (askedAt: number, toldAt: number, acknowledged = true): ToldInvalidation => ({
  scope: { type: 'key', key: KEY },
  askedAt: at(askedAt),
  toldAt: at(toldAt),
  acknowledged,
})

describe('a read', () => {
  // member 1   commit, told true at 120 ─────────────────── (stands still) ─────────────── report
  // member 2                                 read at 700, report up to 800: not checked yet  └ wrong
  test('waits for the report of every member', () => {
    history.commit(KEY, 1, at(100))
    ledger.report(2, report(800, { reads: reads([0, 700]) }))
    expect([ledger.reads, ledger.waiting]).toEqual([0, 1])
    ledger.report(1, report(799, { invalidations: [told(110, 120)] }))
    expect([ledger.reads, ledger.waiting]).toEqual([0, 1])
    ledger.report(1, report(800))
    expect([ledger.reads, ledger.waiting, ledger.violations]).toEqual([1, 0, 1])
    expect(ledger.findings).toMatchObject([{ how: 'peek', violation: { rule: 'stale', read: { by: 2, version: 0 } } }])
  })

  test('does not wait for a member that is gone', () => {
    ledger.report(2, report(800, { reads: reads([0, 700]) }))
    ledger.leave(1)
    expect([ledger.reads, ledger.violations]).toEqual([1, 0])
  })

  test('of a member that is gone is checked all the same', () => {
    history.commit(KEY, 1, at(100))
    ledger.report(2, report(800, { reads: reads([0, 700]) }))
    ledger.leave(2)
    expect(ledger.reads).toBe(0)
    ledger.report(1, report(900, { invalidations: [told(110, 120)] }))
    expect([ledger.reads, ledger.violations]).toEqual([1, 1])
  })

  test('that names a position is held to what its taker knew', () => {
    history.commit(KEY, 1, at(100))
    ledger.report(1, report(150, { invalidations: [told(110, 120)] }))
    const position = ledger.position(1, at(150))
    ledger.report(2, report(300, { reads: reads([0, 200], [0, 210, position]) }))
    ledger.report(1, report(300))
    expect([ledger.reads, ledger.violations]).toEqual([2, 1])
    expect(ledger.findings).toMatchObject([{ violation: { rule: 'position', read: { startedAt: at(210) } } }])
  })

  test('is counted by how long its version had ended', () => {
    history.commit(KEY, 1, at(100))
    ledger.report(2, report(900, { reads: reads([1, 200], [0, 120.5], [0, 170], [0, 620], [0, 621]) }))
    ledger.report(1, report(900, { invalidations: [told(110, 120)] }))
    expect(ledger.staleness).toEqual([1, 1, 0, 0, 1, 0, 0, 1, 1])
    expect(ledger.violations).toBe(1)
  })
})

test('a report in which a read is counted twice, or not at all, is complained of', () => {
  ledger.report(1, report(100, { stats: { ...noStats(), requests: 2, hits: 1, errors: 1 } }))
  expect(ledger.complaints).toEqual([])
  ledger.report(1, report(200, { stats: { ...noStats(), requests: 2, hits: 1 } }))
  expect(ledger.complaints).toEqual([expect.stringContaining('process 1: requests are not the sum')])
})

describe('a read that failed', () => {
  const failure = (key: number, code: string) => {
    return report(100, {
      failures: [{ key, how: 'get', startedAt: at(10), endedAt: at(20), code, message: 'it failed' }],
    })
  }
  const REVIEW = 2 * 300

  test('may have, where the source is not reliable', () => {
    ledger.report(1, failure(REVIEW, 'SourceDown'))
    expect([ledger.failures, ledger.violations]).toEqual([1, 0])
  })

  test.each([
    [KEY, 'SourceDown', 'where the source is always well'],
    [REVIEW, 'CACHE_REMOTE_TIMEOUT', 'because of Redis'],
    [REVIEW, 'CACHE_CLOSED', 'for a reason of the cache itself'],
  ])('must not have (key %d, %s): %s', (key, code, _why) => {
    ledger.report(1, failure(key, code))
    expect([ledger.failures, ledger.violations]).toEqual([0, 1])
  })
})
