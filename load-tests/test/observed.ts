/** Loads as they might have been seen, to judge. */

import { type Answer, AnswerLog } from '../src/answers.ts'
import type { Freshness } from '../src/oracle.ts'
import type { Judgement } from '../src/run-file.ts'
import type { Sample } from '../src/sampler.ts'
import { type Observed, runOf } from '../src/timeline.ts'

export const STARTED_AT = 10_000

export function answerOf(atMs: number, source: Answer['source'] = 'memory'): Answer {
  const log = new AnswerLog()
  log.read(`${STARTED_AT + atMs} 2.50 200 ${source} 0`)
  return log.answers[0] as Answer
}

export function sampleOf(atMs: number, more: Partial<Sample> = {}): Sample {
  const known = { queries: 2, cpuApi: 0.5, cpuGenerator: 0.4, heapMiB: 90, residentMiB: 200, activeVUs: 7, served: 2 }
  return { atMs, ...known, ...more }
}

/** Everything was answered and counted. */
export function observedOf(answers: readonly Answer[], more: Partial<Observed> = {}): Observed {
  return {
    startedAt: STARTED_AT,
    isOwnShop: true,
    paths: ['/products/17'],
    planned: answers.length,
    answers,
    samples: [sampleOf(1_000, { served: answers.length })],
    events: [],
    figures: [{ values: { http_reqs: { count: answers.length } }, thresholds: [] }],
    ...more,
  }
}

/** A visit was made and answered, and nothing is wrong with it. */
export function quietLoad() {
  const observed = observedOf([answerOf(0)])
  return { run: runOf('with the cache', observed), observed }
}

/** No price was too old, and as much was looked at as anybody could want. */
export function freshnessOf(more: Partial<Freshness> = {}): Freshness {
  const plenty = 1_000_000
  const staleness = { buckets: [], p50: 0, p99: 0, max: 0 }
  return { checked: plenty, tooOld: 0, unknown: 0, asked: plenty, unasked: 0, staleness, ...more }
}

export function brokenIn(judgements: readonly Judgement[]): readonly string[] {
  return judgements.filter(({ kept }) => !kept).map(({ promise }) => promise)
}
