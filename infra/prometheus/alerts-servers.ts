/** Postgres and Redis, as their exporters see them. */

import type { AlertGroup } from './alert.ts'

const used = 'redis_memory_used_bytes{job="redis"}'
const most = 'redis_memory_max_bytes{job="redis"}'
const evicted = 'redis_evicted_keys_total{job="redis"}'
const backends = (datname: string) => `pg_stat_database_numbackends{job="postgres", datname="${datname}"}`

export const serverAlerts: AlertGroup = {
  name: 'servers',
  alerts: [
    {
      name: 'PostgresDown',
      severity: 'page',
      expr: 'pg_up == 0',
      for: '30s',
      summary: 'Postgres takes no connection',
      fires: { series: { 'pg_up{job="postgres"}': '1x4 0x20' }, waits: '1m15s', at: '3m' },
      rests: [{ series: { 'pg_up{job="postgres"}': '1x4 0 1x20' }, at: '2m' }],
    },
    {
      name: 'PostgresConnections',
      severity: 'ticket',
      expr: 'sum(pg_stat_database_numbackends) / max(pg_settings_max_connections) > 0.8',
      for: '2m',
      summary: '{{ $value | humanizePercentage }} of the connections to Postgres are taken',
      fires: {
        series: {
          [backends('shop')]: '170x20',
          [backends('postgres')]: '2x20',
          'pg_settings_max_connections{job="postgres"}': '200x20',
        },
        waits: '1m',
        at: '4m',
      },
      rests: [
        { series: { [backends('shop')]: '40x20', 'pg_settings_max_connections{job="postgres"}': '200x20' }, at: '4m' },
      ],
    },
    {
      name: 'PostgresLongTransaction',
      severity: 'ticket',
      // A change inside it reaches nobody, and nothing that is older than it can be vacuumed.
      expr: 'max by (datname, state) (pg_stat_activity_max_tx_duration{datname="shop"}) > 60',
      for: '1m',
      summary: 'A transaction ({{ $labels.state }}) has been open for {{ $value | humanizeDuration }}',
      fires: {
        series: {
          'pg_stat_activity_max_tx_duration{job="postgres", datname="shop", state="idle in transaction"}': '0+15x40',
        },
        waits: '1m45s',
        at: '7m',
      },
      rests: [
        {
          series: { 'pg_stat_activity_max_tx_duration{job="postgres", datname="shop", state="active"}': '20x40' },
          at: '7m',
        },
      ],
    },
    {
      name: 'RedisMemory',
      severity: 'ticket',
      expr: 'redis_memory_used_bytes / (redis_memory_max_bytes > 0) > 0.95',
      for: '5m',
      summary: 'Redis is {{ $value | humanizePercentage }} full: what is used least goes first',
      fires: { series: { [used]: '98x40', [most]: '100x40' }, waits: '2m', at: '7m' },
      rests: [
        { series: { [used]: '60x40', [most]: '100x40' }, at: '7m' },
        { series: { [used]: '98x40', [most]: '0x40' }, at: '7m' },
      ],
    },
    {
      name: 'RedisEvictions',
      severity: 'ticket',
      expr: 'rate(redis_evicted_keys_total[5m]) > 50',
      for: '5m',
      summary: 'Redis throws {{ $value | humanize }} entries a second out that could still be used',
      fires: { series: { [evicted]: '0+1500x60' }, waits: '4m', at: '12m' },
      rests: [{ series: { [evicted]: '0+150x60' }, at: '12m' }],
    },
    {
      name: 'ExporterDown',
      severity: 'ticket',
      expr: 'up{job=~"postgres|redis"} == 0\nor redis_up == 0',
      for: '2m',
      summary: 'What {{ $labels.job }} does is not seen',
      fires: {
        series: { 'up{job="postgres", instance="e"}': '0x20', 'redis_up{job="redis"}': '0x20' },
        waits: '1m',
        at: '4m',
        times: 2,
      },
      rests: [{ series: { 'up{job="postgres", instance="e"}': '1x20', 'redis_up{job="redis"}': '1x20' }, at: '4m' }],
    },
  ],
}
