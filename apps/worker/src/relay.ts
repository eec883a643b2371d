/**
 * The relay: carries the rows of the outbox to the caches.
 *
 * Who writes to the catalogue writes, by trigger and in the same transaction, a row that names the tags to invalidate.
 * Here open rows are claimed, their tags invalidated, and the rows marked once Redis has acknowledged; all in one
 * transaction, so that whoever dies on the way leaves them open for the next.
 *
 *     claim ──── invalidate ──── mark ──── commit
 *        └ killed here or later, before the commit: the locks go with the connection, the rows are open as before
 *
 *     claim ──── Redis: done ──╳ killed              the next relay invalidates a second time: that costs a few loads
 *
 * Nothing has an order to keep: invalidations commute, and may be repeated. Hence any number of relays, each taking what no
 * other holds (`skip locked`), and no cursor that could run past a row which becomes visible late:
 *
 *     T1: row 7 ─────────────────────────── commit
 *          T2: row 8 ── commit
 *                  relay: claims 8               relay: claims 7       a cursor at 8 would never look at 7 again
 */

import type { Cache } from '@shop/cache'
import { claimOutbox, type OutboxRow, reopenOutbox, type Sql } from '@shop/db'
import { continueTrace } from '@shop/telemetry'

import type { Emit } from './events.ts'
import { type Job, startJob } from './job.ts'

/** Of one transaction. More would keep the others waiting for the first of them, and the database ends it after 15 s. */
export const CLAIMED_AT_ONCE = { rows: 500, tags: 20_000 }
/** The most the cache takes in one call. */
const TAGS_AT_ONCE = 10_000

export interface RelayOptions {
  readonly sql: Sql
  readonly cache: Pick<Cache, 'health' | 'invalidateTags'>
  readonly emit: Emit
  /** The pause between two looks while there is nothing to do, in milliseconds. */
  readonly intervalMs: number
}

export interface Relay extends Job {
  /** Redis lost what it knew: opens the rows of the last hour again before anything else is relayed. */
  replay(): void
}

/** Redis has not acknowledged, or is not there to be asked. */
class NotAcknowledged extends Error {
  override readonly name = 'NotAcknowledged'
}

export function startRelay({ sql, cache, emit, intervalMs }: RelayOptions): Relay {
  let losses = 0
  let replayed = 0

  const job = startJob({
    async turn() {
      await replayLosses()
      return (await relaySome()) ? 0 : intervalMs
    },
    failed(error, failures) {
      const cause = error instanceof NotAcknowledged ? 'redis' : 'postgres'
      emit({ type: 'relay-failed', cause, failures, error })
    },
  })

  /** Counted, not flagged: a second loss while the first is replayed is not forgotten. */
  async function replayLosses(): Promise<void> {
    const seen = losses
    if (seen === replayed) return
    const rows = await continueTrace([], 'outbox reopen', {}, async (note) => {
      const reopened = await reopenOutbox(sql)
      note({ 'shop.outbox.rows': reopened })
      return reopened
    })
    replayed = seen
    emit({ type: 'reopened', rows })
  }

  /** Resolves to whether there is more. */
  async function relaySome(): Promise<boolean> {
    // The cache keeps what Redis did not take and retries by itself, up to a limit past which it voids everything. The rows
    // are the better memory, so nothing is claimed while Redis is known to be away.
    if (cache.health().redis === 'down') throw new NotAcknowledged('Redis is down')
    const startedAt = performance.now()
    let tags: readonly string[] = []
    const claim = await claimOutbox(sql, CLAIMED_AT_ONCE, (rows) => {
      tags = [...new Set(rows.flatMap((row) => row.tags))]
      return relay(rows, tags)
    })
    if (claim.rows === 0) return false
    const lagMs = Math.max(0, Date.now() - (claim.oldestAt?.getTime() ?? Date.now()))
    emit({ type: 'relayed', rows: claim.rows, tags: tags.length, lagMs, durationMs: performance.now() - startedAt })
    return claim.more
  }

  /** In the trace of whoever wrote the rows. A turn that finds none comes not here, and has no span. */
  function relay(rows: readonly OutboxRow[], tags: readonly string[]): Promise<boolean> {
    const oldest = Math.min(...rows.map(({ createdAt }) => createdAt.getTime()))
    const attributes = {
      'shop.outbox.rows': rows.length,
      'shop.outbox.tags': tags.length,
      'shop.outbox.lag': Math.max(0, Date.now() - oldest) / 1_000,
    }
    const parents = rows.map(({ traceParent }) => traceParent)
    return continueTrace(parents, 'outbox relay', attributes, async () => {
      for (let at = 0; at < tags.length; at += TAGS_AT_ONCE) {
        if (!(await cache.invalidateTags(tags.slice(at, at + TAGS_AT_ONCE)))) {
          throw new NotAcknowledged('Redis has not acknowledged')
        }
      }
      return true
    })
  }

  return {
    ...job,
    replay() {
      losses++
      job.wake()
    },
  }
}
