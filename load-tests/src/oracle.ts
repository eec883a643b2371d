/**
 * The oracle: who was told a price that was no longer true, and for how long.
 *
 * It knows every change of a price, and from each answer what it said and when it was asked for. A change is over when its
 * writer has the answer; whoever asks from then on and is told a price from before it has been told something old:
 *
 *     writer    PUT 1 999 ─────────▶ answered
 *     visitor                           │◀─ age of what is told ─▶│ asks ── told 2 099: old
 *
 * A change whose writer got no answer may or may not have been made: what it would have set is no lie, and nobody has to
 * know of it.
 *
 * Of a change that nobody asked another process about soon after it, nobody can say when it was visible there. It is left
 * out, and counted, because as one that was visible at once it would make the others look better.
 */

import type { Answer } from './answers.ts'
import { grouped } from './numbers.ts'
import { atLeast, none } from './promises.ts'
import type { Judgement, Staleness } from './run-file.ts'
import { Samples } from './samples.ts'

/** Instants are milliseconds since 1970. */
export interface PriceChange {
  readonly id: number
  readonly amount: number
  readonly sentAt: number
  /** Absent when it failed, or its outcome is unknown. */
  readonly answeredAt: number | undefined
  /** The how-manieth process was told it, from 0. */
  readonly process: number
}

export interface Freshness {
  /** Prices that were read in answers since they began to count, of products whose price changes. */
  readonly checked: number
  /** Of these older than the bound. */
  readonly tooOld: number
  /** Prices that nobody has set. */
  readonly unknown: number
  /** Changes that somebody asked another process about in time, or was told an older price of. */
  readonly asked: number
  /** All others that were answered. */
  readonly unasked: number
  /** Of each that was asked about: how long after it was answered somebody who asked was still told an older price. */
  readonly staleness: Staleness
}

const BUCKETS_MS: readonly number[] = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]

export interface Told {
  /** Of each product whose price changes, what it cost before, in the order of their making. */
  readonly before: ReadonlyMap<number, number>
  readonly changes: readonly PriceChange[]
  readonly answers: readonly Answer[]
  /** How old a price may be, in milliseconds. */
  readonly boundMs: number
  /** The n-th visit asked the n-th of so many processes first, from the first again when there were no more. */
  readonly processes: number
  /** So soon after a change somebody must have asked another process than the one that was told it, in milliseconds. */
  readonly askedWithinMs: number
  /**
   * From when on prices count as checked. All are judged.
   * @default from the beginning
   */
  readonly checkedFrom?: number
}

/** No two changes of one product may be under way at once, and none may set a price that another has set. */
export function askOracle(told: Told): Freshness {
  const { before, changes, answers, boundMs, processes, askedWithinMs, checkedFrom = Number.NEGATIVE_INFINITY } = told
  const histories = new Map([...before].map(([id, amount]) => [id, new History(amount, askedWithinMs)]))
  for (const change of changes) histories.get(change.id)?.add(change)
  let [checked, tooOld, unknown] = [0, 0, 0]
  for (const { askedAt, turn, prices } of answers) {
    for (const { id, amount } of prices) {
      const history = histories.get(id)
      if (history === undefined) continue
      if (askedAt >= checkedFrom) checked++
      const age = history.ageOf(amount, askedAt, turn % processes)
      if (age === undefined) unknown++
      else if (age > boundMs) tooOld++
    }
  }
  const all = [...histories.values()].flatMap((one) => one.visibleAfter)
  const visibleAfter = all.filter((age) => age !== undefined)
  return {
    checked,
    tooOld,
    unknown,
    asked: visibleAfter.length,
    unasked: all.length - visibleAfter.length,
    staleness: stalenessOf(visibleAfter),
  }
}

export function noPriceIsTooOld({ tooOld, unknown }: Freshness, boundMs: number): Judgement {
  return none(`no price is shown that is older than ${boundMs} ms, or that nobody has set`, tooOld + unknown)
}

/** Without it a shop that shows no prices would show none that is too old. */
export function pricesWereChecked({ checked }: Freshness, least: number): Judgement {
  return atLeast('prices checked against the oracle', Math.ceil(least), checked, grouped)
}

/** The prices of one product. */
class History {
  readonly #amounts = new Map<number, number>()
  readonly #answeredAt: (number | undefined)[] = [Number.NEGATIVE_INFINITY]
  readonly #oldUntil: number[] = [0]
  readonly #processes: number[] = [Number.NaN]
  readonly #isAsked: boolean[] = [false]
  readonly #askedWithinMs: number

  constructor(amount: number, askedWithinMs: number) {
    this.#amounts.set(amount, 0)
    this.#askedWithinMs = askedWithinMs
  }

  add({ amount, answeredAt, process }: PriceChange): void {
    this.#amounts.set(amount, this.#answeredAt.length)
    this.#answeredAt.push(answeredAt)
    this.#oldUntil.push(0)
    this.#processes.push(process)
    this.#isAsked.push(false)
  }

  /** How long a price had been wrong when somebody asked a process and was told it; 0 when it was right. */
  ageOf(amount: number, askedAt: number, process: number): number | undefined {
    const told = this.#amounts.get(amount)
    if (told === undefined) return undefined
    this.#noteAsked(told, askedAt, process)
    let oldest = 0
    for (let change = told + 1; change < this.#answeredAt.length; change++) {
      const answeredAt = this.#answeredAt[change]
      if (answeredAt === undefined) continue
      if (answeredAt >= askedAt) break
      const age = askedAt - answeredAt
      this.#oldUntil[change] = Math.max(this.#oldUntil[change] ?? 0, age)
      oldest = Math.max(oldest, age)
    }
    return oldest
  }

  /** Of each change that was answered; `undefined` where nobody asked. Whoever was told an older price has asked, however late. */
  get visibleAfter(): readonly (number | undefined)[] {
    const known = this.#oldUntil.map((age, change) => (age > 0 || this.#isAsked[change] ? age : undefined))
    return known.filter((_, change) => change > 0 && this.#answeredAt[change] !== undefined)
  }

  /** The price that is told, and those shortly before it, are visible at this process. */
  #noteAsked(told: number, askedAt: number, process: number): void {
    for (let change = told; change > 0; change--) {
      const answeredAt = this.#answeredAt[change]
      if (answeredAt === undefined) continue
      if (answeredAt + this.#askedWithinMs < askedAt) break
      if (answeredAt < askedAt && this.#processes[change] !== process) this.#isAsked[change] = true
    }
  }
}

function stalenessOf(visibleAfter: readonly number[]): Staleness {
  const samples = new Samples(visibleAfter)
  const limits = [...BUCKETS_MS, Number.MAX_SAFE_INTEGER]
  const buckets = limits.map((upToMs, i) => {
    const above = limits[i - 1] ?? Number.NEGATIVE_INFINITY
    return { upToMs, count: visibleAfter.filter((age) => age > above && age <= upToMs).length }
  })
  const quantile = (share: number) => (samples.count === 0 ? 0 : samples.quantile(share))
  return {
    buckets: buckets.filter(({ upToMs, count }) => upToMs < Number.MAX_SAFE_INTEGER || count > 0),
    p50: quantile(0.5),
    p99: quantile(0.99),
    max: samples.max,
  }
}
