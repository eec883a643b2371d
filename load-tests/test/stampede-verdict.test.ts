import { describe, expect, test } from 'vitest'

import type { Stampede } from '../src/stampede.ts'
import { herdWasThere, judgeStampede, manyQueries } from '../src/stampede-verdict.ts'

/** A stampede of 100 in which everything is as it should be. */
const calm: Stampede = {
  visitors: 100,
  herd: { complete: true, waiting: 100, asked: 100, answered: 0, connected: 100, waitingQueries: 1 },
  queries: 1,
  hits: { memory: 0, redis: 0, load: 1, collapsed: 99, stale: 0, bypass: 0 },
  succeeded: 100,
  failures: [],
  newPrice: 100,
  crossed: [],
}

const brokenOf = (seen: Stampede) =>
  judgeStampede(seen)
    .filter(({ kept }) => !kept)
    .map(({ promise }) => promise)

describe('with the cache', () => {
  test('one query for all, no failure and the new price keep every promise', () => {
    expect(brokenOf(calm)).toEqual([])
  })

  test.each([
    [2, 'one more'],
    [0, 'none: whatever answered, it was not the database'],
    [100, 'as many as visitors'],
  ])('%d queries break the promise (%s)', (queries) => {
    expect(brokenOf({ ...calm, queries })).toEqual(['Postgres sees one query for the product'])
  })

  test('a single failed visit breaks the promise', () => {
    const hits = { ...calm.hits, collapsed: 98 }
    expect(brokenOf({ ...calm, hits, succeeded: 99, newPrice: 99, crossed: ['visits_failed'] })).toEqual([
      'one of them loads it, all others wait for that load',
      'no visit fails',
      'every answer carries the new price',
    ])
  })

  test('a single old price breaks the promise, and nothing else', () => {
    expect(brokenOf({ ...calm, newPrice: 99 })).toEqual(['every answer carries the new price'])
  })

  test.each([
    ['visits_failed', 'no visit fails'],
    ['stampede_answered', 'no visit fails'],
    ['stampede_asked', 'everybody is waiting when the query is let go'],
  ])('a threshold of k6 on %s that was crossed is never overruled', (metric, promise) => {
    expect(brokenOf({ ...calm, crossed: [metric] })).toEqual([promise])
  })
})

describe('a herd that was not there', () => {
  test.each([
    ['one visitor was missing', { complete: false, waiting: 99, asked: 99 }],
    ['one question had not arrived', { complete: false, waiting: 99, connected: 99 }],
    ['one had an answer already', { complete: false, waiting: 99, answered: 1 }],
    ['no query was waiting', { complete: false, waitingQueries: 0 }],
  ])('proves nothing, although Postgres counted one query: %s', (_, herd) => {
    const seen = { ...calm, herd: { ...calm.herd, ...herd } }
    expect(brokenOf(seen)).toEqual(['everybody is waiting when the query is let go'])
    expect(herdWasThere(seen).kept).toBe(false)
  })

  test('answers from the cache betray those who came too late', () => {
    const seen = { ...calm, hits: { ...calm.hits, collapsed: 98, memory: 1 } }
    expect(brokenOf(seen)).toEqual(['one of them loads it, all others wait for that load'])
    expect(judgeStampede(seen).map(({ measured }) => measured)).toContain('1 + 98, 1 from the cache')
  })

  test('where the system does not tell of connections, the questions count', () => {
    const { connected: _, ...herd } = calm.herd
    expect(brokenOf({ ...calm, herd })).toEqual([])
  })
})

test.each([
  [1, false],
  [2, true],
  [100, true],
])('a control with %d queries shows a stampede: %s', (queries, kept) => {
  expect(manyQueries(queries, 2).kept).toBe(kept)
})
