/**
 * Flights: one at a time per key in this process.
 *
 * Callers that ask for a key already being read join the running flight. Known elsewhere as singleflight
 * (Go), request coalescing, collapsed forwarding (RFC 9111 section 4).
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

export class Flight<R> {
  readonly key: string
  /** No value it brings is older than a load that began now or later, unless a proof says it is current. */
  readonly startedAt: Monotonic
  /** Set by whoever applies an invalidation of the key, or a reset. Never cleared. */
  superseded = false
  result!: Promise<R>

  constructor(key: string, startedAt: Monotonic) {
    this.key = key
    this.startedAt = startedAt
  }
}

export class Flights<R> {
  readonly #running = new Map<string, Flight<R>>()

  get size(): number {
    return this.#running.size
  }

  /** The flight that may be joined. */
  running(key: string): Flight<R> | undefined {
    return this.#running.get(key)
  }

  /** Starts a flight in the key's slot. `run` begins at once. */
  start(key: string, now: Monotonic, run: (flight: Flight<R>) => Promise<R>): Flight<R> {
    const flight = new Flight<R>(key, now)
    this.#running.set(key, flight)
    flight.result = run(flight).finally(() => {
      if (this.#running.get(key) === flight) this.#running.delete(key)
    })
    return flight
  }

  supersede(key: string): void {
    const flight = this.#running.get(key)
    if (!flight) return
    flight.superseded = true
    this.#running.delete(key)
  }

  supersedeAll(): void {
    for (const key of [...this.#running.keys()]) this.supersede(key)
  }
}
