/**
 * The fading of traffic: what was counted is halved every ten minutes, so that what was read an hour ago weighs a
 * sixty-fourth, and what falls below one is deleted. Where no product is read any more the table empties itself.
 *
 * Each row says up to when it was halved, so it makes no difference how many workers there are, how often they start, or
 * whether none ran for an hour. They only should not wait for each other: of several one does it, and the others leave it.
 */

import type { Sql } from '@shop/db'
import { continueTrace } from '@shop/telemetry'

import type { Emit } from './events.ts'
import { type Job, startJob } from './job.ts'

const TURN_MS = 60_000

/** Any number will do, as long as nothing else in the shop uses it. */
const LOCK = 7_316_004

export interface Fading {
  readonly halved: number
  readonly forgotten: number
}

export function startFading({ sql, emit }: { readonly sql: Sql; readonly emit: Emit }): Job {
  return startJob({
    async turn() {
      const fading = await continueTrace([], 'traffic fade', {}, async (note) => {
        const faded = await fadeTraffic(sql)
        note(faded ? { 'shop.traffic.halved': faded.halved, 'shop.traffic.forgotten': faded.forgotten } : {})
        return faded
      })
      if (fading) emit({ type: 'traffic-faded', ...fading })
      return TURN_MS
    },
    failed: (error, failures) => emit({ type: 'traffic-failed', failures, error }),
    mostBackoffMs: TURN_MS,
  })
}

/** Halves what is due. `undefined`: another worker is at it. */
export function fadeTraffic(sql: Sql): Promise<Fading | undefined> {
  return sql.begin(async (tx) => {
    const [lock] = await tx<{ granted: boolean }[]>`select pg_try_advisory_xact_lock(${LOCK}) as granted`
    if (!lock?.granted) return undefined
    // In the order of the ids, as the API adds to them: whoever locks rows in one order never waits in a ring.
    const { count: halved } = await tx`
      with due as (
        select product_id, floor(extract(epoch from now() - counted_at) / 600) as times
          from product_traffic
          where counted_at <= now() - interval '10 min'
          order by product_id
          for update)
      update product_traffic t
        set reads = t.reads * power(0.5, due.times), counted_at = t.counted_at + due.times * interval '10 min'
        from due
        where t.product_id = due.product_id`
    const { count: forgotten } = await tx`delete from product_traffic where reads < 1`
    return { halved, forgotten }
  })
}
