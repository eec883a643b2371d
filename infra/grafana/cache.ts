/** *Cache*: what does it save, does a stampede reach the database, and may what it serves be believed? */

import { freshnessRows } from './cache-freshness.ts'
import type { Dashboard } from './dashboard.ts'
import { perSecond, quantiles, readsByTier } from './queries.ts'

const chosen = 'shop_cache_resource=~"$resource"'
const reads = (more = '') => perSecond(`shop_cache_reads_total{${chosen}${more}}`)
const share = (outcome: string) => `${reads(`, ${outcome}`)} / ${reads()}`

export const cacheDashboard: Dashboard = {
  uid: 'cache',
  title: 'Cache',
  says: 'What does the cache save, does a stampede reach the database, and may what it serves be believed?',
  variables: [{ name: 'resource', label: 'Resource', metric: 'shop_cache_reads_total', of: 'shop_cache_resource' }],
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Hit rate',
          says: 'Share of reads that were answered from memory or Redis, fresh or stale. 97 % of a warm shop; a drop against the last hour is CacheHitRateDrop.',
          unit: 'percentunit',
          kind: 'number',
          bad: 0.9,
          good: 'high',
          series: [{ expr: share('shop_cache_outcome=~"hit|stale"'), legend: 'hit' }],
        },
        {
          title: 'Loads',
          says: 'Loaders that ran: what the cache asks of Postgres.',
          unit: 'ops',
          kind: 'number',
          series: [{ expr: perSecond(`shop_cache_load_duration_seconds_count{${chosen}}`), legend: 'loads' }],
        },
        {
          title: 'Oldest proof',
          says: 'Of the process with the oldest. Memory is served only while its proof is younger than the bound, 0.5 s by default.',
          unit: 's',
          kind: 'number',
          bad: 0.5,
          series: [{ expr: 'max(shop_cache_proof_age_seconds{job="api"})', legend: 'proof' }],
        },
        {
          title: 'Without Redis',
          says: 'Processes that cannot use Redis now. Reads go on; each process loads for itself (CacheBreakerOpen).',
          unit: 'short',
          kind: 'number',
          bad: 1,
          series: [{ expr: 'count(shop_cache_remote_usable_ratio == 0) or vector(0)', legend: 'processes' }],
        },
        {
          title: 'Memory used',
          says: 'Of what the first tier may use, in the fullest process. Full is no fault: what is used least makes room.',
          unit: 'percentunit',
          kind: 'number',
          series: [{ expr: 'max(shop_cache_memory_size_bytes / shop_cache_memory_limit_bytes)', legend: 'used' }],
        },
        {
          title: 'Untold invalidations',
          says: 'Invalidations that Redis has not taken yet. Above 0 for a minute: CacheInvalidationsPending.',
          unit: 'short',
          kind: 'number',
          bad: 1,
          series: [{ expr: 'sum(shop_cache_invalidations_pending)', legend: 'pending' }],
        },
      ],
    },
    {
      title: 'What it saves',
      panels: [
        {
          title: 'Who answered',
          says: 'Reads by tier. Green should be nearly all of it; orange is what Postgres sees.',
          unit: 'ops',
          kind: 'stacked',
          series: readsByTier(chosen),
        },
        {
          title: 'Hit rate by tier',
          says: 'Shares of all reads. Memory falls and Redis rises: processes have just started, or have no proof. Both fall: invalidations come faster than loads, or Redis evicts.',
          unit: 'percentunit',
          max: 1,
          series: [
            { expr: share('shop_cache_outcome="hit", shop_cache_tier="memory"'), legend: 'memory', is: 'memory' },
            { expr: share('shop_cache_outcome="hit", shop_cache_tier="redis"'), legend: 'redis', is: 'redis' },
            { expr: share('shop_cache_outcome="stale"'), legend: 'stale', is: 'stale' },
          ],
        },
        {
          title: 'Hit rate by resource',
          says: 'The one that is low alone has a ttl that is too short, or keys that nobody asks for twice.',
          unit: 'percentunit',
          max: 1,
          series: [
            {
              expr: `${perSecond(`shop_cache_reads_total{${chosen}, shop_cache_outcome=~"hit|stale"}`, 'shop_cache_resource')} / ${perSecond(`shop_cache_reads_total{${chosen}}`, 'shop_cache_resource')}`,
              legend: '{{shop_cache_resource}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Stampedes',
      panels: [
        {
          title: 'Collapsed',
          says: 'Reads that joined a load instead of starting one. A peak beside a flat line of loads is a stampede that cost one query.',
          unit: 'ops',
          series: [
            { expr: reads(', shop_cache_outcome="collapsed"'), legend: 'collapsed', is: 'collapsed' },
            { expr: perSecond(`shop_cache_load_duration_seconds_count{${chosen}}`), legend: 'loads', is: 'source' },
          ],
        },
        {
          title: 'How long a load takes',
          says: 'Loaders, from call to end. Slower than usual: look at Postgres. Near 5 s: the deadline.',
          unit: 's',
          series: quantiles(`shop_cache_load_duration_seconds_bucket{${chosen}}`),
        },
        {
          title: 'How long a load of another process was waited for',
          says: 'A little more than a load. Much more: waiters are not told, or the holder of a lease has died.',
          unit: 's',
          series: quantiles(`shop_cache_lease_wait_duration_seconds_bucket{${chosen}}`),
        },
        {
          title: 'How waiting ended',
          says: 'By fill it ended well. Anything else in numbers: holders die, or loads take longer than a lease.',
          unit: 'ops',
          kind: 'stacked',
          series: [
            {
              expr: perSecond(`shop_cache_lease_wait_duration_seconds_count{${chosen}}`, 'shop_cache_end'),
              legend: '{{shop_cache_end}}',
            },
          ],
        },
        {
          title: 'Loads under way',
          says: 'Waiting means that the bulkhead is full: more keys are cold at once than Postgres should be asked for.',
          unit: 'short',
          series: [
            { expr: 'sum(shop_cache_flights)', legend: 'flights', is: 'collapsed' },
            { expr: 'sum(shop_cache_loads_running)', legend: 'running', is: 'source' },
            { expr: 'sum(shop_cache_loads_waiting)', legend: 'waiting', is: 'failure' },
            { expr: 'sum(shop_cache_reloads_running)', legend: 'reloads', is: 'stale' },
          ],
        },
        {
          title: 'Reloads that came to nothing',
          says: 'Failed: the source did not answer, and stale values are served meanwhile (CacheReloadsFail). Dropped: there was no room for them in the background.',
          unit: 'ops',
          series: [
            { expr: perSecond(`shop_cache_reloads_failed_total{${chosen}}`), legend: 'failed', is: 'failure' },
            { expr: perSecond(`shop_cache_reloads_dropped_total{${chosen}}`), legend: 'dropped', is: 'stale' },
          ],
        },
        {
          title: 'How far past its ttl a value was served',
          says: 'Only of values served stale. It grows while the source is away and ends at what the declaration allows.',
          unit: 's',
          series: quantiles(`shop_cache_stale_duration_seconds_bucket{${chosen}}`),
        },
      ],
    },
    ...freshnessRows,
    {
      title: 'The first tier',
      panels: [
        {
          title: 'Bytes',
          says: 'What entries weigh, by process, below what they may weigh.',
          unit: 'bytes',
          series: [
            { expr: 'shop_cache_memory_size_bytes{job="api"}', legend: '{{instance}}' },
            { expr: 'max(shop_cache_memory_limit_bytes{job="api"})', legend: 'limit', is: 'limit' },
          ],
        },
        {
          title: 'Entries',
          says: 'By resource, in all processes. One that crowds out the others has too many keys.',
          unit: 'short',
          kind: 'stacked',
          series: [
            {
              expr: `sum by (shop_cache_resource) (shop_cache_memory_entries{${chosen}})`,
              legend: '{{shop_cache_resource}}',
            },
          ],
        },
        {
          title: 'Evictions',
          says: 'Entries that had to make room: memory is smaller than what is asked for. Worth more memory only if the hit rate of memory falls with it.',
          unit: 'ops',
          series: [{ expr: perSecond('shop_cache_memory_evictions_total', 'instance'), legend: '{{instance}}' }],
        },
        {
          title: 'Tags',
          says: 'That a process knows of; they are the cheap part, and bounded.',
          unit: 'short',
          series: [{ expr: 'shop_cache_memory_tags{job="api"}', legend: '{{instance}}' }],
        },
        {
          title: 'Warming',
          says: 'How long warmings took. Near the limit of the start (5 s): the first visitors find less.',
          unit: 's',
          series: quantiles('shop_warming_duration_seconds_bucket'),
        },
        {
          title: 'Warmed',
          says: 'Lists and products read by warmings, and pages warmed again after a refresh.',
          unit: 'ops',
          series: [
            { expr: perSecond('shop_warming_reads_total', 'shop_warming_kind'), legend: '{{shop_warming_kind}}' },
            { expr: perSecond('shop_worker_rewarm_pages_total'), legend: 'pages, again', is: 'all' },
          ],
        },
      ],
    },
  ],
}
