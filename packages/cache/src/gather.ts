/**
 * Gathers what is asked for in one turn of the event loop, so that it can be asked for at once.
 *
 *     turn      read a    read b    read c
 *     its end                               one command: a b c ───▶
 *
 * A command has a price of its own, in this process and in Redis, that is several times what one more key in it
 * costs. Nobody waits for company: a turn that asks for one thing asks for it alone.
 */

import type { Clock } from './clock.ts'

interface Place<I, R> {
  readonly item: I
  readonly resolve: (reply: R | Promise<R>) => void
  readonly reject: (error: unknown) => void
}

/** Asks for all items together. Must resolve with as many replies, in the same order, or reject for all. */
export type AskAll<I, R> = (items: readonly I[]) => Promise<readonly (R | Promise<R>)[]>

export class Gather<I, R> {
  readonly #clock: Clock
  readonly #most: number
  readonly #ask: AskAll<I, R>
  #places: Place<I, R>[] = []

  /** At most `most` items are asked for together. */
  constructor(clock: Clock, most: number, ask: AskAll<I, R>) {
    this.#clock = clock
    this.#most = most
    this.#ask = ask
  }

  /** The item is asked for later than this call returns. */
  of(item: I): Promise<R> {
    if (this.#places.length === this.#most) this.#flush()
    return new Promise((resolve, reject) => {
      if (this.#places.push({ item, resolve, reject }) === 1) this.#clock.soon(() => this.#flush())
    })
  }

  #flush(): void {
    const places = this.#places
    if (places.length === 0) return
    this.#places = []
    this.#ask(places.map(({ item }) => item)).then(
      (replies) => {
        for (const [i, { resolve }] of places.entries()) resolve(replies[i] as R | Promise<R>)
      },
      (error: unknown) => {
        for (const { reject } of places) reject(error)
      },
    )
  }
}
