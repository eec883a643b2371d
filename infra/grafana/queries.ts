/** Expressions that stand on more than one dashboard. `$__rate_interval` is four scrapes or a step, whichever is longer. */

import type { Series } from './dashboard.ts'

export const REQUESTS = 'http_server_request_duration_seconds'

/** How often a counter rises in a second; `by` may be empty. */
export function perSecond(counter: string, by = ''): string {
  return `sum${by === '' ? '' : ` by (${by})`} (rate(${counter}[$__rate_interval]))`
}

/** The 50th, 95th and 99th percentile of a histogram. `buckets` is the name with its selector, such as `x_bucket{…}`. */
export function quantiles(buckets: string, exemplars?: true): readonly Series[] {
  const quantile = (q: number) => `histogram_quantile(${q}, ${perSecond(buckets, 'le')})`
  return [
    { expr: quantile(0.5), legend: 'p50', is: 'median' },
    { expr: quantile(0.95), legend: 'p95', is: 'p95' },
    { expr: quantile(0.99), legend: 'p99', is: 'p99', ...(exemplars && { exemplars }) },
  ]
}

/** Who answered the reads of the cache, by what they count. `selector` is within braces. */
export function readsByTier(selector: string): readonly Series[] {
  const reads = (outcome: string) => perSecond(`shop_cache_reads_total{${selector}, ${outcome}}`)
  return [
    { expr: reads('shop_cache_outcome="hit", shop_cache_tier="memory"'), legend: 'memory', is: 'memory' },
    { expr: reads('shop_cache_outcome="hit", shop_cache_tier="redis"'), legend: 'redis', is: 'redis' },
    { expr: reads('shop_cache_outcome="stale"'), legend: 'stale', is: 'stale' },
    { expr: reads('shop_cache_outcome="collapsed"'), legend: 'collapsed', is: 'collapsed' },
    { expr: reads('shop_cache_outcome="miss"'), legend: 'loaded', is: 'source' },
    { expr: reads('shop_cache_outcome="error"'), legend: 'error', is: 'failure' },
  ]
}
