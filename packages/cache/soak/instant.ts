/**
 * Instants on one clock that all processes of this machine share: the system's monotonic clock, in milliseconds.
 *
 * It never steps, and it is not the clock that the caches under test are given (member.ts shifts theirs).
 */

declare const unit: unique symbol

export type Instant = number & { readonly [unit]: 'Instant' }

export const BEFORE_ALL = Number.NEGATIVE_INFINITY as Instant
export const NEVER = Number.POSITIVE_INFINITY as Instant

export function now(): Instant {
  return (Number(process.hrtime.bigint()) / 1e6) as Instant
}

/** The instant `ms` after `instant`, or before it. */
export function plus(instant: Instant, ms: number): Instant {
  return (instant + ms) as Instant
}
