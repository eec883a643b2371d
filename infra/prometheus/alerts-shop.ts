/** What visitors notice, and the processes that serve them. */

import type { AlertGroup } from './alert.ts'

const REQUESTS = 'http_server_request_duration_seconds'
const ok = `${REQUESTS}_count{job="api", http_response_status_code="200"}`
const failed = `${REQUESTS}_count{job="api", http_response_status_code="500"}`
const bucket = (le: string) => `${REQUESTS}_bucket{job="api", http_route="/products/{id}", le="${le}"}`

export const shopAlerts: AlertGroup = {
  name: 'shop',
  alerts: [
    {
      name: 'ApiErrors',
      severity: 'page',
      expr: `sum(rate(${REQUESTS}_count{http_response_status_code=~"5.."}[2m]))
  / sum(rate(${REQUESTS}_count[2m])) > 0.01`,
      for: '1m',
      summary: '{{ $value | humanizePercentage }} of all requests fail',
      fires: { series: { [ok]: '0+980x20', [failed]: '0+20x20' }, waits: '45s', at: '4m' },
      rests: [
        { series: { [ok]: '0+995x20', [failed]: '0+5x20' }, at: '4m' },
        // Nobody comes.
        { series: { [ok]: '5x20', [failed]: '5x20' }, at: '4m' },
      ],
    },
    {
      name: 'ApiSlow',
      severity: 'page',
      // Administration may take its time, and so may an order that waits for a row that everybody wants.
      expr: `histogram_quantile(0.99, sum by (le) (rate(${REQUESTS}_bucket{http_route!~"/admin.*|/orders.*"}[5m]))) > 0.25`,
      for: '2m',
      summary: 'One request in a hundred takes longer than {{ $value | humanizeDuration }}',
      fires: {
        series: { [bucket('0.1')]: '0+90x40', [bucket('0.5')]: '0+100x40', [bucket('+Inf')]: '0+100x40' },
        waits: '1m',
        at: '8m',
      },
      rests: [
        {
          series: { [bucket('0.1')]: '0+100x40', [bucket('0.5')]: '0+100x40', [bucket('+Inf')]: '0+100x40' },
          at: '8m',
        },
        {
          series: {
            [bucket('0.1').replace('/products/{id}', '/orders')]: '0+10x40',
            [bucket('+Inf').replace('/products/{id}', '/orders')]: '0+100x40',
          },
          at: '8m',
        },
      ],
    },
    {
      name: 'ProcessDown',
      severity: 'page',
      // A container that is gone is gone from the DNS as well, and then nothing is asked that could be down.
      expr: `up{job=~"api|worker"} == 0
or absent(up{job="api"}) == 1
or absent(up{job="worker"}) == 1`,
      for: '1m',
      summary: '{{ $labels.job }} {{ $labels.instance }} does not answer',
      fires: {
        series: { 'up{job="api", instance="a"}': '1x20', 'up{job="api", instance="b"}': '1x4 0x16' },
        waits: '30s',
        at: '4m',
        times: 2, // One of two API processes, and the worker, of which there is none.
      },
      rests: [
        { series: { 'up{job="api", instance="a"}': '1x20', 'up{job="worker", instance="w"}': '1x20' }, at: '4m' },
        {
          series: { 'up{job="api", instance="a"}': '1x8 0 0 1x10', 'up{job="worker", instance="w"}': '1x20' },
          at: '2m45s',
        },
      ],
    },
    {
      name: 'ProcessRestarts',
      severity: 'ticket',
      expr: 'resets(process_uptime_seconds[15m]) > 2',
      for: '0s',
      summary: '{{ $labels.job }} {{ $labels.instance }} has started {{ $value }} times in 15 minutes',
      fires: { series: { 'process_uptime_seconds{job="api", instance="a"}': '60 5 20 5 20 5 20' }, at: '1m30s' },
      rests: [{ series: { 'process_uptime_seconds{job="api", instance="a"}': '60 5 20 35 50' }, at: '1m' }],
    },
    {
      name: 'EventLoopDelay',
      severity: 'ticket',
      expr: 'nodejs_eventloop_delay_p99_seconds > 0.1',
      for: '1m',
      summary: 'Timers of {{ $labels.job }} {{ $labels.instance }} are {{ $value | humanizeDuration }} late',
      fires: {
        series: { 'nodejs_eventloop_delay_p99_seconds{job="api", instance="a"}': '0.01 0.2x20' },
        waits: '45s',
        at: '3m',
      },
      rests: [
        { series: { 'nodejs_eventloop_delay_p99_seconds{job="api", instance="a"}': '0.05x20' }, at: '3m' },
        { series: { 'nodejs_eventloop_delay_p99_seconds{job="api", instance="a"}': '0.01 0.2 0.2 0.01x20' }, at: '2m' },
      ],
    },
    {
      name: 'PoolWaiting',
      severity: 'page',
      // At every scrape of a minute: a queue that comes and goes is what a pool is for.
      expr: 'min_over_time(db_client_connection_pending_requests{job="api"}[1m]) > 0',
      for: '30s',
      summary: 'At least {{ $value }} statements wait for a connection in {{ $labels.instance }}',
      fires: {
        series: { 'db_client_connection_pending_requests{job="api", instance="a"}': '0 7x20' },
        waits: '1m15s',
        at: '3m',
      },
      rests: [
        {
          series: { 'db_client_connection_pending_requests{job="api", instance="a"}': '0 9 0 9 0 9 0 9 0 9 0' },
          at: '2m',
        },
        // A job of the worker may wait for another.
        { series: { 'db_client_connection_pending_requests{job="worker", instance="w"}': '0 7x20' }, at: '3m' },
      ],
    },
  ],
}
