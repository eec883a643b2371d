/**
 * The barrier: every VU waits for one instant, which setup() has chosen.
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

export function waitForStart({ at }: Start): void {
  const left = at - Date.now()
  if (left > 0) sleep(left / 1_000)
}
