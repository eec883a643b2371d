/** Whether the cache saves what it should, and may be believed. */

import type { AlertGroup } from './alert.ts'
import { risen } from './risen.ts'

const HIT_RATIO = 'shop:cache_hits:ratio5m'
const reads = (outcome: string) => `shop_cache_reads_total{job="api", shop_cache_outcome="${outcome}"}`
const rate = (selector: string) => `sum(rate(shop_cache_reads_total${selector}[5m]))`
const trusted = 'shop_cache_memory_trusted_ratio{job="api", instance="a"}'
const usable = 'shop_cache_remote_usable_ratio{job="api", instance="a"}'
const pending = 'shop_cache_invalidations_pending{job="api", instance="a"}'
const failed = 'shop_cache_reloads_failed_total{job="api", instance="a", shop_cache_resource="product"}'

export const cacheAlerts: AlertGroup = {
  name: 'cache',
  recorded: [{ record: HIT_RATIO, expr: `${rate('{shop_cache_outcome=~"hit|stale"}')}\n  / ${rate('')}` }],
  alerts: [
    {
      name: 'CacheHitRateDrop',
      severity: 'ticket',
      // Against its own last hour, because what is right depends on who visits; and half is too little for anyone. A shop
      // that nobody visits has no rate to speak of.
      expr: `(${HIT_RATIO} < 0.9 * avg_over_time(${HIT_RATIO}[1h] offset 10m) or ${HIT_RATIO} < 0.5)
  and on () ${rate('')} > 10`,
      for: '5m',
      summary: 'Only {{ $value | humanizePercentage }} of reads are answered from the cache',
      fires: {
        series: { [reads('hit')]: '0+980x80 78400+700x60', [reads('miss')]: '0+20x80 1600+300x60' },
        waits: '23m',
        at: '34m',
      },
      rests: [
        { series: { [reads('hit')]: '0+980x140', [reads('miss')]: '0+20x140' }, at: '34m' },
        // The same drop, with one read in 5 s.
        { series: { [reads('hit')]: '0+3x80 240+1x60', [reads('miss')]: '0x80 0+2x60' }, at: '34m' },
        // It was never better than this, and it is enough.
        { series: { [reads('hit')]: '0+700x140', [reads('miss')]: '0+300x140' }, at: '34m' },
      ],
    },
    {
      name: 'CacheProofOld',
      severity: 'page',
      // Untrusted is what the bound makes of an old proof, whatever the bound is set to.
      expr: 'shop_cache_memory_trusted_ratio{job="api"} == 0',
      for: '30s',
      summary:
        '{{ $labels.instance }} has no fresh proof that it heard every invalidation, and asks Redis for each read',
      fires: { series: { [trusted]: '1x4 0x20' }, waits: '1m15s', at: '3m' },
      rests: [
        { series: { [trusted]: '1x20' }, at: '3m' },
        { series: { [trusted]: '1x4 0 1 0 1x20' }, at: '3m' },
        { series: { [trusted.replace('api', 'worker')]: '0x20' }, at: '3m' },
      ],
    },
    {
      name: 'CacheBreakerOpen',
      severity: 'page',
      expr: 'shop_cache_remote_usable_ratio == 0',
      for: '30s',
      summary: '{{ $labels.job }} {{ $labels.instance }} cannot use Redis',
      fires: { series: { [usable]: '1x4 0x20' }, waits: '1m15s', at: '3m' },
      rests: [
        { series: { [usable]: '1x20' }, at: '3m' },
        { series: { [usable]: '1x4 0 1x20' }, at: '2m' },
      ],
    },
    {
      name: 'CacheInvalidationsPending',
      severity: 'ticket',
      expr: 'min_over_time(shop_cache_invalidations_pending[1m]) > 0',
      for: '30s',
      summary: '{{ $value }} invalidations of {{ $labels.instance }} have not reached Redis for a minute',
      fires: { series: { [pending]: '0 3x20' }, waits: '1m15s', at: '3m' },
      rests: [{ series: { [pending]: '0 3 0 3 0 3 0 3 0 3 0' }, at: '2m' }],
    },
    {
      name: 'CacheReloadsFail',
      severity: 'ticket',
      expr: risen('shop_cache_reloads_failed_total', '5m'),
      for: '2m',
      summary: 'Reloads of {{ $labels.shop_cache_resource }} fail in {{ $labels.instance }}: stale values are served',
      fires: { series: { [failed]: '_x4 1+1x30' }, waits: '2m', at: '6m' },
      rests: [{ series: { [failed]: '7x60' }, at: '10m' }],
    },
  ],
}
