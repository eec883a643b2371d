/**
 * What pools of database connections say, in the words of the semantic conventions. What is observed is a plain figure of
 * the pool: nothing is counted here when a statement runs.
 */

import { metrics, type ObservableResult } from '@opentelemetry/api'

/** A pool as it is now. */
export interface Pool {
  readonly name: string
  /** Connections at most. */
  readonly max: number
  /** Of them, those that work. */
  readonly used: number
  /** What waits for one of them. */
  readonly waiting: number
}

/** Call it once in a process, after `startTelemetry`. */
export function observePools(pools: () => readonly Pool[]): void {
  const meter = metrics.getMeter('@shop/telemetry')
  const observe = (name: string, unit: string, description: string, each: (pool: Pool) => number, state?: string) =>
    meter
      .createObservableUpDownCounter(`db.client.connection.${name}`, { unit, description })
      .addCallback((result: ObservableResult) => {
        for (const pool of pools()) {
          result.observe(each(pool), {
            'db.client.connection.pool.name': pool.name,
            ...(state !== undefined && { 'db.client.connection.state': state }),
          })
        }
      })
  observe('count', '{connection}', 'Connections that work', ({ used }) => used, 'used')
  observe('max', '{connection}', 'Connections at most', ({ max }) => max)
  observe('pending_requests', '{request}', 'Statements that wait for a connection', ({ waiting }) => waiting)
}
