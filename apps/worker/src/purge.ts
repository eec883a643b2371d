/**
 * The purger: tells the edge what Redis has acknowledged.
 *
 * Not before, or the edge would fetch the old value again from an API that still has it. And twice, because Redis is not
 * the last to know. An API process may serve the old value from its memory until the bound is over:
 *
 *     Redis    acknowledged
 *     worker       purge ─────────────────────────────────────────────────────── purge again
 *     edge              drops it ── miss ────────────────── keeps the old value ── drops it for good
 *     API                             └ from memory: old ─┘   │
 *              │◀────────────────── the bound ───────────────▶│
 *
 * and what an API has answered may be on its way while the edge is told, which knows nothing yet that it could drop:
 *
 *     edge     miss ── fetching ──────────────────────── keeps the old value ── drops it
 *     API                 └ old ── slow ───────────────┘
 *     worker                          purge: nothing there                       purge again
 *              │◀──────────── at most FETCH_MS ───────▶│
 *
 * So the second time is the bound and FETCH_MS after Redis has acknowledged: an answer that comes later was asked for after
 * the bound. An edge must not keep longer than a moment what took longer to fetch than FETCH_MS (infra/varnish/edge.vcl).
 *
 * Rows are claimed as the relay claims them: whoever dies leaves them due, and of several workers each has its own.
 */

import { ANY_CHANGE, claimPurges, type PurgeRow, type Sql } from '@shop/db'
import { continueTrace } from '@shop/telemetry'

import type { EdgePurger } from './edge.ts'
import type { Emit } from './events.ts'
import { type Job, startJob } from './job.ts'

/** The longest fetch whose answer the edge keeps. As in infra/varnish/edge.vcl. */
const FETCH_MS = 300
/** For what is measured on two hosts and rounded. */
const MARGIN_MS = 100

/**
 * Of one transaction. Its rows are held until the edge has answered, and whoever opens rows again waits for them: so few
 * tags that an edge a tenth of a second away, which takes some hundreds in a request, is done within the deadline.
 */
const CLAIMED_AT_ONCE = { rows: 500, tags: 1_000 }
/** For all that was claimed at once. */
const DEADLINE_MS = 1_000

export interface PurgeOptions {
  readonly sql: Sql
  readonly purger: EdgePurger
  readonly emit: Emit
  /** The pause between two looks while there is nothing to do, in milliseconds. */
  readonly intervalMs: number
  /** How long an API process may serve from its memory what Redis knows to be old, in milliseconds. */
  readonly maxStalenessMs: number
}

/** The edge has not said that it is done. */
class NotPurged extends Error {
  override readonly name = 'NotPurged'
}

export function startPurging({ sql, purger, emit, intervalMs, maxStalenessMs }: PurgeOptions): Job {
  const limits = { ...CLAIMED_AT_ONCE, settledAfterMs: maxStalenessMs + FETCH_MS + MARGIN_MS }

  let failing = false

  const job = startJob({
    async turn(stopping) {
      const claim = await claimPurges(sql, limits, (rows) => tell(rows, stopping))
      failing = false
      return claim.more ? 0 : intervalMs
    },
    failed(error, failures) {
      failing = true
      const isEdge = error instanceof NotPurged
      emit({
        type: 'purge-failed',
        cause: isEdge ? 'edge' : 'postgres',
        failures,
        error: isEdge ? error.cause : error,
      })
    },
  })

  async function tell(rows: readonly PurgeRow[], stopping: AbortSignal): Promise<void> {
    const startedAt = performance.now()
    const tags = [...new Set(rows.flatMap((row) => row.tags)), ANY_CHANGE]
    const first = rows.filter(({ again }) => !again)
    const attributes = {
      'shop.outbox.rows': rows.length,
      'shop.edge.tags': tags.length,
      'shop.edge.first': first.length,
    }
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(DEADLINE_MS)])
    const parents = rows.map(({ traceParent }) => traceParent)
    await continueTrace(parents, 'edge purge', attributes, () => purger.purge(tags, signal)).catch((cause: unknown) => {
      throw new NotPurged(`${purger.name} was not purged`, { cause })
    })
    const oldestAt = Math.min(...first.map(({ createdAt }) => createdAt.getTime()))
    emit({
      type: 'purged',
      rows: first.length,
      again: rows.length - first.length,
      tags: tags.length,
      lagMs: first.length === 0 ? undefined : Math.max(0, Date.now() - oldestAt),
      durationMs: performance.now() - startedAt,
    })
  }

  return {
    ...job,
    wake() {
      // What is relayed while the edge is away must not cut the pause after a failure short.
      if (!failing) job.wake()
    },
  }
}
