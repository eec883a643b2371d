/** *Postgres and Redis*: what our processes ask of them, and how they bear it. */

import type { Dashboard } from './dashboard.ts'
import { perSecond, quantiles } from './queries.ts'

const database = 'datname="shop"'

export const serversDashboard: Dashboard = {
  uid: 'postgres-redis',
  title: 'Postgres and Redis',
  says: 'What our processes ask of the two servers, and how they bear it.',
  variables: [],
  rows: [
    {
      title: 'Our connections to Postgres',
      panels: [
        {
          title: 'At work',
          says: 'Connections with a statement or a transaction on them. At the dashed line the pool is used up.',
          unit: 'short',
          series: [
            {
              expr: 'sum by (job, instance, db_client_connection_pool_name) (db_client_connection_count{db_client_connection_state="used"})',
              legend: '{{job}} {{instance}} {{db_client_connection_pool_name}}',
            },
            { expr: 'max(db_client_connection_max{job="api"})', legend: 'largest pool', is: 'limit' },
          ],
        },
        {
          title: 'Waiting for a connection',
          says: 'Statements. A peak is a herd; a line that stays is a pool too small, or a Postgres too slow (PoolWaiting).',
          unit: 'short',
          series: [
            {
              expr: 'sum by (job, instance) (db_client_connection_pending_requests)',
              legend: '{{job}} {{instance}}',
            },
          ],
        },
        {
          title: 'Loads',
          says: 'What the cache asks of Postgres, and how long that takes.',
          unit: 's',
          series: quantiles('shop_cache_load_duration_seconds_bucket'),
        },
      ],
    },
    {
      title: 'Postgres',
      panels: [
        {
          title: 'Transactions',
          says: 'All of them, of whomever. While the cache holds, it does not follow the requests.',
          unit: 'ops',
          series: [
            { expr: perSecond(`pg_stat_database_xact_commit{${database}}`), legend: 'committed', is: 'source' },
            { expr: perSecond(`pg_stat_database_xact_rollback{${database}}`), legend: 'rolled back', is: 'failure' },
          ],
        },
        {
          title: 'Connections',
          says: 'Of all who connect. Near the limit nobody new gets in, not even for repair (PostgresConnections).',
          unit: 'short',
          series: [
            { expr: `sum by (state) (pg_stat_activity_count{${database}})`, legend: '{{state}}' },
            { expr: 'max(pg_settings_max_connections)', legend: 'limit', is: 'limit' },
          ],
        },
        {
          title: 'Longest transaction',
          says: 'By state. idle in transaction is a client that forgot to end it: its changes reach nobody, and vacuum waits (PostgresLongTransaction).',
          unit: 's',
          bad: 60,
          series: [{ expr: `max by (state) (pg_stat_activity_max_tx_duration{${database}})`, legend: '{{state}}' }],
        },
        {
          title: 'Blocks found in its own memory',
          says: 'Below 99 % its buffers are too small for what is asked for, and it waits for the disk.',
          unit: 'percentunit',
          max: 1,
          series: [
            {
              expr: `${perSecond(`pg_stat_database_blks_hit{${database}}`)} / (${perSecond(`pg_stat_database_blks_hit{${database}}`)} + ${perSecond(`pg_stat_database_blks_read{${database}}`)})`,
              legend: 'found',
              is: 'source',
            },
          ],
        },
        {
          title: 'Rows',
          says: 'Read and written. Many read for few answered: a statement without its index.',
          unit: 'ops',
          series: [
            { expr: perSecond(`pg_stat_database_tup_returned{${database}}`), legend: 'scanned' },
            { expr: perSecond(`pg_stat_database_tup_fetched{${database}}`), legend: 'fetched' },
            { expr: perSecond(`pg_stat_database_tup_updated{${database}}`), legend: 'updated' },
            { expr: perSecond(`pg_stat_database_tup_inserted{${database}}`), legend: 'inserted' },
          ],
        },
        {
          title: 'Deadlocks',
          says: 'Two writers locked rows in different orders, and Postgres undid one of them. Orders are tried again; what else writes stock should take rows by variant id.',
          unit: 'short',
          series: [
            {
              expr: `increase(pg_stat_database_deadlocks{${database}}[$__rate_interval])`,
              legend: 'deadlocks',
              is: 'failure',
            },
          ],
        },
        {
          title: 'Sorts on disk',
          says: 'What did not fit into work_mem. None for what visitors ask; a refresh of a view may.',
          unit: 'Bps',
          series: [{ expr: perSecond(`pg_stat_database_temp_bytes{${database}}`), legend: 'written', is: 'source' }],
        },
      ],
    },
    {
      title: 'Redis',
      panels: [
        {
          title: 'Memory',
          says: 'Full is how a cache works best; what matters is what it then throws out.',
          unit: 'bytes',
          series: [
            { expr: 'redis_memory_used_bytes', legend: 'used', is: 'redis' },
            { expr: 'redis_memory_max_bytes', legend: 'limit', is: 'limit' },
          ],
        },
        {
          title: 'Thrown out',
          says: 'Expired is what was meant to go. Evicted could still have been used: past 50 a second, RedisEvictions.',
          unit: 'ops',
          series: [
            { expr: perSecond('redis_evicted_keys_total'), legend: 'evicted', is: 'failure' },
            { expr: perSecond('redis_expired_keys_total'), legend: 'expired', is: 'redis' },
          ],
        },
        {
          title: 'Keys',
          says: 'Entries, tags and leases together.',
          unit: 'short',
          series: [{ expr: 'sum(redis_db_keys)', legend: 'keys', is: 'redis' }],
        },
        {
          title: 'Commands',
          says: 'A look is one mget for all that one turn of the event loop asks for; scripts (evalsha) are loads and invalidations.',
          unit: 'ops',
          series: [{ expr: perSecond('redis_commands_total', 'cmd'), legend: '{{cmd}}' }],
        },
        {
          title: 'Time for a command',
          says: 'Inside Redis, mean. What our processes wait for beyond it is the network, or their own event loop.',
          unit: 's',
          series: [
            {
              expr: `${perSecond('redis_commands_duration_seconds_total', 'cmd')} / ${perSecond('redis_commands_total', 'cmd')}`,
              legend: '{{cmd}}',
            },
          ],
        },
        {
          title: 'Clients and network',
          says: 'Each process has a handful of connections. More and more of them: something connects anew at each request.',
          unit: 'short',
          series: [
            { expr: 'redis_connected_clients', legend: 'clients', is: 'redis' },
            { expr: 'redis_blocked_clients', legend: 'blocked', is: 'failure' },
          ],
        },
        {
          title: 'Sent and received',
          says: 'By Redis. A value that everybody asks for and memory does not hold shows here first.',
          unit: 'Bps',
          series: [
            { expr: perSecond('redis_net_output_bytes_total'), legend: 'sent', is: 'redis' },
            { expr: perSecond('redis_net_input_bytes_total'), legend: 'received', is: 'all' },
          ],
        },
      ],
    },
  ],
}
