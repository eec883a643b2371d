/**
 * Stampede: the hottest product gets a new price, and everybody asks for it at once.
 *
 * Question:  does the database see one query for it, or one per visitor?
 * Workload:  visitors, each on a connection of its own, ask for one product at the same moment and once. The product was
 *            invalidated just before, and its query is held from outside until every one of them has asked. A k6 process
 *            has at most 17 000 of them; several begin at one instant.
 * Expect:    one query; no failed request; every answer carries the new price. Without the cache, in the same run,
 *            as many queries as there are visitors.
 *
 * A herd at one instant and not a rate, on purpose: with arrivals spread over time the first answer would fill the cache
 * while most visitors have yet to ask, and the stampede would hide itself.
 *
 * What only the outside can see (the queries Postgres counted, whether the herd was complete when the query was let go)
 * is judged there: src/stampede.ts, src/stampede-verdict.ts.
 */

import execution from 'k6/execution'
import { Counter } from 'k6/metrics'
import type { Options } from 'k6/options'

import { type Start, startTogether, waitForStart } from '../lib/barrier.ts'
import { numberSetting, setting } from '../lib/settings.ts'
import { tracedHeaders } from '../lib/trace-parent.ts'
import { markStart, visit } from '../lib/visit.ts'

export { handleSummary } from '../lib/summary.ts'

const visitors = numberSetting('VISITORS')
const path = `/products/${numberSetting('PRODUCT')}`
/** Within which they ask: 0, or so little that only their order is known. */
const spreadMs = numberSetting('SPREAD_MS')
/** Of each process the first are traced whatever share of the others is, because one of them loads. */
const FIRST = 300
/** Longer than any deadline of the shop under test: whoever gives up first must not be the visitor. */
const patience = setting('PATIENCE')

export const options: Options = {
  // The other processes may take longer to make their VUs.
  setupTimeout: patience,
  scenarios: {
    herd: {
      executor: 'per-vu-iterations',
      vus: visitors,
      iterations: 1,
      maxDuration: patience,
      gracefulStop: '0s',
    },
  },
  thresholds: {
    visits_failed: ['rate==0'],
    stampede_asked: [`count==${visitors}`],
    stampede_answered: [`count==${visitors}`],
  },
}

// Both are read while the test runs, through k6's own API: that is how the outside knows that all have asked.
const asked = new Counter('stampede_asked')
const answered = new Counter('stampede_answered')

export function setup(): Start {
  const start = startTogether(patience)
  markStart()
  return start
}

export default function ask(start: Start): void {
  const { idInTest } = execution.vu
  waitForStart(start, spreadMs, idInTest / visitors)
  asked.add(1)
  const headers = idInTest <= FIRST ? tracedHeaders() : {}
  visit(idInTest, path, { headers, timeout: patience, tags: { name: 'product' } })
  answered.add(1)
}
