/**
 * A batch: the loads of one `getMany` that are ready in the same turn of the event loop, as one call of `loadMany`.
 *
 * Each key keeps its own flight, lease and fence; only the question to the source is shared. Leases that
 * are granted later, because another process held them first, make a further batch.
 */

import type { Clock } from './clock.ts'
import { CacheError } from './errors.ts'

export type LoadMany<A, V> = (arguments_: readonly A[], signal: AbortSignal) => Promise<readonly (V | undefined)[]>

interface Place<A, V> {
  readonly argument: A
  resolve(value: V | undefined): void
  reject(error: unknown): void
}

export class Batch<A, V> {
  readonly #clock: Clock
  readonly #load: LoadMany<A, V>
  #open: Place<A, V>[] | undefined

  constructor(clock: Clock, load: LoadMany<A, V>) {
    this.#clock = clock
    this.#load = load
  }

  load(argument: A, signal: AbortSignal): Promise<V | undefined> {
    return new Promise((resolve, reject) => {
      const place = { argument, resolve, reject }
      if (this.#open) this.#open.push(place)
      else this.#start([place], signal)
    })
  }

  #start(places: Place<A, V>[], signal: AbortSignal): void {
    this.#open = places
    this.#clock.soon(() => {
      this.#open = undefined
      this.#run(places, signal)
    })
  }

  async #run(places: readonly Place<A, V>[], signal: AbortSignal): Promise<void> {
    try {
      const values = await this.#load(
        places.map((place) => place.argument),
        signal,
      )
      if (values.length !== places.length) {
        throw new CacheError(
          'CACHE_LOAD_FAILED',
          `loadMany answered ${values.length} values for ${places.length} arguments`,
        )
      }
      for (const [at, place] of places.entries()) place.resolve(values[at])
    } catch (error) {
      for (const place of places) place.reject(error)
    }
  }
}
