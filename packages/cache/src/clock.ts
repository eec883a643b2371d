/**
 * Instants, durations, and the clock that gives them.
 *
 * Two kinds of instant live here and are never mixed. A `Monotonic` instant is this process's own
 * steady count: ages and deadlines are measured with it. A `ServerMs` instant is the time of the
 * Redis server: it is what entries carry, so that the clocks of two hosts are never compared.
 *
 * No other module reads the time or sets a timer.
 */

declare const unit: unique symbol

/** A duration in milliseconds. */
export type Millis = number & { readonly [unit]: 'Millis' }
/** An instant of this process's steady clock, in milliseconds since an arbitrary origin. */
export type Monotonic = number & { readonly [unit]: 'Monotonic' }
/** An instant of the Redis server's clock, in milliseconds since the Unix epoch. */
export type ServerMs = number & { readonly [unit]: 'ServerMs' }

export const millis = (value: number): Millis => value as Millis

/** The instant `delay` after `instant`, of the same kind. */
export function after<I extends Monotonic | ServerMs>(instant: I, delay: Millis): I {
  return (instant + delay) as I
}

/** How long from `start` to `end`; negative when `end` comes first. */
export function between<I extends Monotonic | ServerMs>(start: I, end: I): Millis {
  return (end - start) as number as Millis
}

/** Stops a timer. Stopping one that has fired is not an error. */
export type Cancel = () => void

export interface Clock {
  /** This process's steady clock. Never steps back. */
  now(): Monotonic
  /** The wall clock: a first guess of the server's time, until the server has been asked. */
  wall(): ServerMs
  /** Runs `act` once, `delay` from now. The timer does not keep the process alive. */
  timer(delay: Millis, act: () => void): Cancel
  /** Runs `act` after the event loop has looked at its sockets once more. */
  soon(act: () => void): void
}

export const systemClock: Clock = {
  now: () => performance.now() as Monotonic,
  // Not Date.now(): its whole milliseconds would make a server's time jump back and forth.
  wall: () => (performance.timeOrigin + performance.now()) as ServerMs,
  timer(delay, act) {
    const timeout = setTimeout(act, delay)
    timeout.unref()
    return () => clearTimeout(timeout)
  },
  soon(act) {
    setImmediate(act)
  },
}
