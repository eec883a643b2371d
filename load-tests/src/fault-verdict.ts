/**
 * What a fault has shown.
 *
 * That no old price is shown counts only if prices changed while it lasted and were read: that is a promise too.
 */

import type { Answer } from './answers.ts'
import type { Fault } from './faults.ts'
import { grouped } from './numbers.ts'
import { type Freshness, type PriceChange, pricesWereChecked } from './oracle.ts'
import { atLeast, countsAgree, k6CountsAgree, none } from './promises.ts'
import type { Judgement, Run } from './run-file.ts'
import { Samples } from './samples.ts'
import type { Observed } from './timeline.ts'

export interface Plan {
  readonly rate: number
  /** How long each phase lasts. */
  readonly healthyS: number
  readonly brokenS: number
  readonly mendedS: number
  /** Of prices, one after the other. */
  readonly changesPerSecond: number
}

/**
 * Of the changes for which there was time. A third goes to the process that is killed, and what is slow may take longer than
 * its turn; fewer than this and hardly a price was old for anybody to be told.
 */
const LEAST_CHANGES = 0.5
/** In the mean of a visit since the fault. Half ask for one product whose price changes; lists and baskets come on top. */
const LEAST_PRICES = 0.5
/** All is as before when this long no visit fails and none is slow. */
const CALM_WINDOWS = 4
const WINDOW_MS = 250

interface Changed {
  readonly changes: readonly PriceChange[]
  readonly failed: number
  readonly freshness: Freshness
  readonly brokenAt: number
  readonly mendedAt: number
}

/** Prices have changed and were read, or no old one could have been shown. */
export function judgeChanges(
  { writes }: Pick<Fault, 'writes'>,
  { rate, brokenS, mendedS, changesPerSecond }: Plan,
  { changes, failed, freshness, brokenAt, mendedAt }: Changed,
): readonly Judgement[] {
  const [from, to] = writes === 'wait' ? [mendedAt, Number.POSITIVE_INFINITY] : [brokenAt, mendedAt]
  const meanwhile = changes.filter(({ answeredAt = Number.NaN }) => answeredAt >= from && answeredAt < to)
  const least = LEAST_CHANGES * changesPerSecond * (writes === 'wait' ? mendedS : brokenS)
  return [
    atLeast(
      `price changes ${writes === 'wait' ? 'once it is mended' : 'while it lasts'}`,
      least,
      meanwhile.length,
      grouped,
    ),
    pricesWereChecked(freshness, LEAST_PRICES * rate * (brokenS + mendedS)),
    ...(writes === 'succeed' ? [none('no price change fails', failed)] : []),
  ]
}

/** A process that was killed has taken its count with it. */
export function judgeCounts({ name }: Pick<Fault, 'name'>, run: Run, observed: Observed): readonly Judgement[] {
  return name === 'api-killed' ? [k6CountsAgree(run, observed)] : countsAgree(run, observed)
}

export function p99Of(answers: readonly Answer[]): number {
  return new Samples(answers.filter(({ isExpected }) => isExpected).map(({ tookMs }) => tookMs)).quantile(0.99)
}

/** From an instant until the first of some windows in a row in which nothing fails or is slow. */
export function recoveryOf(answers: readonly Answer[], from: number, limitMs: number): number | undefined {
  const windows = Map.groupBy(answers, ({ askedAt }) => Math.floor((askedAt - from) / WINDOW_MS))
  const isCalm = (window: number): boolean => {
    const asked = windows.get(window)
    return asked !== undefined && p99Of(asked) <= limitMs && asked.every(({ isExpected }) => isExpected)
  }
  const last = Math.max(...windows.keys())
  for (let window = 0; window + CALM_WINDOWS <= last; window++) {
    if (Array.from({ length: CALM_WINDOWS }, (_, i) => window + i).every(isCalm)) return window * WINDOW_MS
  }
  return undefined
}
