/** *Flash sale*: what visitors see, beside what the cache does about it, on one time axis. */

import type { Dashboard } from './dashboard.ts'
import { perSecond, quantiles, REQUESTS, readsByTier } from './queries.ts'

export const flashSaleDashboard: Dashboard = {
  uid: 'flash-sale',
  title: 'Flash sale',
  says: 'What visitors see, by k6, beside what the cache does about it. k6 writes to Prometheus when it runs by the profile load; the rest is there for any load.',
  variables: [],
  rows: [
    {
      title: 'What visitors see (k6)',
      panels: [
        {
          title: 'Visits',
          says: 'Sent by k6, and answered by the API. The API answers fewer when an edge in front of it answers the others.',
          unit: 'reqps',
          series: [
            { expr: perSecond('k6_http_reqs_total'), legend: 'visits', is: 'visitor' },
            { expr: perSecond(`${REQUESTS}_count`), legend: 'reached the API', is: 'all' },
          ],
        },
        {
          title: 'Failed',
          says: 'Share of visits that got no answer, or another than 200, 201, 304, 404 and 409. It must be 0.',
          unit: 'percentunit',
          series: [{ expr: 'max(k6_visits_failed_rate)', legend: 'failed', is: 'failure' }],
        },
        {
          title: 'Dropped',
          says: 'Arrivals of this run for which k6 had no visitor free. Not 0: the load was less than it says, and the figures are too good.',
          unit: 'short',
          series: [{ expr: 'sum(k6_dropped_iterations_total)', legend: 'dropped', is: 'stale' }],
        },
        {
          title: 'How long a visit takes',
          says: 'As k6 sees it, of the whole run so far: with network and queue, which the API does not see.',
          unit: 's',
          series: [
            { expr: 'max(k6_http_req_duration_p50)', legend: 'p50', is: 'median' },
            { expr: 'max(k6_http_req_duration_p95)', legend: 'p95', is: 'p95' },
            { expr: 'max(k6_http_req_duration_p99)', legend: 'p99', is: 'p99' },
            { expr: 'max(k6_http_req_duration_max)', legend: 'slowest', is: 'worst' },
          ],
        },
        {
          title: 'Visitors at once',
          says: 'At the limit k6 has no visitor left and drops arrivals.',
          unit: 'short',
          series: [
            { expr: 'sum(k6_vus)', legend: 'visitors', is: 'visitor' },
            { expr: 'sum(k6_vus_max)', legend: 'limit', is: 'limit' },
          ],
        },
        {
          title: 'How long the API takes',
          says: 'Points are traced requests: click one for its trace. When k6 sees more than this, the time is lost before the API.',
          unit: 's',
          width: 12,
          series: quantiles(`${REQUESTS}_bucket`, true),
        },
      ],
    },
    {
      title: 'What the cache does about it',
      panels: [
        {
          title: 'Who answered',
          says: 'In the moment of a change green turns purple: everybody joins one load. Orange must stay a hair.',
          unit: 'ops',
          kind: 'stacked',
          width: 12,
          series: readsByTier('job="api"'),
        },
        {
          title: 'Requests beside loads',
          says: 'The distance between the two is what the cache saves. Transactions of Postgres are of all who use it.',
          unit: 'ops',
          width: 12,
          series: [
            { expr: perSecond(`${REQUESTS}_count`), legend: 'requests', is: 'all' },
            { expr: perSecond('shop_cache_load_duration_seconds_count'), legend: 'loads', is: 'source' },
            { expr: perSecond('pg_stat_database_xact_commit{datname="shop"}'), legend: 'transactions' },
          ],
        },
        {
          title: 'Orders',
          says: 'Placed until none is left, insufficient-stock after that. Anything else is for the log.',
          unit: 'ops',
          kind: 'stacked',
          series: [
            { expr: perSecond('shop_orders_attempts_total', 'shop_orders_outcome'), legend: '{{shop_orders_outcome}}' },
          ],
        },
        {
          title: 'Waiting for a connection',
          says: 'A row that everybody buys lets orders queue here, and whatever else wants to read.',
          unit: 'short',
          series: [
            { expr: 'sum by (instance) (db_client_connection_pending_requests{job="api"})', legend: '{{instance}}' },
          ],
        },
        {
          title: 'Event loop, how late (p99)',
          says: 'The API is at its end when this leaves the ground: start another process.',
          unit: 's',
          bad: 0.1,
          series: [{ expr: 'nodejs_eventloop_delay_p99_seconds{job="api"}', legend: '{{instance}}' }],
        },
        {
          title: 'Changes on their way',
          says: 'A price that changes during the sale is this old at most before the caches know.',
          unit: 's',
          bad: 5,
          series: [{ expr: 'max(shop_worker_outbox_age_seconds)', legend: 'oldest', is: 'source' }],
        },
        {
          title: 'Age of the proof',
          says: 'Under load the proof is the first to come late; above the bound processes ask Redis at each read.',
          unit: 's',
          bad: 0.5,
          series: [{ expr: 'shop_cache_proof_age_seconds{job="api"}', legend: '{{instance}}' }],
        },
        {
          title: 'Processor',
          says: 'Of one core. A process at 1 serves no more.',
          unit: 'percentunit',
          series: [
            { expr: perSecond('process_cpu_time_seconds_total{job="api"}', 'instance'), legend: '{{instance}}' },
          ],
        },
      ],
    },
  ],
}
