/**
 * Every wait has an end.
 *
 * All waits of one kind last equally long, so they end in the order in which they began: one timer for the first of
 * them does for any number, where a timer for each would cost more than what is waited for.
 */

import { after, between, type Cancel, type Clock, type Millis, type Monotonic } from './clock.ts'

interface Wait {
  readonly endsAt: Monotonic
  /** Ends it, with the error of whoever waits. */
  readonly end: () => void
}

export class Deadlines {
  readonly #clock: Clock
  readonly #limit: Millis
  /** In the order in which they end. */
  readonly #waits = new Set<Wait>()
  #timer: Cancel | undefined

  constructor(clock: Clock, limit: Millis) {
    this.#clock = clock
    this.#limit = limit
  }

  /** The result of `awaited`, or the error that `over` makes when the time is up. A result that comes after that goes to `late`. */
  of<R>(awaited: Promise<R>, over: () => Error, late?: (result: R) => void): Promise<R> {
    return new Promise((resolve, reject) => {
      const wait = { endsAt: after(this.#clock.now(), this.#limit), end: () => reject(over()) }
      this.#waits.add(wait)
      if (!this.#timer) this.#time(this.#limit)
      awaited.then(
        (result) => {
          if (!this.#settle(wait)) late?.(result)
          resolve(result)
        },
        (error: unknown) => {
          this.#settle(wait)
          reject(error)
        },
      )
    })
  }

  /** `false`: its time was up before. */
  #settle(wait: Wait): boolean {
    const inTime = this.#waits.delete(wait)
    if (this.#waits.size === 0) this.#stop()
    return inTime
  }

  #time(delay: Millis): void {
    this.#timer = this.#clock.timer(delay, () => {
      // A process that was busy for longer than the limit finds its timer due before it has read its sockets: it looks
      // at them once more.
      this.#clock.soon(() => this.#end())
    })
  }

  #stop(): void {
    this.#timer?.()
    this.#timer = undefined
  }

  #end(): void {
    const now = this.#clock.now()
    this.#stop()
    for (const wait of this.#waits) {
      if (wait.endsAt > now) {
        this.#time(between(now, wait.endsAt))
        return
      }
      this.#waits.delete(wait)
      wait.end()
    }
  }
}
