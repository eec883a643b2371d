/** *Shop*: are visitors served, how fast, and is what they see true? Rate, errors and duration by route. */

import type { Dashboard } from './dashboard.ts'
import { perSecond, quantiles, REQUESTS } from './queries.ts'

const all = `${REQUESTS}_count{http_route=~"$route"}`
const failed = `${REQUESTS}_count{http_route=~"$route", http_response_status_code=~"5.."}`
const buckets = `${REQUESTS}_bucket{http_route=~"$route"}`

export const shopDashboard: Dashboard = {
  uid: 'shop',
  title: 'Shop',
  says: 'Are visitors served, how fast, and is what they see true? Start here; the other dashboards say why not.',
  variables: [{ name: 'route', label: 'Route', metric: `${REQUESTS}_count`, of: 'http_route' }],
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Requests',
          says: 'How busy the API is. Nothing at all means that nobody can reach it, or that nobody comes.',
          unit: 'reqps',
          kind: 'number',
          series: [{ expr: perSecond(all), legend: 'requests' }],
        },
        {
          title: 'Failed',
          says: 'Share of requests that were answered 5xx. Past 1 % somebody is paged (ApiErrors).',
          unit: 'percentunit',
          kind: 'number',
          bad: 0.01,
          series: [{ expr: `(${perSecond(failed)} or vector(0)) / ${perSecond(all)}`, legend: 'failed' }],
        },
        {
          title: 'Slowest hundredth',
          says: 'Of a hundred requests one takes longer. Reads have a quarter of a second (ApiSlow).',
          unit: 's',
          kind: 'number',
          bad: 0.25,
          series: [{ expr: `histogram_quantile(0.99, ${perSecond(buckets, 'le')})`, legend: 'p99' }],
        },
        {
          title: 'API processes',
          says: 'Processes that answer Prometheus. Fewer than were started: ProcessDown.',
          unit: 'short',
          kind: 'number',
          bad: 1,
          good: 'high',
          series: [{ expr: 'count(up{job="api"} == 1) or vector(0)', legend: 'up' }],
        },
        {
          title: 'Oldest untold change',
          says: 'How long a change has waited for the relay. The API tells most changes itself, at once; what is written by SQL waits for the relay. Past 5 s somebody is paged (OutboxAge).',
          unit: 's',
          kind: 'number',
          bad: 5,
          series: [{ expr: 'max(shop_worker_outbox_age_seconds)', legend: 'age' }],
        },
        {
          title: 'Alerts',
          says: 'How many alerts fire. Their names are the red marks on every panel, and each has a page in docs/runbooks.',
          unit: 'short',
          kind: 'number',
          bad: 1,
          series: [{ expr: 'count(ALERTS{alertstate="firing"}) or vector(0)', legend: 'firing' }],
        },
      ],
    },
    {
      title: 'By route',
      panels: [
        {
          title: 'Rate',
          says: 'What is asked for. A route that grows alone is a sale, a crawler, or a client that repeats itself.',
          unit: 'reqps',
          series: [
            {
              expr: perSecond(all, 'http_request_method, http_route'),
              legend: '{{http_request_method}} {{http_route}}',
            },
          ],
        },
        {
          title: 'Errors',
          says: 'Answers 5xx by route. One route alone: look at its loader or its statement. All of them: look at Postgres. 503 of /orders is an order that waited too long for a row that everybody wants.',
          unit: 'reqps',
          series: [
            {
              expr: perSecond(failed, 'http_route, http_response_status_code'),
              legend: '{{http_route}} {{http_response_status_code}}',
            },
          ],
        },
        {
          title: 'Slowest hundredth by route',
          says: 'A route that is slow alone waits for its own query; all of them together wait for a connection or for the event loop.',
          unit: 's',
          bad: 0.25,
          series: [
            { expr: `histogram_quantile(0.99, ${perSecond(buckets, 'le, http_route')})`, legend: '{{http_route}}' },
          ],
        },
        {
          title: 'Duration',
          says: 'Points are single requests that were traced: click one to open its trace in Jaeger. p50 is an answer from memory; when it leaves the millisecond, the cache does not answer any more.',
          unit: 's',
          width: 12,
          series: quantiles(buckets, true),
        },
        {
          title: 'Durations',
          says: 'Every request by how long it took. Two bands are the cache and the database; a third, near 4 or 5 s, is a deadline.',
          unit: 's',
          kind: 'heatmap',
          width: 12,
          series: [{ expr: perSecond(buckets, 'le'), legend: '', exemplars: true }],
        },
        {
          title: 'Answers by status',
          says: '304 costs no load. Many 404: somebody asks for what never was. 409 and 422 of orders are answers, not failures. 429: somebody is beyond their rate limit.',
          unit: 'reqps',
          kind: 'stacked',
          series: [{ expr: perSecond(all, 'http_response_status_code'), legend: '{{http_response_status_code}}' }],
        },
        {
          title: 'Without an answer yet',
          says: 'Requests under way. It grows without end when answers take longer than visitors take to come.',
          unit: 'short',
          series: [{ expr: 'sum by (instance) (http_server_active_requests)', legend: '{{instance}}' }],
        },
        {
          title: 'Orders',
          says: 'Attempts by what became of them. insufficient-stock during a sale is right; error is not.',
          unit: 'ops',
          kind: 'stacked',
          series: [
            { expr: perSecond('shop_orders_attempts_total', 'shop_orders_outcome'), legend: '{{shop_orders_outcome}}' },
          ],
        },
      ],
    },
    {
      title: 'Is it true?',
      panels: [
        {
          title: 'Changes on their way',
          says: 'Age of the oldest change that the caches have not been told of. A line that climbs: the relay stands still (OutboxAge).',
          unit: 's',
          bad: 5,
          series: [{ expr: 'max by (instance) (shop_worker_outbox_age_seconds)', legend: '{{instance}}' }],
        },
        {
          title: 'Differences found by the audit',
          says: 'Products that a process showed otherwise than Postgres, since the worker started: a step is one. At 1000 ms it may happen; at 10000 or 60000 ms one is one too many (AuditDifference).',
          unit: 'short',
          series: [
            {
              expr: 'sum by (shop_worker_age, shop_worker_tier) (shop_worker_audit_differences_total)',
              legend: 'after {{shop_worker_age}} ms, from {{shop_worker_tier}}',
            },
          ],
        },
        {
          title: 'Age of the views',
          says: 'Facets, counts, ratings and best sellers are as old as this. Past three intervals: ViewAge.',
          unit: 's',
          series: [
            { expr: 'max by (shop_worker_view) (shop_worker_view_age_seconds)', legend: '{{shop_worker_view}}' },
          ],
        },
      ],
    },
    {
      title: 'Processes',
      panels: [
        {
          title: 'Event loop, how late (p99)',
          says: 'Everything in a process waits this long. Past 100 ms it has more to do than one core can (EventLoopDelay).',
          unit: 's',
          bad: 0.1,
          series: [{ expr: 'nodejs_eventloop_delay_p99_seconds', legend: '{{job}} {{instance}}' }],
        },
        {
          title: 'Processor',
          says: 'Of one core. A process at 1 serves no more: start another.',
          unit: 'percentunit',
          series: [
            { expr: perSecond('process_cpu_time_seconds_total', 'job, instance'), legend: '{{job}} {{instance}}' },
          ],
        },
        {
          title: 'Event loop, how busy',
          says: 'Share of the time in which it did something. Waiting for Postgres is not busy.',
          unit: 'percentunit',
          max: 1,
          series: [{ expr: 'nodejs_eventloop_utilization_ratio', legend: '{{job}} {{instance}}' }],
        },
        {
          title: 'Memory',
          says: 'Resident. A container is ended at its limit: 256 MiB for the API, 160 MiB for the worker.',
          unit: 'bytes',
          series: [{ expr: 'process_memory_usage_bytes', legend: '{{job}} {{instance}}' }],
        },
        {
          title: 'Heap',
          says: 'Used by what the program holds. It climbs and falls with each collection; a floor that climbs is a leak.',
          unit: 'bytes',
          series: [{ expr: 'sum by (job, instance) (v8js_memory_heap_used_bytes)', legend: '{{job}} {{instance}}' }],
        },
        {
          title: 'Collecting garbage',
          says: 'Share of the time. Past 10 % the heap is too small for what is in it.',
          unit: 'percentunit',
          series: [
            { expr: perSecond('v8js_gc_duration_seconds_sum', 'job, instance'), legend: '{{job}} {{instance}}' },
          ],
        },
      ],
    },
  ],
}
