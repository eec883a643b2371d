/** Whether every change reaches the caches, the views and the edge, and whether what is served is true. */

import { VIEWS } from '@shop/db'

import type { AlertGroup } from './alert.ts'
import { risen } from './risen.ts'

const DIFFERENCES = 'shop_worker_audit_differences_total'
const differs = (age: number) =>
  `${DIFFERENCES}{job="worker", shop_worker_age="${age}", shop_worker_tier="memory", shop_worker_api="http://api:3000"}`
const outbox = 'shop_worker_outbox_age_seconds{job="worker", instance="w"}'
const relayFailures = 'shop_worker_relay_failures_total{job="worker", instance="w", shop_worker_cause="redis"}'
const purgeFailures = 'shop_worker_purge_failures_total{job="worker", instance="w", shop_worker_cause="edge"}'
const purges = (le: string) => `shop_worker_purge_lag_seconds_bucket{job="worker", le="${le}"}`
const viewAge = (view: string) => `shop_worker_view_age_seconds{job="worker", shop_worker_view="${view}"}`

/** Each has an interval of its own. */
const oldViews = VIEWS.map(
  ({ name, intervalMs }) => `shop_worker_view_age_seconds{shop_worker_view="${name}"} > ${(3 * intervalMs) / 1_000}`,
).join('\nor ')

export const workerAlerts: AlertGroup = {
  name: 'worker',
  alerts: [
    {
      name: 'OutboxAge',
      severity: 'page',
      expr: 'shop_worker_outbox_age_seconds > 5',
      for: '30s',
      summary: 'A change has waited for {{ $value | humanizeDuration }} to be told to the caches',
      fires: { series: { [outbox]: '0x4 6+15x20' }, waits: '1m15s', at: '3m' },
      rests: [
        { series: { [outbox]: '4x20' }, at: '3m' },
        { series: { [outbox]: '0x4 6 0x20' }, at: '2m' },
      ],
    },
    {
      name: 'RelayFailures',
      severity: 'ticket',
      expr: risen('shop_worker_relay_failures_total', '1m'),
      for: '1m',
      summary: 'The relay has failed for a minute, by {{ $labels.shop_worker_cause }}',
      fires: { series: { [relayFailures]: '_x8 1+1x20' }, waits: '2m30s', at: '5m' },
      rests: [
        { series: { [relayFailures]: '3x20' }, at: '4m' },
        { series: { [relayFailures]: '_x8 2x20' }, at: '3m30s' },
      ],
    },
    {
      name: 'ViewAge',
      severity: 'ticket',
      expr: oldViews,
      for: '1m',
      summary: 'The view {{ $labels.shop_worker_view }} is {{ $value | humanizeDuration }} old, three of its intervals',
      fires: {
        series: { [viewAge('category_facets')]: '890+15x20', [viewAge('bought_together')]: '1000+15x20' },
        waits: '45s',
        at: '3m',
      },
      rests: [
        {
          series: { [viewAge('category_facets')]: '0+15x20 0+15x20', [viewAge('best_sellers_30')]: '2000x30' },
          at: '6m',
        },
      ],
    },
    {
      name: 'AuditDifference',
      severity: 'page',
      // One is enough. After 1 s a change may still be on its way.
      expr: risen(`${DIFFERENCES}{shop_worker_age=~"10000|60000"}`, '10m'),
      for: '0s',
      summary:
        '{{ $labels.shop_worker_api }} showed a product otherwise than Postgres, {{ $labels.shop_worker_age }} ms after its change, from {{ $labels.shop_worker_tier }}',
      fires: { series: { [differs(10_000)]: '_x8 1x40' }, at: '3m' },
      rests: [
        { series: { [differs(1_000)]: '_x8 5x40' }, at: '3m' },
        { series: { [differs(60_000)]: '4x80' }, at: '15m' },
      ],
    },
    {
      name: 'AuditBlind',
      severity: 'ticket',
      expr: `${risen('shop_worker_audit_failures_total', '2m')}`,
      for: '5m',
      summary: 'The audit of {{ $labels.instance }} cannot ask an API process',
      fires: {
        series: { 'shop_worker_audit_failures_total{job="worker", instance="w"}': '0+1x60' },
        waits: '2m',
        at: '8m',
      },
      rests: [{ series: { 'shop_worker_audit_failures_total{job="worker", instance="w"}': '0x8 2x60' }, at: '8m' }],
    },
    {
      name: 'EdgePurgeFailures',
      severity: 'ticket',
      expr: risen('shop_worker_purge_failures_total', '1m'),
      for: '1m',
      summary: 'Purges of the edge have failed for a minute, by {{ $labels.shop_worker_cause }}',
      fires: { series: { [purgeFailures]: '_x8 1+1x20' }, waits: '2m30s', at: '5m' },
      rests: [{ series: { [purgeFailures]: '_x8 2x20' }, at: '3m30s' }],
    },
    {
      name: 'EdgePurgeLag',
      severity: 'page',
      expr: 'histogram_quantile(0.99, sum by (le) (rate(shop_worker_purge_lag_seconds_bucket[5m]))) > 2',
      for: '1m',
      summary: 'The edge hears of a change after {{ $value | humanizeDuration }}',
      fires: {
        series: { [purges('2.5')]: '0+90x40', [purges('5')]: '0+100x40', [purges('+Inf')]: '0+100x40' },
        waits: '45s',
        at: '8m',
      },
      rests: [
        {
          series: { [purges('0.25')]: '0+100x40', [purges('2.5')]: '0+100x40', [purges('+Inf')]: '0+100x40' },
          at: '8m',
        },
        { series: { [purges('0.25')]: '0x40', [purges('+Inf')]: '0x40' }, at: '8m' },
      ],
    },
  ],
}
