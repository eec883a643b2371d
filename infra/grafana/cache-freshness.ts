/** Rows of *Cache*: may a process believe what it holds, and how fast does a change reach all of them? */

import type { Row } from './dashboard.ts'
import { perSecond, quantiles } from './queries.ts'

export const freshnessRows: readonly Row[] = [
  {
    title: 'May it be believed?',
    panels: [
      {
        title: 'Age of the proof',
        says: 'How long ago a process proved that it has heard every invalidation. A saw of 0.1 s is right; above the bound memory is not served (CacheProofOld).',
        unit: 's',
        bad: 0.5,
        series: [{ expr: 'shop_cache_proof_age_seconds{job="api"}', legend: '{{instance}}' }],
      },
      {
        title: 'Trusted and usable',
        says: '1 is yes. Not trusted: this process asks Redis at each read. Not usable: it asks Postgres.',
        unit: 'short',
        max: 1,
        series: [
          { expr: 'min(shop_cache_memory_trusted_ratio{job="api"})', legend: 'memory trusted', is: 'memory' },
          { expr: 'min(shop_cache_remote_usable_ratio)', legend: 'Redis usable', is: 'redis' },
        ],
      },
      {
        title: 'Memory emptied',
        says: 'Times since the start, by reason: a step is one. first: a start. gap: a message of the bus was lost. epoch: Redis forgot, by a restart, a FLUSHALL or a failover.',
        unit: 'short',
        series: [
          {
            expr: 'sum by (shop_cache_reason) (shop_cache_resets_total)',
            legend: '{{shop_cache_reason}}',
          },
        ],
      },
      {
        title: 'Not believed',
        says: 'Entries of Redis that were refused. tag: invalidated, which is the cache at work. foreign: something else writes below our prefix, or bytes were damaged.',
        unit: 'ops',
        kind: 'stacked',
        series: [
          {
            expr: perSecond('shop_cache_rejections_total{shop_cache_resource=~"$resource"}', 'shop_cache_reason'),
            legend: '{{shop_cache_reason}}',
          },
        ],
      },
      {
        title: 'Commands that failed',
        says: 'By command. None while Redis is well; then the breaker opens and they end.',
        unit: 'ops',
        series: [
          {
            expr: perSecond('shop_cache_remote_errors_total', 'shop_cache_command'),
            legend: '{{shop_cache_command}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Propagation',
    panels: [
      {
        title: 'Invalidations',
        says: 'Asked for here, by the API after a commit and by the relay. Not acknowledged: Redis did not take them, and the outbox will tell it again.',
        unit: 'ops',
        series: [
          {
            expr: perSecond('shop_cache_invalidations_total{shop_cache_acknowledged="true"}'),
            legend: 'acknowledged',
            is: 'redis',
          },
          {
            expr: perSecond('shop_cache_invalidations_total{shop_cache_acknowledged="false"}'),
            legend: 'not acknowledged',
            is: 'failure',
          },
        ],
      },
      {
        title: 'From a write to Redis, by the relay',
        says: 'How long the oldest row of a batch had waited. What the API tells itself is not in it. Counted from when a row was written: a long transaction shows as one long wait.',
        unit: 's',
        series: quantiles('shop_worker_relay_lag_seconds_bucket'),
      },
      {
        title: 'From a write to the edge',
        says: 'How long the oldest row had waited when the edge had purged it. Past 2 s: EdgePurgeLag.',
        unit: 's',
        bad: 2,
        series: quantiles('shop_worker_purge_lag_seconds_bucket'),
      },
      {
        title: 'Outbox',
        says: 'Rows that wait. A batch job makes a peak that falls again; a climb without a fall is a relay that stands still.',
        unit: 'short',
        series: [{ expr: 'max(shop_worker_outbox_open)', legend: 'open', is: 'source' }],
      },
      {
        title: 'Relayed and purged',
        says: 'Rows a second. Purged again is the second purge of each row, when no process can hold the old value any more.',
        unit: 'ops',
        series: [
          { expr: perSecond('shop_worker_relay_rows_total'), legend: 'relayed', is: 'redis' },
          {
            expr: perSecond('shop_worker_purge_rows_total', 'shop_worker_again'),
            legend: 'purged, again: {{shop_worker_again}}',
          },
        ],
      },
      {
        title: 'Failures of the worker',
        says: 'Each is tried again. A line that stays: RelayFailures, EdgePurgeFailures, AuditBlind, ViewAge.',
        unit: 'ops',
        series: [
          {
            expr: perSecond('shop_worker_relay_failures_total', 'shop_worker_cause'),
            legend: 'relay, {{shop_worker_cause}}',
          },
          {
            expr: perSecond('shop_worker_purge_failures_total', 'shop_worker_cause'),
            legend: 'purge, {{shop_worker_cause}}',
          },
          {
            expr: perSecond('shop_worker_view_refresh_failures_total', 'shop_worker_view'),
            legend: 'refresh, {{shop_worker_view}}',
          },
          { expr: perSecond('shop_worker_audit_failures_total'), legend: 'audit' },
        ],
      },
    ],
  },
]
