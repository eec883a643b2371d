/**
 * When a span began, to the microsecond.
 *
 * The SDK dates the begin of a span by the clock of the system in whole milliseconds, and its length by a finer one. What
 * begins within one millisecond would be in no order, and a request of three is drawn as steps that overlap. Here the finer
 * clock says where in its millisecond a span began. Nothing is moved out of it, so the clock of the system stays the truth,
 * also after it was set.
 *
 *     system   │ 17 ms               │ 18 ms               │
 *     SDK      ├ GET                 ├ SELECT
 *              ├ cache get           ├ cache store
 *     here       ├ GET                  ├ SELECT
 *                   ├ cache get                  ├ cache store
 */

import type { Span, SpanProcessor } from '@opentelemetry/sdk-trace'

const NANOSECONDS = 1_000_000

/** Goes in front of the processor that delivers. Leaves a span alone that was told when it began. */
export function exactStarts(now: () => number = () => performance.now()): SpanProcessor {
  /** What the finer clock lacks to that of the system; as near as the spans so far have shown. */
  let offset = Number.NaN
  return {
    onStart({ startTime }: Span) {
      const [seconds, nanoseconds] = startTime
      if (nanoseconds % NANOSECONDS !== 0) return
      const millisecond = seconds * 1_000 + nanoseconds / NANOSECONDS
      const fine = now()
      // Of all offsets that put every instant into its millisecond, the nearest: no two spans change places.
      if (!(fine + offset >= millisecond)) offset = millisecond - fine
      else if (fine + offset >= millisecond + 1) offset = millisecond + 0.999 - fine
      startTime[1] = nanoseconds + Math.floor((fine + offset - millisecond) * NANOSECONDS)
    },
    onEnd: () => undefined,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
}
