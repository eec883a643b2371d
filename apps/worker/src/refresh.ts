/**
 * The refresh of the materialized views. Of all workers one refreshes a view: who does not get its lock leaves it.
 *
 * The refresh writes its own row into the outbox, in its transaction, with the tags of what really changed; the relay
 * carries it to the caches like any other. One that fails leaves the old rows, which are served on; it is tried again after
 * a pause that grows.
 */

import { type Refresh, refreshView, type Sql, type ViewName } from '@shop/db'
import { activeTraceParent, continueTrace } from '@shop/telemetry'

import type { Emit } from './events.ts'
import { backoff, type Job, startJob } from './job.ts'
import { type DueView, type ScheduledView, viewSchedule } from './view-schedule.ts'

const TURN_MS = 1_000
const BACKOFF_MS = { least: 2_000, most: 60_000 }

export interface RefreshingOptions {
  readonly sql: Sql
  readonly emit: Emit
  /**
   * @default VIEWS of @shop/db
   */
  readonly views?: readonly ScheduledView[]
}

export function startRefreshing({ sql, emit, views }: RefreshingOptions): Job {
  const schedule = viewSchedule(sql, views)
  /** Views that failed the last time here, and until when they are left alone. */
  const failing = new Map<string, { readonly failures: number; readonly until: number }>()

  return startJob({
    async turn(stopping) {
      for (const due of await schedule.due()) {
        if (stopping.aborted) break
        if (performance.now() >= (failing.get(due.view.name)?.until ?? 0)) await refresh(due)
      }
      return TURN_MS
    },
    failed: (error, failures) => emit({ type: 'schedule-failed', failures, error }),
  })

  /** What it writes into the outbox belongs to its trace, which so goes on to the caches. */
  function traced(view: ViewName, begunAt: number | undefined): Promise<Refresh> {
    return continueTrace([], 'view refresh', { 'shop.view.name': view }, async (note) => {
      const refresh = await refreshView(sql, view, { ifBegunAt: begunAt, traceParent: activeTraceParent() })
      note({ 'shop.view.outcome': refresh.type })
      if (refresh.type === 'refreshed')
        note({ 'shop.view.changed': refresh.changed, 'shop.outbox.tags': refresh.tags.length })
      return refresh
    })
  }

  async function refresh({ view: { name: view }, begunAt, ageMs }: DueView): Promise<void> {
    try {
      const refresh = await traced(view, begunAt)
      failing.delete(view)
      if (refresh.type === 'refreshed') {
        emit({ type: 'refreshed', view, changed: refresh.changed, durationMs: refresh.durationMs })
      }
    } catch (error) {
      const failures = (failing.get(view)?.failures ?? 0) + 1
      failing.set(view, { failures, until: performance.now() + backoff(failures, BACKOFF_MS.least, BACKOFF_MS.most) })
      emit({ type: 'refresh-failed', view, failures, ageMs, error })
    }
  }
}
