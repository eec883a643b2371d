/**
 * Every wait for Redis has an end.
 *
 * All waits of a link last equally long, so they end in the order in which they began: a queue and one timer for its
 * head do for any number of commands, where a timer for each would cost more than the command.
 */

import { after, between, type Clock, type Millis, type Monotonic } from '../clock.ts'
import { remoteTimeout } from '../errors.ts'

interface Wait {
  readonly operation: string
  readonly endsAt: Monotonic
  over: boolean
  reject(error: unknown): void
}

export class Deadlines {
  readonly #clock: Clock
  readonly #limit: Millis
  #waits: Wait[] = []
  #timing = false

  constructor(clock: Clock, limit: Millis) {
    this.#clock = clock
    this.#limit = limit
  }

  /** The result of `sent`, or `CACHE_REMOTE_TIMEOUT`. An answer that comes after that still goes to `late`. */
  of<R>(operation: string, sent: Promise<R>, late?: (answer: R) => void): Promise<R> {
    return new Promise((resolve, reject) => {
      const wait: Wait = { operation, endsAt: after(this.#clock.now(), this.#limit), over: false, reject }
      this.#waits.push(wait)
      if (!this.#timing) this.#time(this.#limit)
      sent.then(
        (answer) => {
          if (wait.over) late?.(answer)
          wait.over = true
          resolve(answer)
        },
        (error: unknown) => {
          wait.over = true
          reject(error)
        },
      )
    })
  }

  #time(delay: Millis): void {
    this.#timing = true
    this.#clock.timer(delay, () => {
      // A process that was busy for longer than the limit finds its timer due before it has read its sockets: it looks
      // at them once more.
      this.#clock.soon(() => this.#end())
    })
  }

  #end(): void {
    const now = this.#clock.now()
    const ended = this.#waits.findIndex((wait) => wait.endsAt > now)
    for (const wait of this.#waits.splice(0, ended < 0 ? this.#waits.length : ended)) {
      if (wait.over) continue
      wait.over = true
      wait.reject(remoteTimeout(wait.operation, this.#limit))
    }
    this.#waits = this.#waits.filter((wait) => !wait.over)
    const [next] = this.#waits
    this.#timing = false
    if (next) this.#time(between(now, next.endsAt))
  }
}
