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
 */

import type { Answer } from './answers.ts'
import { none } from './promises.ts'
import type { Judgement, Staleness } from './run-file.ts'
import { Samples } from './samples.ts'

/** Instants are milliseconds since 1970. */
export interface PriceChange {
  readonly id: number
  readonly amount: number
  readonly sentAt: number
  /** Absent when it failed, or its outcome is unknown. */
  readonly answeredAt: number | undefined
}

export interface Freshness {
  /** Prices that were read in answers, of products whose price changes. */
  readonly checked: number
  /** Of these older than the bound. */
  readonly tooOld: number
  /** Prices that nobody has set. */
  readonly unknown: number
  /** Of each change: how long after it was answered somebody who asked was still told an older price. */
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
}

/** No two changes of one product may be under way at once, and none may set a price that another has set. */
export function askOracle({ before, changes, answers, boundMs }: Told): Freshness {
  const histories = new Map([...before].map(([id, amount]) => [id, new History(amount)]))
  for (const change of changes) histories.get(change.id)?.add(change)
  let [checked, tooOld, unknown] = [0, 0, 0]
  for (const { askedAt, prices } of answers) {
    for (const { id, amount } of prices) {
      const history = histories.get(id)
      if (history === undefined) continue
      checked++
      const age = history.ageOf(amount, askedAt)
      if (age === undefined) unknown++
      else if (age > boundMs) tooOld++
    }
  }
  return {
    checked,
    tooOld,
    unknown,
    staleness: stalenessOf([...histories.values()].flatMap((one) => one.visibleAfter)),
  }
}

export function noPriceIsTooOld({ tooOld, unknown }: Freshness, boundMs: number): Judgement {
  return none(`no price is shown that is older than ${boundMs} ms, or that nobody has set`, tooOld + unknown)
}

/** The prices of one product. */
class History {
  readonly #amounts = new Map<number, number>()
  readonly #answeredAt: (number | undefined)[] = [Number.NEGATIVE_INFINITY]
  readonly #oldUntil: number[] = [0]

  constructor(amount: number) {
    this.#amounts.set(amount, 0)
  }

  add({ amount, answeredAt }: PriceChange): void {
    this.#amounts.set(amount, this.#answeredAt.length)
    this.#answeredAt.push(answeredAt)
    this.#oldUntil.push(0)
  }

  /** How long a price had been wrong when somebody asked and was told it; 0 when it was right. */
  ageOf(amount: number, askedAt: number): number | undefined {
    const told = this.#amounts.get(amount)
    if (told === undefined) return undefined
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

  get visibleAfter(): readonly number[] {
    return this.#oldUntil.filter((_, change) => change > 0 && this.#answeredAt[change] !== undefined)
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
