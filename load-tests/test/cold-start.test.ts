import { describe, expect, test } from 'vitest'

import type { Answer } from '../src/answers.ts'
import { judgeHits } from '../src/cold-start.ts'
import type { RunEvent } from '../src/run-file.ts'
import { answerOf, brokenIn, observedOf } from './observed.ts'

type Sources = readonly Answer['source'][]

/** As `laptop` is: 15 s from each of the three beginnings on. */
const SECONDS = 15
const BEGINNINGS = ['start', 'flush', 'deploy'] as const
const events: readonly RunEvent[] = [
  { atMs: 15_000, label: 'Redis forgets everything', kind: 'fault' },
  { atMs: 30_000, label: 'a process is replaced', kind: 'phase' },
  { atMs: 34_000, label: 'a process is replaced', kind: 'phase' },
]

/** Ten visits, the same again and again, as many as there are of each beginning. */
const tenOf = (hits: number, miss: Answer['source']): Sources =>
  Array.from({ length: 10 }, (_, i) => (i < hits ? 'memory' : miss))
const usual: Readonly<Record<(typeof BEGINNINGS)[number], Sources>> = {
  start: tenOf(9, 'load'),
  flush: tenOf(5, 'load'),
  deploy: tenOf(8, 'load'),
}
const observed = (more: Partial<typeof usual> = {}, of = events) =>
  observedOf(
    BEGINNINGS.flatMap((beginning, nth) =>
      Array.from({ length: 10 * SECONDS }, (_, i) =>
        answerOf(nth * SECONDS * 1_000 + i * 100, { ...usual, ...more }[beginning][i % 10]),
      ),
    ),
    { events: of },
  )
const unwarmed = observedOf(Array.from({ length: 150 }, (_, i) => answerOf(i * 100, i % 2 === 0 ? 'redis' : 'load')))
const brokenOf = (more: Partial<typeof usual>, of = events) =>
  brokenIn(judgeHits('laptop', observed(more, of), unwarmed))

describe('the first visits after a beginning', () => {
  test('are hits, from memory and from Redis', () => {
    expect(brokenOf({ deploy: [...tenOf(4, 'redis').slice(0, 8), 'load', 'load'] })).toEqual([])
  })

  test('that load after a flush break the promise, whatever the start was like', () => {
    expect(brokenOf({ flush: tenOf(3, 'load') })).toEqual(['hits of the first visits after FLUSHALL'])
  })

  test('that load while processes are replaced break it too', () => {
    expect(brokenOf({ deploy: tenOf(6, 'load') })).toEqual(['hits while each process is replaced'])
  })

  test('that wait for the load of another are no hits', () => {
    expect(brokenOf({ start: tenOf(6, 'collapsed'), flush: tenOf(3, 'collapsed') })).toEqual([
      'hits of the first visits, warmed',
      'hits of the first visits after FLUSHALL',
    ])
  })

  test('that never came are no hits either', () => {
    expect(brokenOf({}, [])).toEqual(['hits of the first visits after FLUSHALL', 'hits while each process is replaced'])
  })

  test('must be more of them when warmed than when not', () => {
    expect(brokenIn(judgeHits('smoke', observed({ start: tenOf(4, 'load') }), unwarmed))).toEqual([
      'hits of the first visits, warmed and not warmed',
    ])
  })
})
