/**
 * One process of a fleet, for tests that need real ones. It does what its parent says over IPC: reads product 1 for so
 * many callers at once. Its loader counts itself in Redis, takes `loadMs`, and reports that it has begun.
 */

import { Redis } from 'ioredis'

import { createCache } from '../src/index.ts'
import { redis } from '../src/redis/index.ts'

export interface Order {
  readonly callers: number
}

export type Report =
  | { readonly type: 'ready' }
  | { readonly type: 'loading' }
  | { readonly type: 'read'; readonly values: readonly number[]; readonly failed: number; readonly tookMs: number }

const [, , url = '', loadMs = '0', loadTimeout = '5000'] = process.argv
const report = (message: Report): void => void process.send?.(message)

const counter = new Redis(url)
// Deadlines that a busy machine does not miss: what is tested is the count of loads.
const cache = createCache({ name: 'fleet', redis: redis({ url, commandTimeout: 5_000 }) })
const product = cache.resource({
  name: 'product',
  version: 1,
  ttl: 60_000,
  loadTimeout: Number(loadTimeout),
  key: (id: number) => [id],
  tags: (id) => [`product:${id}`],
  load: async () => {
    const load = await counter.incr('loads')
    report({ type: 'loading' })
    await new Promise((resolve) => setTimeout(resolve, Number(loadMs)))
    return load
  },
})

process.on('message', async ({ callers }: Order) => {
  const startedAt = performance.now()
  const ends = await Promise.allSettled(Array.from({ length: callers }, () => product.get(1)))
  const values = new Set(
    ends.flatMap((end) => (end.status === 'fulfilled' && end.value !== undefined ? [end.value] : [])),
  )
  const failed = ends.filter((end) => end.status === 'rejected').length
  report({ type: 'read', values: [...values], failed, tookMs: performance.now() - startedAt })
})
process.on('disconnect', () => process.exit())

if (!(await cache.ready({ timeout: 20_000 }))) throw new Error('not ready')
report({ type: 'ready' })
