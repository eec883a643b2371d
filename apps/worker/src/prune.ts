/** Removes what was relayed more than an hour ago from the outbox, once a minute. */

import { pruneOutbox, type Sql } from '@shop/db'
import { continueTrace } from '@shop/telemetry'

import type { Emit } from './events.ts'
import { type Job, startJob } from './job.ts'

const EVERY_MS = 60_000

export function startPruning({ sql, emit }: { readonly sql: Sql; readonly emit: Emit }): Job {
  return startJob({
    async turn() {
      const rows = await continueTrace([], 'outbox prune', {}, async (note) => {
        const pruned = await pruneOutbox(sql)
        note({ 'shop.outbox.rows': pruned })
        return pruned
      })
      emit({ type: 'pruned', rows })
      return EVERY_MS
    },
    failed: (error, failures) => emit({ type: 'prune-failed', failures, error }),
    mostBackoffMs: EVERY_MS,
  })
}
