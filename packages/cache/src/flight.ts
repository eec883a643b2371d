/**
 * Flights: one at a time per key in this process.
 *
 * Callers that ask for a key already being read join the running flight. Known elsewhere as singleflight
 * (Go), request coalescing, collapsed forwarding (RFC 9111 section 4).
 *
 * A flight may answer those who wait before it ends: with a stale value, while it goes on to load. Whoever
 * joins after that waits for the end, since what was found earlier may have been invalidated meanwhile:
 *
 *     starts ------- serve(stale) ------------------------ ends
 *        A joins: stale       B joins: waits for the end
 *
 * An invalidation *supersedes* a flight: it still answers those who joined, and nobody joins it any more.
 * The slot belongs to one flight, and whoever empties it must check that it still holds theirs:
 *
 *     A starts --------------------------- A ends: must not free B's slot
 *          superseded
 *               B starts ------------------------- B ends
 *                                            C joins B
 */

import type { Monotonic } from './clock.ts'

/** What a flight does, from its start to its end. */
export type Work<R> = (flight: Flight<R>) => Promise<R>

export class Flight<R> {
  readonly key: string
  /** No value it brings is older than a load that began now or later, unless a proof says it is current. */
  readonly startedAt: Monotonic
  /** The process's own invalidations when it started. */
  readonly ownInvalidations: number
  /** Set by whoever applies an invalidation of the key, or a reset. Never cleared. */
  superseded = false
  /** For those who join before an early answer. Most flights have one answer, and need one promise. */
  readonly #early: PromiseWithResolvers<R> | undefined
  #end: Promise<R> | undefined
  #served = false

  /** `early`: it may answer before it ends. */
  constructor(key: string, startedAt: Monotonic, ownInvalidations: number, early: boolean) {
    this.key = key
    this.startedAt = startedAt
    this.ownInvalidations = ownInvalidations
    this.#early = early ? Promise.withResolvers() : undefined
  }

  /** What a caller that joins now will get. */
  get result(): Promise<R> {
    if (!this.#end) throw new Error('A flight that was not started has no result')
    return this.#early && !this.#served ? this.#early.promise : this.#end
  }

  /** Answers those who have joined so far, if this flight may answer early. The first answer counts. */
  serve(answer: R): void {
    this.#served = true
    this.#early?.resolve(answer)
  }

  /** Runs once; its end is the answer to all who have none yet. `ended` is called before they have it. */
  run(work: Work<R>, ended: (flight: Flight<R>) => void): void {
    this.#end = this.#toItsEnd(work, ended)
    if (this.#early) this.#end.then(this.#early.resolve, this.#early.reject)
  }

  async #toItsEnd(work: Work<R>, ended: (flight: Flight<R>) => void): Promise<R> {
    try {
      return await work(this)
    } finally {
      ended(this)
    }
  }
}

export class Flights<R> {
  readonly #running = new Map<string, Flight<R>>()
  /** Flights that are under way outside the slots. */
  readonly #aside = new Set<Flight<R>>()

  get size(): number {
    return this.#running.size
  }

  /** The flight that may be joined. */
  running(key: string): Flight<R> | undefined {
    return this.#running.get(key)
  }

  /** Puts a flight into its key's slot and starts it. `work` begins at once. */
  start(flight: Flight<R>, work: Work<R>): Flight<R> {
    this.#running.set(flight.key, flight)
    flight.run(work, this.#freed)
    return flight
  }

  /** Starts a flight that nobody joins, outside the slot. */
  aside(flight: Flight<R>, work: Work<R>): Flight<R> {
    this.#aside.add(flight)
    flight.run(work, this.#left)
    return flight
  }

  supersede(key: string): void {
    for (const flight of this.#aside) if (flight.key === key) flight.superseded = true
    const flight = this.#running.get(key)
    if (!flight) return
    flight.superseded = true
    this.#running.delete(key)
  }

  supersedeAll(): void {
    for (const flight of this.#aside) flight.superseded = true
    for (const key of [...this.#running.keys()]) this.supersede(key)
  }

  readonly #freed = (flight: Flight<R>): void => {
    if (this.#running.get(flight.key) === flight) this.#running.delete(flight.key)
  }

  readonly #left = (flight: Flight<R>): void => {
    this.#aside.delete(flight)
  }
}
