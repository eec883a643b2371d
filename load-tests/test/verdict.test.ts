import { describe, expect, test } from 'vitest'

import type { Stampede } from '../src/stampede.ts'
import { formatVerdict } from '../src/table.ts'
import { judge } from '../src/verdict.ts'

/** A stampede of 100 in which everything is as it should be with the cache. */
const calm: Stampede = {
  cache: 'on',
  vus: 100,
  processes: 1,
  product: { id: 1, name: 'Kettle', oldPrice: 200, newPrice: 180 },
  herd: { complete: true, waiting: 100, asked: 100, answered: 0, connected: 100, waitingQueries: 1 },
  queries: 1,
  answers: { succeeded: 100, newPrice: 100, fromLoad: 1, fromLoadOfAnother: 99, fromCache: 0, fromUnknown: 0 },
  crossed: [],
  milliseconds: { held: 500, spread: 20, toLastAnswer: 30 },
}

/** The same without the cache. */
const stormy: Stampede = {
  ...calm,
  cache: 'off',
  herd: { ...calm.herd, waitingQueries: 10 },
  queries: 100,
  answers: { ...calm.answers, fromLoad: 0, fromLoadOfAnother: 0, fromUnknown: 100 },
}

const brokenOf = (cached: Stampede, control?: Stampede) =>
  judge(cached, control)
    .sections.flatMap(({ judgements }) => judgements)
    .filter(({ kept }) => !kept)
    .map(({ promise }) => promise)

describe('with the cache', () => {
  test('one query for all, no failure and the new price keep every promise', () => {
    expect(judge(calm)).toMatchObject({ kept: true, conclusion: expect.stringContaining('--control') })
    expect(brokenOf(calm)).toEqual([])
  })

  test.each([
    [2, 'one more'],
    [0, 'none: whatever answered, it was not the database'],
    [100, 'as many as visitors'],
  ])('%d queries break the promise (%s)', (queries) => {
    expect(brokenOf({ ...calm, queries })).toEqual(['Postgres sees one query for the product'])
  })

  test('a single failed request breaks the promise', () => {
    const answers = { ...calm.answers, succeeded: 99, newPrice: 99, fromLoadOfAnother: 98 }
    expect(brokenOf({ ...calm, answers, crossed: ['http_req_failed', 'checks'] })).toEqual([
      'one of them loads it, all others wait for that load',
      'no request fails',
      'every answer carries the new price',
    ])
  })

  test('a single old price breaks the promise, and nothing else', () => {
    const run = { ...calm, answers: { ...calm.answers, newPrice: 99 }, crossed: ['checks'] }
    expect(brokenOf(run)).toEqual(['every answer carries the new price'])
  })

  test.each([
    ['http_req_failed', 'no request fails'],
    ['stampede_answered', 'no request fails'],
    ['checks', 'every answer carries the new price'],
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
    const run = { ...calm, herd: { ...calm.herd, ...herd } }
    expect(brokenOf(run)).toEqual(['everybody is waiting when the query is let go'])
    expect(judge(run).kept).toBe(false)
  })

  test('answers from the cache betray those who came too late', () => {
    const run = { ...calm, answers: { ...calm.answers, fromLoadOfAnother: 98, fromCache: 1 } }
    expect(brokenOf(run)).toEqual(['one of them loads it, all others wait for that load'])
    expect(formatVerdict(judge(run))).toContain('1 + 98, 1 from the cache')
  })

  test('where the system does not tell of connections, the questions count', () => {
    const { connected: _, ...herd } = calm.herd
    expect(judge({ ...calm, herd }).kept).toBe(true)
  })
})

describe('the control', () => {
  test('many queries without the cache complete the proof', () => {
    expect(judge(calm, stormy)).toMatchObject({
      kept: true,
      conclusion: '100 visitors: one query with the cache, 100 without.',
    })
  })

  test.each([
    [1, false],
    [2, true],
  ])('%d queries without the cache: proof %s', (queries, kept) => {
    expect(judge(calm, { ...stormy, queries }).kept).toBe(kept)
  })

  test('a control without a stampede takes the proof from a run that looks good', () => {
    expect(judge(calm, { ...stormy, queries: 1 }).conclusion).toContain('proves nothing')
  })

  test('a control whose herd was not there proves nothing either', () => {
    const herd = { ...stormy.herd, complete: false, waiting: 99 }
    expect(judge(calm, { ...stormy, herd }).conclusion).toContain('proves nothing')
  })

  test('a control is not asked for what nobody promised: its failures are its own', () => {
    const answers = { ...stormy.answers, succeeded: 60, newPrice: 60 }
    expect(judge(calm, { ...stormy, answers, queries: 60, crossed: ['http_req_failed'] }).kept).toBe(true)
  })

  test('it does not excuse a broken promise', () => {
    expect(judge({ ...calm, queries: 2 }, stormy)).toMatchObject({
      kept: false,
      conclusion: 'The shop has not kept its promises.',
    })
  })
})

test('the table shows each promise with its threshold, what was measured, and whether it was kept', () => {
  const text = formatVerdict(judge({ ...calm, queries: 2 }, stormy))
  expect(text).toBe(
    `
promise                                                 threshold   measured
────────────────────────────────────────────────────────────────────────────────
with the cache
  everybody is waiting when the query is let go         = 100       100        ✔
  one of them loads it, all others wait for that load   1 + 99      1 + 99     ✔
  Postgres sees one query for the product               = 1         2          ✘
  no request fails                                      = 0         0          ✔
  every answer carries the new price                    = 100       100        ✔
control: the same without the cache
  everybody is waiting when the query is let go         = 100       100        ✔
  Postgres sees many queries for the product            > 1         100        ✔
────────────────────────────────────────────────────────────────────────────────
The shop has not kept its promises.`.trimStart(),
  )
})
