/**
 * The seconds of a run as slots of equal width, few enough to draw.
 *
 * A run of ten minutes has 600 seconds, a screen has not more points than that, and the page must stay small. So some
 * seconds share a slot. What a slot says is chosen by what would mislead: of latencies the worst second, since a mean
 * would hide the spike; of rates the mean, since their sum must stay what it was.
 *
 * Every slot that saw no second is `undefined` and drawn as a gap: a zero would be an answer.
 */

import type { Second } from '../src/run-file.ts'

export interface Slots {
  readonly widthMs: number
  readonly slots: readonly (readonly Second[])[]
}

export type Reading = (second: Second) => number | undefined
export type Combine = 'mean' | 'worst'

const MOST_SLOTS = 240

export function slotsOf(seconds: readonly Second[], endMs: number): Slots {
  const count = Math.max(1, Math.ceil(endMs / 1_000))
  const width = Math.ceil(count / MOST_SLOTS)
  const slots: Second[][] = Array.from({ length: Math.ceil(count / width) }, () => [])
  // A sampler that is some milliseconds early or late still means its second.
  for (const second of seconds) slots[Math.floor(Math.round(second.atMs / 1_000) / width)]?.push(second)
  return { widthMs: width * 1_000, slots }
}

export function readingsOf({ slots }: Slots, reading: Reading, combine: Combine): (number | undefined)[] {
  return slots.map((seconds) => {
    const values = seconds.map(reading).filter((value): value is number => Number.isFinite(value))
    if (values.length === 0) return undefined
    return combine === 'mean'
      ? values.reduce((sum, value) => sum + value, 0) / values.length
      : values.reduce((most, value) => Math.max(most, value))
  })
}

/** A latency of a second without an answer is no latency. */
export function answered(reading: Reading): Reading {
  return (second) => (second.requests > second.failed ? reading(second) : undefined)
}

/** When the last second of a run, and the last event, is over. */
export function endOf(run: {
  readonly seconds: readonly { atMs: number }[]
  readonly events: readonly { atMs: number }[]
}): number {
  const last = run.seconds.reduce((most, { atMs }) => Math.max(most, Math.round(atMs / 1_000) * 1_000 + 1_000), 0)
  return run.events.reduce((most, { atMs }) => Math.max(most, atMs), Math.max(last, 1_000))
}
