/**
 * Waiters: flights of this process that wait for another process to end its lease.
 *
 * A waiter is opened before the lease is asked for, because the end may be heard before the answer:
 *
 *     open(k)   claim k ------------------------- busy: the end is already here, no wait
 *                    holder fills, wake ---- heard
 *
 * Nobody polls. A waiter ends with the wake, or at the lease's own end when the holder died.
 */

import type { Clock, Millis } from './clock.ts'
import type { LeaseEnd } from './lease.ts'

export class Waiter {
  readonly #clock: Clock
  #heard: LeaseEnd | undefined
  #wake: ((end: LeaseEnd) => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  hear(end: LeaseEnd): void {
    this.#heard ??= end
    this.#wake?.(end)
  }

  /** The end of the lease, or `undefined` after `longest`. */
  async wait(longest: Millis): Promise<LeaseEnd | undefined> {
    if (this.#heard) return this.#heard
    return new Promise((resolve) => {
      const cancel = this.#clock.timer(longest, () => resolve(undefined))
      this.#wake = (end) => {
        cancel()
        resolve(end)
      }
    })
  }
}

export class Waiters {
  readonly #clock: Clock
  readonly #waiting = new Map<string, Waiter[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiting.size
  }

  open(key: string): Waiter {
    const waiter = new Waiter(this.#clock)
    const others = this.#waiting.get(key)
    if (others) others.push(waiter)
    else this.#waiting.set(key, [waiter])
    return waiter
  }

  close(key: string, waiter: Waiter): void {
    const others = this.#waiting.get(key)?.filter((other) => other !== waiter)
    if (others?.length) this.#waiting.set(key, others)
    else this.#waiting.delete(key)
  }

  wake(key: string, end: LeaseEnd): void {
    for (const waiter of this.#waiting.get(key) ?? []) waiter.hear(end)
  }

  /** An end may have been missed, or will never come: everyone looks again. */
  wakeAll(): void {
    for (const key of this.#waiting.keys()) this.wake(key, { type: 'not-stored' })
  }
}
