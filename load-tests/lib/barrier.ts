/**
 * The barrier: every VU of every k6 process waits for one instant, or for its turn in a short time after it.
 *
 * setup() runs when all VUs are initialised, and its result reaches each of them. It asks the starting line
 * (src/starting-line.ts), which answers when the setup() of the last process has asked.
 */

import { sleep } from 'k6'
import http from 'k6/http'
import { Counter } from 'k6/metrics'

import { setting } from './settings.ts'

export interface Start {
  /** Milliseconds since 1970. All k6 processes share the clock of the machine. */
  readonly at: number
}

/** No visits: whoever counts requests subtracts them. */
const starts = new Counter('starts_asked')

/** The result for setup(). Without an instant nobody would wait, so there is no herd and the test must not go on. */
export function startTogether(patience: string): Start {
  starts.add(1)
  const { status, body } = http.get(setting('STARTING_LINE'), { timeout: patience, responseType: 'text' })
  const at = Number(body)
  if (status !== 200 || !(at > 0)) throw new Error(`The starting line does not say when to start (${status})`)
  return { at }
}

/** Of `spreadMs` each waits its share, between 0 for the first and 1 for the last. */
export function waitForStart({ at }: Start, spreadMs: number, share: number): void {
  const left = at + spreadMs * share - Date.now()
  if (left > 0) sleep(left / 1_000)
}
