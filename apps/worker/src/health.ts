/**
 * Is this worker alive, can it do its work, and what has it counted?
 *
 * `/livez` asks nothing of anyone. `/readyz` asks Postgres, without which there is nothing to do; Redis, without which
 * rows wait; and how long the oldest of them has waited. Nobody sends this process traffic, so 503 is for the eye and
 * for whoever starts things in order; what is waiting is an alert's business (docs/worker.md).
 */

import type { Lifecycle } from '@shop/process'
import { answerMetrics, type Metrics } from '@shop/telemetry'
import { Hono } from 'hono'

export interface HealthDeps {
  readonly lifecycle: Lifecycle
  /** What `/metrics` shows. Absent while metrics are off. */
  readonly metrics?: Metrics | undefined
  /** Milliseconds that the oldest open row has waited, 0 without one. Rejects when Postgres does not answer. */
  oldestOpenMs(): Promise<number>
  redis(): 'up' | 'down' | 'off'
}

const CHECK_LIMIT_MS = 1_000

export function healthApp({ lifecycle, metrics, oldestOpenMs, redis }: HealthDeps): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('Cache-Control', 'no-store')
  })
  app.get('/livez', (c) => c.json({ status: 'alive' }))
  app.get('/readyz', async (c) => {
    const waited = await inTime(oldestOpenMs())
    const status = lifecycle.draining ? 'draining' : waited === undefined ? 'not-ready' : 'ready'
    const body = {
      status: status === 'ready' && redis() === 'down' ? 'degraded' : status,
      dependencies: {
        postgres: { state: waited === undefined ? 'down' : 'up', required: true },
        redis: { state: redis(), required: false },
      },
      ...(waited !== undefined && { outbox: { oldestOpenMs: waited } }),
    }
    return c.json(body, status === 'ready' ? 200 : 503)
  })
  if (metrics) app.get('/metrics', answerMetrics(metrics))
  return app
}

/** `undefined` when it rejects or hangs. */
async function inTime<T>(asked: Promise<T>): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), CHECK_LIMIT_MS)
  const answer = await Promise.race([asked.catch(() => undefined), late])
  clearTimeout(timer)
  return answer
}
