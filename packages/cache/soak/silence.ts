/**
 * When nothing from Redis reached a process, as the one that hands over the bytes knows it.
 *
 * A gap is counted from the last byte that may have arrived to the first that may have arrived after it, so that
 * inside it nothing did.
 */

import { type Instant, plus } from './instant.ts'

interface Gap {
  readonly from: Instant
  readonly until: Instant
}

/** Gaps are remembered for so long: reads are checked far sooner. */
const KEPT_MS = 60_000

export class Silence {
  readonly #least: number
  #gaps: Gap[] = []
  #heardAt: Instant
  /** Bytes that are neither surely still here nor surely there. */
  #underWay = 0

  /** Gaps of `least` milliseconds or less are of no interest. */
  constructor(least: number, startedAt: Instant) {
    this.#least = least
    this.#heardAt = startedAt
  }

  /** Bytes are about to be handed over. */
  begin(at: Instant): void {
    if (this.#underWay === 0 && at > this.#heardAt + this.#least) {
      this.#gaps = this.#gaps.filter(({ until }) => plus(until, KEPT_MS) > at)
      this.#gaps.push({ from: this.#heardAt, until: at })
    }
    this.#underWay++
    this.#heardAt = at
  }

  /** They have been. */
  end(at: Instant): void {
    this.#underWay--
    this.#heardAt = at
  }

  /** Since when nothing had reached the process at that instant; `undefined` if something had within `least`. */
  since(instant: Instant): Instant | undefined {
    const gap = this.#gaps.find(({ from, until }) => from < instant && instant < until)
    if (gap) return gap.from
    return this.#underWay === 0 && instant > this.#heardAt + this.#least ? this.#heardAt : undefined
  }
}
