/**
 * Stampede: the hottest product gets a new price, and everybody asks for it at once.
 *
 * Question:  does the database see one query for it, or one per visitor?
 * Workload:  2 000 visitors, each on a connection of its own, ask for one product at the same moment and once. The
 *            product was invalidated just before, and its query is held from outside until every one of them has asked.
 * Expect:    one query; no failed request; every answer carries the new price. Without the cache, in the same run,
 *            as many queries as there are visitors.
 *
 * A herd at one instant and not a rate, on purpose: with arrivals spread over time the first answer would fill the cache
 * while most visitors have yet to ask, and the stampede would hide itself.
 *
 * What only the outside can see (the queries Postgres counted, whether the herd was complete when the query was let go)
 * is judged there: src/stampede.ts, src/verdict.ts.
 */

import { check } from 'k6'
import execution from 'k6/execution'
import http from 'k6/http'
import { Counter, Gauge } from 'k6/metrics'
import type { Options } from 'k6/options'

import { type Start, startAtOnce, waitForStart } from '../lib/barrier.ts'
import { servedFrom } from '../lib/cache-status.ts'
import { listSetting, numberSetting } from '../lib/settings.ts'

export { handleSummary } from '../lib/summary.ts'

const visitors = numberSetting('VISITORS')
const product = numberSetting('PRODUCT')
const price = numberSetting('PRICE')
const shops = listSetting('SHOPS')

/** Longer than any deadline of the shop under test: whoever gives up first must not be the visitor. */
const PATIENCE = '150s'

export const options: Options = {
  scenarios: {
    herd: {
      executor: 'per-vu-iterations',
      vus: visitors,
      iterations: 1,
      maxDuration: '200s',
      gracefulStop: '0s',
    },
  },
  thresholds: {
    http_req_failed: ['rate==0'],
    checks: ['rate==1'],
    stampede_asked: [`count==${visitors}`],
    stampede_answered: [`count==${visitors}`],
  },
}

// Both are read while the test runs, through k6's own API: that is how the outside knows that all have asked.
const asked = new Counter('stampede_asked')
const answered = new Counter('stampede_answered')

const askedAt = new Gauge('stampede_asked_at')
const answeredAt = new Gauge('stampede_answered_at')
const succeeded = new Counter('stampede_succeeded')
const priced = new Counter('stampede_new_price')
const sources = {
  load: new Counter('stampede_from_load'),
  'load of another': new Counter('stampede_from_load_of_another'),
  cache: new Counter('stampede_from_cache'),
  unknown: new Counter('stampede_from_unknown'),
}

export function setup(): Start {
  return startAtOnce(visitors)
}

export default function visit(start: Start): void {
  const shop = shops[execution.vu.idInTest % shops.length]
  waitForStart(start)

  askedAt.add(Date.now())
  asked.add(1)
  const response = http.get(`${shop}/products/${product}`, { timeout: PATIENCE, tags: { name: 'product' } })
  answeredAt.add(Date.now())
  answered.add(1)

  const ok = response.status === 200
  const isNewPrice = ok && response.json('price.amount') === price
  check(response, { 'the answer is 200': () => ok, 'the price is the new one': () => isNewPrice })
  if (ok) succeeded.add(1)
  if (isNewPrice) priced.add(1)
  sources[servedFrom(response.headers['Cache-Status'])].add(1)
}
