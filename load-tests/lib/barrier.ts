/**
 * The barrier: every VU waits for one instant, which setup() has chosen, or for its turn in a short time after it.
 *
 * setup() runs when all VUs are initialised, and its result reaches each of them. The instant must be late enough for the
 * last VU to be waiting by then.
 */

import { sleep } from 'k6'

export interface Start {
  /** Milliseconds since 1970. All VUs of one k6 process share its clock. */
  readonly at: number
}

const LEAST_MS = 1_000
const PER_VU_MS = 0.5

/** The result for setup(). */
export function startAtOnce(vus: number): Start {
  return { at: Date.now() + LEAST_MS + vus * PER_VU_MS }
}

/** Of `spreadMs` each waits its share, between 0 for the first and 1 for the last. */
export function waitForStart({ at }: Start, spreadMs: number, share: number): void {
  const left = at + spreadMs * share - Date.now()
  if (left > 0) sleep(left / 1_000)
}
