/** A clock that moves only when a test moves it. Timers fire in the order of their instants, inside `advance`. */

import { type Cancel, type Clock, type Millis, type Monotonic, millis, type ServerMs } from './clock.ts'

interface Timer {
  readonly at: number
  readonly act: () => void
}

export class ManualClock implements Clock {
  /** The wall clock is apart from the steady one by this much; a test may make it step. */
  wallOffset = 1_700_000_000_000
  #now = 0
  readonly #timers = new Set<Timer>()

  get timers(): number {
    return this.#timers.size
  }

  now(): Monotonic {
    return this.#now as Monotonic
  }

  wall(): ServerMs {
    return (this.#now + this.wallOffset) as ServerMs
  }

  timer(delay: Millis, act: () => void): Cancel {
    const timer = { at: this.#now + delay, act }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  soon(act: () => void): void {
    setImmediate(act)
  }

  /** Moves on by `milliseconds`, firing what falls due, and lets what each timer started settle before the next. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.act()
      await settled()
    }
    this.#now = millis(end)
    await settled()
  }
}

/** Every promise that is ready has been followed, through a turn of the event loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
