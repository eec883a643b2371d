/**
 * The freshness proof: until when this process has surely received every invalidation.
 *
 * At a steady interval it publishes a probe to itself through Redis. Redis delivers in order, so when the
 * echo has been processed, everything published before the probe was *sent* has been applied:
 *
 *     this process   probe sent at s ............................... echo processed at e
 *     Redis                    | inv 7 | probe runs | inv 8 |
 *                                                          proof = s, never e: inv 8 may still be on its way,
 *                                                          and a backlog of ten seconds would echo too
 *
 * Order alone proves nothing about what was lost. So invalidations are numbered without gaps, and the
 * echo carries the latest number: if it is not the one applied last, something was lost, and
 * everything this process remembers is void (`reset`). The same holds for another epoch: Redis lost its
 * memory, or another server took its place.
 *
 * A process without Redis is alone: whatever is invalidated, it invalidated itself, and the proof always holds.
 */

import { between, type Millis, type Monotonic, type ServerMs } from './clock.ts'
import type { Noted } from './tags.ts'

export type Reset = 'first' | 'epoch' | 'gap'

/** What became of a message: apply it, or all is void (and then there is nothing left to apply it to). */
export type Verdict = { readonly type: 'apply' } | { readonly type: 'reset'; readonly reason: Reset }

const APPLY: Verdict = { type: 'apply' }

export class Proof {
  readonly #alone: boolean
  readonly #bound: Millis
  /** Up to here every invalidation has been applied. */
  #applied: Noted | undefined
  /** The highest number heard of in the epoch of `#applied`; not below it. */
  #seen = 0
  /** The instant the latest proven probe was sent. */
  #provenAt = Number.NEGATIVE_INFINITY as Monotonic
  /** Server time minus monotonic time. */
  #offset: number

  constructor(alone: boolean, bound: Millis, now: Monotonic, wall: ServerMs) {
    this.#alone = alone
    this.#bound = bound
    this.#offset = wall - now
  }

  /** Whether everything published `maxStaleness` before `now` has been applied. */
  holds(now: Monotonic): boolean {
    return this.#alone || between(this.#provenAt, now) <= this.#bound
  }

  /**
   * Whether a value whose load began at `loadedAt` may be served without asking. A value younger than the bound
   * is within it without any proof. `extra` is how much more its policy allows.
   */
  covers(loadedAt: Monotonic, now: Monotonic, extra: Millis): boolean {
    return this.#alone || now - Math.max(this.#provenAt, loadedAt) <= this.#bound + extra
  }

  /** Milliseconds since the proof, or `undefined` when there never was one. */
  age(now: Monotonic): Millis | undefined {
    return Number.isFinite(this.#provenAt) ? between(this.#provenAt, now) : undefined
  }

  /** The epoch this process is in; `undefined` until the first message. */
  get epoch(): string | undefined {
    return this.#applied?.epoch
  }

  /**
   * The latest number known to this process. A load notes it before it begins: an invalidation with a number that
   * is not higher came before the load, whether or not it has been applied here.
   */
  get noted(): Noted | undefined {
    return this.#applied && { epoch: this.#applied.epoch, number: this.#seen }
  }

  /** Whether everything up to this point has been applied here. */
  reached({ epoch, number }: Noted): boolean {
    return this.#alone || (this.#applied?.epoch === epoch && this.#applied.number >= number)
  }

  /** Redis answered this process with this number. */
  saw(epoch: string, number: number): void {
    if (this.#applied?.epoch === epoch) this.#seen = Math.max(this.#seen, number)
  }

  /** An invalidation, from the bus. */
  invalidated(epoch: string, number: number): Verdict {
    if (this.#applied?.epoch !== epoch) return this.#reset(epoch, number)
    if (number > this.#applied.number + 1) return this.#reset(epoch, number)
    if (number > this.#applied.number) this.#applied = { epoch, number }
    this.saw(epoch, number)
    return APPLY
  }

  /** Anything else that carries a number: it tells of no new invalidation, so a higher number is a gap. */
  mentioned(epoch: string, number: number): Verdict {
    if (this.#applied?.epoch !== epoch || number > this.#applied.number) return this.#reset(epoch, number)
    return APPLY
  }

  /** The echo of the probe sent at `sentAt`. */
  echoed(epoch: string, number: number, sentAt: Monotonic): Verdict {
    const verdict = this.mentioned(epoch, number)
    this.#provenAt = Math.max(this.#provenAt, sentAt) as Monotonic
    return verdict
  }

  /**
   * The server's time at an instant of ours, known to within `uncertainty`. What the last measure says is kept while it
   * agrees: the jitter of round trips must not make an entry fresh and stale by turns.
   */
  serverTime(time: ServerMs, at: Monotonic, uncertainty: Millis): void {
    const offset = time - at
    if (Math.abs(offset - this.#offset) > uncertainty) this.#offset = offset
  }

  toServer(instant: Monotonic): ServerMs {
    return (instant + this.#offset) as ServerMs
  }

  toMonotonic(instant: ServerMs): Monotonic {
    return (instant - this.#offset) as Monotonic
  }

  #reset(epoch: string, number: number): Verdict {
    const reason = this.#applied === undefined ? 'first' : this.#applied.epoch === epoch ? 'gap' : 'epoch'
    this.#applied = { epoch, number }
    this.#seen = number
    this.#provenAt = Number.NEGATIVE_INFINITY as Monotonic
    return { type: 'reset', reason }
  }
}
