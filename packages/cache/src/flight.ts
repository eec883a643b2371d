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
import type { Noted } from './tags.ts'

/** What a flight does, from its start to its end. */
export type Work<R> = (flight: Flight<R>) => Promise<R>

export class Flight<R> {
  readonly key: string
  /** No value it brings is older than a load that began now or later, unless a proof says it is current. */
  readonly startedAt: Monotonic
  /** The process's own invalidations when it started. */
  readonly ownInvalidations: number
  /** What it brings is at least as new as this position, whatever this process has heard. */
  readonly position: Noted | undefined
  /** Set by whoever applies an invalidation of the key, or a reset. Never cleared. */
  superseded = false
  /** For those who join before an early answer. Most flights have one answer, and need one promise. */
  readonly #early: PromiseWithResolvers<R> | undefined
  #end: Promise<R> | undefined
  /** It has answered, and may go on. */
  served = false
  /** Traceparent of the load that brings its answer, here or in another process; as far as that is recorded, and known. */
  loadedBy: string | undefined

  /** `early`: it may answer before it ends. */
  constructor(
    key: string,
    startedAt: Monotonic,
    ownInvalidations: number,
    early: boolean,
    position: Noted | undefined = undefined,
  ) {
    this.key = key
    this.startedAt = startedAt
    this.ownInvalidations = ownInvalidations
    this.position = position
    this.#early = early ? Promise.withResolvers() : undefined
  }

  /** Whether what it brings is at least as new as this position. */
  sees(position: Noted): boolean {
    return this.position?.epoch === position.epoch && this.position.number >= position.number
  }

  /** What a caller that joins now will get. */
  get result(): Promise<R> {
    return this.#early && !this.served ? this.#early.promise : this.end
  }

  /** Its end, whatever it has answered before. */
  get end(): Promise<R> {
    if (!this.#end) throw new Error('A flight that was not started has no end')
    return this.#end
  }

  /** Answers those who have joined so far, if this flight may answer early. The first answer counts. */
  serve(answer: R): void {
    this.served = true
    this.#early?.resolve(answer)
  }

  /** Runs once; its end is the answer to all who have none yet. `ended` is called before they have it. */
  run(work: Work<R>, ended: (flight: Flight<R>) => void): void {
    this.#end = this.#toItsEnd(work, ended)
    if (!this.#early) return
    this.#end.then(this.#early.resolve, this.#early.reject)
    // A reload in the background has nobody who waits for it: who started it hears of its end.
    this.#early.promise.catch(() => undefined)
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
  /** Flights that are under way and have lost their slot to another. */
  readonly #aside = new Set<Flight<R>>()

  get size(): number {
    return this.#running.size
  }

  /** The flight that may be joined. */
  running(key: string): Flight<R> | undefined {
    return this.#running.get(key)
  }

  /** Of all flights, also of those that have lost their slot; some of them twice. */
  keys(): string[] {
    return [...this.#running.keys(), ...Array.from(this.#aside, ({ key }) => key)]
  }

  /** Puts a flight into its key's slot and starts it. `work` begins at once. One that was there goes on aside. */
  start(flight: Flight<R>, work: Work<R>): Flight<R> {
    const displaced = this.#running.get(flight.key)
    if (displaced) this.#aside.add(displaced)
    this.#running.set(flight.key, flight)
    flight.run(work, this.#ended)
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

  readonly #ended = (flight: Flight<R>): void => {
    if (this.#running.get(flight.key) === flight) this.#running.delete(flight.key)
    this.#aside.delete(flight)
  }
}
