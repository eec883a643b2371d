/** Spike and soak: what a sudden crowd does to the shop, and what a long day does. */

import { grouped, milliseconds } from './numbers.ts'
import { atMost } from './promises.ts'
import type { Judgement, Run, Second } from './run-file.ts'
import { trafficScenario } from './traffic-scenario.ts'

const SPIKE_P99_LIMIT_MS = 250

/**
 * Of the memory in the third quarter: by then the cache is full, and what still grows is a leak. A leak beside the heap, of
 * buffers or of sockets, shows only in what the system has given.
 */
const GROWTH_LIMIT = 1.1
const MEMORIES = [
  { name: 'the heap', of: ({ heapMiB }: Second) => heapMiB },
  { name: 'the resident memory', of: ({ residentMiB }: Second) => residentMiB },
] as const

export const spike = trafficScenario({
  name: 'spike',
  title: 'ten times as many visits from one moment to the next, and back',
  question: 'Does anybody notice that a crowd has come?',
  workload: {
    smoke: 'The mix of browse at 30 visits/s for 3 s, at once 300 for 4 s, and 30 again for 4 s.',
    laptop: 'The mix of browse at 80 visits/s for 20 s, at once 800 for 30 s, and 80 again for 20 s.',
    full: 'The mix of browse at 200 visits/s for 30 s, at once 2 000 for 60 s, and 200 again for 30 s.',
  },
  expectation: `No visit fails; 99 of 100 are answered within ${SPIKE_P99_LIMIT_MS} ms all the while.`,
  stages: {
    smoke: waves(30, 3, 4, 4),
    laptop: waves(80, 20, 30, 20),
    full: waves(200, 30, 60, 30),
  },
  judge: (run, _, size) =>
    size === 'smoke'
      ? []
      : [atMost('99 of 100 visits are answered in', SPIKE_P99_LIMIT_MS, run.latency.p99, milliseconds)],
  conclude: ([run]) =>
    `${grouped(run?.requests ?? 0)} visits, none failed, p99 ${milliseconds(run?.latency.p99 ?? 0)}.`,
})

export const soak = trafficScenario({
  name: 'soak',
  title: 'the same load for long: does memory grow?',
  question: 'Is anything kept for ever?',
  workload: {
    smoke: 'The mix of browse at 80 visits/s for 12 s.',
    laptop: 'The mix of browse at 300 visits/s for 4 minutes.',
    full: 'The mix of browse at 500 visits/s for 30 minutes.',
  },
  expectation:
    'No visit fails. In the last quarter the largest process holds at most a tenth more than in the third, heap and all.',
  stages: {
    smoke: [{ rate: 80, seconds: 12 }],
    laptop: [{ rate: 300, seconds: 240 }],
    full: [{ rate: 500, seconds: 1_800 }],
  },
  judge: (run, _, size) => (size === 'smoke' ? [] : memoryDoesNotGrow(run)),
  extra: (run) =>
    MEMORIES.map(({ name, of }) => ({
      label: `${name} in the last quarter, of the third`,
      value: share(growthOf(run, of)),
    })),
  conclude([run]) {
    const [heap, resident] = (run?.extra ?? []).map(({ value }) => value)
    return `${grouped(run?.requests ?? 0)} visits, none failed; last quarter: ${heap} of the heap of the third, ${resident} of all its memory.`
  },
})

export function memoryDoesNotGrow(run: Pick<Run, 'seconds'>): readonly Judgement[] {
  return MEMORIES.map(({ name, of }) =>
    atMost(`${name} in the last quarter, of the third`, GROWTH_LIMIT, growthOf(run, of), share),
  )
}

function waves(rate: number, before: number, during: number, after: number) {
  return [
    { rate, seconds: before },
    { rate: 10 * rate, seconds: during },
    { rate, seconds: after },
  ]
}

/** By the least of each quarter's seconds: what is left when the garbage is gone. NaN when it is not known of a quarter. */
export function growthOf({ seconds }: Pick<Run, 'seconds'>, of: (second: Second) => number | undefined): number {
  const quarter = Math.floor(seconds.length / 4)
  const least = (part: readonly Second[]) => {
    const known = part.map(of).filter((memory) => memory !== undefined)
    return known.length === 0 ? Number.NaN : Math.min(...known)
  }
  return least(seconds.slice(3 * quarter, 4 * quarter)) / least(seconds.slice(2 * quarter, 3 * quarter))
}

function share(value: number): string {
  return Number.isNaN(value) ? 'unknown' : grouped(value, 2)
}
