/**
 * Traffic: visitors who come at a stated rate and ask for what they were told.
 *
 * Question:  that of the scenario that plays it: browse, ramp, spike, soak, cold-start, crawler, invalidation-storm, and
 *            the faults. They are in src/, each with its question, its workload and what is expected.
 * Workload:  stages of a rate for some seconds, one after the other without a ramp between them, over a list of pages that
 *            src/mix.ts has drawn. Prices change and servers die from outside, while it runs.
 * Expect:    no arrival is dropped, no visit fails.
 */

import type { Options } from 'k6/options'

import { numberSetting } from '../lib/settings.ts'
import { visitNext, visitors } from '../lib/traffic.ts'
import { markStart } from '../lib/visit.ts'

export { handleSummary } from '../lib/summary.ts'

export const options: Options = {
  scenarios: { visitors },
  thresholds: { visits_failed: ['rate==0'], dropped_iterations: [`count<=${numberSetting('DROPPED')}`] },
  discardResponseBodies: __ENV.PRICES !== 'read',
}

export function setup(): void {
  markStart()
}

export function visitor(): void {
  visitNext()
}
