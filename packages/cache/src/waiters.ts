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

export interface Waiter {
  /** The end of the lease, or `undefined` after `longest`. */
  wait(longest: Millis): Promise<LeaseEnd | undefined>
  close(): void
}

export class Waiters {
  readonly #clock: Clock
  readonly #waiting = new Map<string, Set<(end: LeaseEnd) => void>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiting.size
  }

  open(key: string): Waiter {
    let wake: (end: LeaseEnd) => void = () => undefined
    const ended = new Promise<LeaseEnd>((resolve) => {
      wake = resolve
    })
    const all = this.#waiting.get(key) ?? new Set()
    this.#waiting.set(key, all.add(wake))
    return {
      wait: (longest) => this.#orAfter(ended, longest),
      close: () => {
        all.delete(wake)
        if (all.size === 0 && this.#waiting.get(key) === all) this.#waiting.delete(key)
      },
    }
  }

  wake(key: string, end: LeaseEnd): void {
    for (const wake of this.#waiting.get(key) ?? []) wake(end)
  }

  /** An end may have been missed, or will never come: everyone looks again. */
  wakeAll(): void {
    for (const key of this.#waiting.keys()) this.wake(key, { type: 'not-stored' })
  }

  async #orAfter(ended: Promise<LeaseEnd>, longest: Millis): Promise<LeaseEnd | undefined> {
    let cancel = (): void => undefined
    const over = new Promise<undefined>((resolve) => {
      cancel = this.#clock.timer(longest, () => resolve(undefined))
    })
    try {
      return await Promise.race([ended, over])
    } finally {
      cancel()
    }
  }
}
