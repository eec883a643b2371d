/**
 * Rate limit: a few customers do not stop asking, beside everybody else.
 *
 * Question:  does one who asks far too often get no more than the limit, over all processes, while everybody else notices
 *            nothing?
 * Workload:  one stream of visits at a steady rate, whether or not they are answered. Who makes the n-th was drawn in
 *            src/rate-limit.ts: somebody without a name, a customer who looks at an order, or one who asks ten times as
 *            often as that is allowed. Processes are asked in turn.
 * Expect:    who insists is told 200, or 429 and when to try again; everybody else 200. No arrival is dropped. What each
 *            greedy customer was granted is judged outside.
 */

import type { Options } from 'k6/options'

import { fileSetting, numberSetting } from '../lib/settings.ts'
import { visitNext, visitors } from '../lib/traffic.ts'
import { markStart } from '../lib/visit.ts'

export { handleSummary } from '../lib/summary.ts'

const tokens = fileSetting('TOKENS')
/** Of the n-th visit: `visit` or `insist`, and the number of the customer; empty for somebody without a name. */
const who = fileSetting('WHO')

export const options: Options = {
  scenarios: { visitors },
  thresholds: { visits_failed: ['rate==0'], dropped_iterations: [`count<=${numberSetting('DROPPED')}`] },
  discardResponseBodies: true,
}

export function setup(): void {
  markStart()
}

export function visitor(): void {
  visitNext((turn) => {
    const [act, customer] = (who[turn % who.length] as string).split(' ')
    return {
      act: act === 'insist' ? 'insist' : 'visit',
      ...(customer !== undefined && { headers: { Authorization: `Bearer ${tokens[Number(customer)]}` } }),
    }
  })
}
