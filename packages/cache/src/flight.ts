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
  readonly #first = Promise.withResolvers<R>()
  #end: Promise<R> = this.#first.promise
  #served = false

  constructor(key: string, startedAt: Monotonic, ownInvalidations: number) {
    this.key = key
    this.startedAt = startedAt
    this.ownInvalidations = ownInvalidations
  }

  /** What a caller that joins now will get. */
  get result(): Promise<R> {
    return this.#served ? this.#end : this.#first.promise
  }

  /** Answers those who have joined so far. The first answer counts. */
  serve(answer: R): void {
    this.#served = true
    this.#first.resolve(answer)
  }

  /** Runs once; its end is the answer to all who have none yet. */
  run(work: Work<R>): Promise<R> {
    // What is thrown at once is a rejection too: the slot must not be left to a flight that never ends.
    this.#end = (async () => work(this))()
    this.#end.then(
      (answer) => this.serve(answer),
      (error: unknown) => this.#first.reject(error),
    )
    // A failure after an early answer is nobody's who waits; whoever started the flight reports it.
    this.#first.promise.catch(() => undefined)
    return this.#end
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

  /** Starts a flight in the key's slot. `work` begins at once. */
  start(key: string, now: Monotonic, ownInvalidations: number, work: Work<R>): Flight<R> {
    const flight = new Flight<R>(key, now, ownInvalidations)
    this.#running.set(key, flight)
    const release = (): void => {
      if (this.#running.get(key) === flight) this.#running.delete(key)
    }
    flight.run(work).then(release, release)
    return flight
  }

  /** Starts a flight that nobody joins, outside the slot. */
  aside(key: string, now: Monotonic, ownInvalidations: number, work: Work<R>): Flight<R> {
    const flight = new Flight<R>(key, now, ownInvalidations)
    this.#aside.add(flight)
    const release = (): boolean => this.#aside.delete(flight)
    flight.run(work).then(release, release)
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
}
