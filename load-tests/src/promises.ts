/** The promises that many scenarios share, each judged the same way wherever it is made. */

import { cpus } from 'node:os'

import { grouped } from './numbers.ts'
import type { Generator, Judgement, Run, Size } from './run-file.ts'
import { countOf, crossedIn, type Observed } from './timeline.ts'

/** By which two counts of the same requests may differ. */
const AGREEMENT = 0.01

/** Of all cores: from here on k6 takes from the shop what the shop would need. */
const GREEDY = 0.5
/** Of the visits that were planned: when so many were never begun, k6 had no time to begin them. */
const LAZY = 0.02

export function atMost(promise: string, limit: number, value: number, format: (value: number) => string): Judgement {
  return { promise, threshold: `≤ ${format(limit)}`, measured: format(value), kept: value <= limit }
}

export function atLeast(promise: string, limit: number, value: number, format: (value: number) => string): Judgement {
  return { promise, threshold: `≥ ${format(limit)}`, measured: format(value), kept: value >= limit }
}

export function none(promise: string, value: number): Judgement {
  return { promise, threshold: '= 0', measured: grouped(value), kept: value === 0 }
}

export function exactly(promise: string, expected: number, value: number): Judgement {
  return { promise, threshold: `= ${grouped(expected)}`, measured: grouped(value), kept: value === expected }
}

/** k6's own thresholds are never overruled by our counts. */
export function noVisitFails(run: Run, { figures, answers, paths }: Observed): Judgement {
  const judgement = none('no visit fails', run.failed)
  const kept = judgement.kept && run.requests > 0 && !crossedIn(figures).includes('visits_failed')
  const first = answers.find(({ isExpected }) => !isExpected)
  const example = first ? `, such as ${first.status} of ${paths[first.turn % paths.length]?.slice(0, 40)}` : ''
  return { ...judgement, measured: `${judgement.measured}${example}`, kept }
}

/** A smoke run says what is right on any machine, and a slow one may have no time for each arrival. */
const SMOKE_DROPS = 0.1

export function droppedAtMost(planned: number, size: Size): number {
  return size === 'smoke' ? Math.floor(SMOKE_DROPS * planned) : 0
}

/** Otherwise the rate that is stated is not the rate that was. */
export function fewArrivalsAreDropped(run: Run, { figures, planned }: Observed, size: Size): Judgement {
  const most = droppedAtMost(planned, size)
  const judgement =
    most === 0 ? none('no arrival is dropped', run.dropped) : atMost('arrivals dropped', most, run.dropped, grouped)
  return { ...judgement, kept: judgement.kept && !crossedIn(figures).includes('dropped_iterations') }
}

/** Two judgements: k6 has counted what it told us of, and the API has counted the same. Only a shop of somebody else may not tell. */
export function countsAgree(run: Run, observed: Observed): readonly Judgement[] {
  const own = k6CountsAgree(run, observed)
  const served = observed.samples.map((sample) => sample.served).filter((count) => count !== undefined)
  if (served.length === 0 && !observed.isOwnShop) return [own]
  const byApi = served.reduce((sum, count) => sum + count, 0)
  return [own, agreement('the API counts as many answers as k6', countByK6(observed), byApi)]
}

/** What is left of it where processes die, because their counts go with them. */
export function k6CountsAgree(run: Run, observed: Observed): Judgement {
  return agreement('k6 counts as many answers as it tells of', run.requests, countByK6(observed))
}

/** An attempt whose connection failed was repeated elsewhere, and is told of once. Who asks when to start visits nobody. */
function countByK6({ figures }: Observed): number {
  return countOf(figures, 'http_reqs') - countOf(figures, 'visits_repeated') - countOf(figures, 'starts_asked')
}

function agreement(promise: string, expected: number, value: number): Judgement {
  const apart = expected === 0 ? 1 : Math.abs(value - expected) / expected
  return {
    promise,
    threshold: `± ${AGREEMENT * 100} %`,
    measured: `${grouped(expected)}, ${grouped(value)}`,
    kept: apart <= AGREEMENT,
  }
}

/** What the generator took, and whether the figures are those of the shop. */
export function generatorOf(run: Run, { samples, planned }: Observed): Generator {
  const known = samples.map(({ cpuGenerator }) => cpuGenerator).filter((seconds) => seconds !== undefined)
  const seconds = (samples.at(-1)?.atMs ?? 0) / 1_000
  const cpuShare = seconds === 0 ? 0 : known.reduce((sum, value) => sum + value, 0) / seconds
  const cores = cpus().length
  // Dropped arrivals may be the fault of the shop. Those that were never begun are the generator's.
  const missing = planned - run.requests - run.dropped
  const isBehind = missing > LAZY * planned
  const took =
    known.length === 0
      ? 'The processor time of k6 is not known here'
      : `k6 took ${grouped(cpuShare, 2)} of ${cores} cores`
  const note = isBehind ? `${took} and never began ${grouped(missing)} of ${grouped(planned)} visits.` : `${took}.`
  return { cpuShare, bottleneck: isBehind || cpuShare >= GREEDY * cores, note }
}
