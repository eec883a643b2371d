/**
 * Flash sale: people browse, then ten times as many come at once for one product and its lists, and buy it.
 *
 * Question:  are the pieces sold exactly, at the right price, while everybody looks?
 * Workload:  visitors at a steady rate over the whole shop; then in 0 s ten times as many on one product and the lists
 *            that show it. Buyers come at a rate of their own, each with one order for one piece, more of them than there
 *            are pieces. In the middle the price drops and more pieces arrive, both from outside (src/flash-sale.ts).
 * Expect:    every buyer is told 201 or 409; no visit fails; no arrival is dropped. The books are checked in the database
 *            afterwards (src/books.ts).
 */

import { scenario } from 'k6/execution'
import type { Options } from 'k6/options'

import { fileSetting, numberSetting, setting } from '../lib/settings.ts'
import { tracedHeaders } from '../lib/trace-parent.ts'
import { visitNext, visitors } from '../lib/traffic.ts'
import { markStart, send } from '../lib/visit.ts'

export { handleSummary } from '../lib/summary.ts'

/** A token for each buyer. */
const buyers = fileSetting('BUYERS')
const buyersPerSecond = numberSetting('BUYERS_PER_SECOND')
const order = setting('ORDER')
const sale = setting('SALE')

export const options: Options = {
  scenarios: {
    visitors,
    buyers: {
      executor: 'constant-arrival-rate',
      exec: 'buyer',
      startTime: `${numberSetting('SALE_BEGINS_S')}s`,
      rate: buyersPerSecond,
      timeUnit: '1s',
      duration: `${buyers.length / buyersPerSecond}s`,
      preAllocatedVUs: numberSetting('BUYERS_AT_ONCE'),
      gracefulStop: setting('PATIENCE'),
    },
  },
  thresholds: { visits_failed: ['rate==0'], dropped_iterations: [`count<=${numberSetting('DROPPED')}`] },
}

export function setup(): void {
  markStart()
}

/** In these moments somebody loads what others wait for: all visits are traced, so that both are among the examples. */
const moments = JSON.parse(setting('TRACED')) as readonly { readonly from: number; readonly visits: number }[]

export function visitor(): void {
  visitNext((turn) => {
    const isTraced = moments.some(({ from, visits }) => turn >= from && turn < from + visits)
    return { act: 'visit', ...(isTraced && { headers: tracedHeaders() }) }
  })
}

/** The n-th buyer is the n-th customer and comes once. */
export function buyer(): void {
  const turn = scenario.iterationInTest
  if (turn >= buyers.length) return
  send(turn, '/orders', order, {
    timeout: setting('PATIENCE'),
    tags: { name: 'order' },
    headers: {
      Authorization: `Bearer ${buyers[turn]}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': `${sale}-${turn}`,
    },
  })
}
