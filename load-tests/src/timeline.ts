/** A run as the report draws it: what k6 saw and what was sampled beside it, on one axis of seconds. */

import type { Answer } from './answers.ts'
import type { K6Figures } from './k6-run.ts'
import type { Hits, Run, RunEvent, Second } from './run-file.ts'
import type { Sample } from './sampler.ts'
import { Samples } from './samples.ts'

/** What was seen of one load, without a judgement. */
export interface Observed {
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Whether the shop is our own, which has no other visitors, and whose processes must say what they have counted. */
  readonly isOwnShop: boolean
  /** What was to be asked for: the n-th visit took the n-th, from the beginning again when there were no more. */
  readonly paths: readonly string[]
  /** How many visits there should have been. */
  readonly planned: number
  readonly answers: readonly Answer[]
  readonly samples: readonly Sample[]
  readonly events: readonly RunEvent[]
  readonly figures: readonly K6Figures[]
}

export function runOf(name: string, { startedAt, isOwnShop, answers, samples, events, figures }: Observed): Run {
  const expected = answers.filter(({ isExpected }) => isExpected)
  const latency = new Samples(expected.map(({ tookMs }) => tookMs))
  return {
    name,
    events,
    seconds: secondsOf(startedAt, answers, samples),
    latency: {
      p50: orZero(latency.quantile(0.5)),
      p95: orZero(latency.quantile(0.95)),
      p99: orZero(latency.quantile(0.99)),
      p999: orZero(latency.quantile(0.999)),
      max: latency.max,
    },
    requests: answers.length,
    failed: answers.length - expected.length,
    dropped: countOf(figures, 'dropped_iterations'),
    ...(isOwnShop && { queries: samples.reduce((sum, { queries }) => sum + queries, 0) }),
    hits: hitsOf(answers),
  }
}

/** Of all generators. */
export function countOf(figures: readonly K6Figures[], metric: string): number {
  return figures.reduce((sum, { values }) => sum + (values[metric]?.count ?? 0), 0)
}

/** Metrics whose threshold k6 found crossed. */
export function crossedIn(figures: readonly K6Figures[]): readonly string[] {
  return figures.flatMap(({ thresholds }) => thresholds.filter(({ kept }) => !kept).map(({ metric }) => metric))
}

export function hitsOf(answers: readonly Answer[]): Hits {
  const hits = { memory: 0, redis: 0, load: 0, collapsed: 0, stale: 0, bypass: 0 }
  for (const { source } of answers) hits[source]++
  return hits
}

function secondsOf(startedAt: number, answers: readonly Answer[], samples: readonly Sample[]): Second[] {
  const bySecond = Map.groupBy(answers, ({ askedAt }) => Math.max(0, Math.floor((askedAt - startedAt) / 1_000)))
  const last = Math.max(-1, ...bySecond.keys())
  return Array.from({ length: last + 1 }, (_, second) => {
    const asked = bySecond.get(second) ?? []
    const expected = asked.filter(({ isExpected }) => isExpected)
    const latency = new Samples(expected.map(({ tookMs }) => tookMs))
    const { memory, redis, load, stale } = hitsOf(asked)
    const sample = samples[second]
    return {
      atMs: second * 1_000,
      requests: asked.length,
      failed: asked.length - expected.length,
      p50: orZero(latency.quantile(0.5)),
      p95: orZero(latency.quantile(0.95)),
      p99: orZero(latency.quantile(0.99)),
      queries: sample?.queries ?? 0,
      ...{ memory, redis, load, stale },
      ...(sample?.cpuApi !== undefined && { cpuApi: sample.cpuApi }),
      ...(sample?.cpuGenerator !== undefined && { cpuGenerator: sample.cpuGenerator }),
      ...(sample?.heapMiB !== undefined && { heapMiB: sample.heapMiB }),
      ...(sample?.residentMiB !== undefined && { residentMiB: sample.residentMiB }),
      ...(sample !== undefined && { activeVUs: sample.activeVUs }),
    }
  })
}

/** A second in which nobody was answered has no quantile, and JSON no word for that. */
function orZero(value: number): number {
  return Number.isNaN(value) ? 0 : value
}
