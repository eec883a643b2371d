/**
 * Ramp: more visits each few seconds, until they are not answered in time any more.
 *
 *     p99     │                          ╱
 *     50 ms ──┼─────────────────────────╱──
 *             │________________________╱
 *     visits/s   200   400   600   …  knee
 */

import { grouped, milliseconds } from './numbers.ts'
import type { Stage } from './play.ts'
import { atLeast, noVisitFails } from './promises.ts'
import type { Size } from './run-file.ts'
import { Samples } from './samples.ts'
import type { Observed } from './timeline.ts'
import { trafficScenario } from './traffic-scenario.ts'

const P99_LIMIT_MS = 50
/** Of a rate that was kept up. */
const LEAST_ARRIVED = 0.98
/** What any machine of today reaches, so that a shop that has become much slower is noticed. */
const LEAST_KNEE = 400
const KNEE = `visits/s with p99 below ${P99_LIMIT_MS} ms`

/** The first stage fills the cache, and is no step: who comes to a cold shop waits for Postgres at any rate. */
const COLD: Readonly<Record<Size, number>> = { smoke: 0, laptop: 1, full: 1 }

const STAGES: Readonly<Record<Size, readonly Stage[]>> = {
  smoke: steps({ from: 40, step: 40, count: 3, seconds: 3 }),
  laptop: [{ rate: 300, seconds: 15 }, ...steps({ from: 300, step: 300, count: 10, seconds: 6 })],
  full: [{ rate: 500, seconds: 30 }, ...steps({ from: 500, step: 500, count: 16, seconds: 15 })],
}

interface Step extends Stage {
  readonly p99: number
  /** Of one core, all processes of the API together. */
  readonly cpu: number | undefined
  readonly kept: boolean
}

export const ramp = trafficScenario({
  name: 'ramp',
  title: 'more and more visits until they are not answered in time',
  question: `How many visits a second are answered with p99 below ${P99_LIMIT_MS} ms, and what does one core of the API do?`,
  workload: { smoke: workloadOf('smoke'), laptop: workloadOf('laptop'), full: workloadOf('full') },
  expectation:
    'No visit fails below the knee. The knee itself is the answer: a machine with more cores has a higher one.',
  stages: STAGES,
  mayOverload: true,
  judge: (run, observed, size) =>
    size === 'smoke'
      ? [noVisitFails(run, observed)]
      : [atLeast(KNEE, LEAST_KNEE, keptSteps(observed, size).at(-1)?.rate ?? 0, grouped)],
  extra(_, observed, size) {
    const knee = keptSteps(observed, size).at(-1)
    if (!knee) return []
    const perCore = knee.cpu === undefined || knee.cpu === 0 ? undefined : knee.rate / knee.cpu
    return [
      { label: 'the knee, visits/s', value: grouped(knee.rate) },
      { label: 'p99 there', value: milliseconds(knee.p99) },
      ...(perCore === undefined ? [] : [{ label: 'visits/s per core of the API', value: grouped(perCore) }]),
    ]
  },
  conclude([run]) {
    const [knee, p99, perCore] = (run?.extra ?? []).map(({ value }) => value)
    if (knee === undefined) return 'Not even the first step was answered in time.'
    return `${knee} visits/s with a p99 of ${p99}${perCore === undefined ? '' : `; ${perCore} per core of the API`}.`
  },
})

/** Those before the first that was not kept up. */
export function keptSteps(observed: Observed, size: Size): readonly Step[] {
  const all = stepsOf(observed, STAGES[size]).slice(COLD[size])
  const broken = all.findIndex(({ kept }) => !kept)
  return broken === -1 ? all : all.slice(0, broken)
}

function stepsOf({ startedAt, answers, samples }: Observed, stages: readonly Stage[]): Step[] {
  let begin = 0
  return stages.map((stage) => {
    const [from, to] = [begin * 1_000, (begin + stage.seconds) * 1_000]
    begin += stage.seconds
    const asked = answers.filter(({ askedAt }) => askedAt - startedAt >= from && askedAt - startedAt < to)
    const p99 = new Samples(asked.map(({ tookMs }) => tookMs)).quantile(0.99)
    const cpu = samples.filter(({ atMs }) => atMs > from + 500 && atMs <= to + 500).map(({ cpuApi }) => cpuApi ?? 0)
    return {
      ...stage,
      p99,
      cpu: cpu.length === 0 ? undefined : cpu.reduce((sum, seconds) => sum + seconds, 0) / cpu.length,
      kept:
        p99 < P99_LIMIT_MS &&
        asked.length >= LEAST_ARRIVED * stage.rate * stage.seconds &&
        asked.every(({ isExpected }) => isExpected),
    }
  })
}

function steps({ from, step, count, seconds }: Record<'from' | 'step' | 'count' | 'seconds', number>): Stage[] {
  return Array.from({ length: count }, (_, i) => ({ rate: from + i * step, seconds }))
}

function workloadOf(size: Size): string {
  const rates = STAGES[size].map(({ rate }) => rate)
  const { seconds = 0 } = STAGES[size].at(-1) ?? {}
  const cold = COLD[size] > 0 ? `After ${STAGES[size][0]?.seconds} s from cold, ` : ''
  const [least, most] = [grouped(Math.min(...rates)), grouped(Math.max(...rates))]
  return `${cold}the mix of browse, from ${least} to ${most} visits/s, each step ${seconds} s.`
}
