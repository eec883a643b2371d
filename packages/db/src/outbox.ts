/**
 * The outbox: what writes have made stale, as rows that live until Redis has been told.
 *
 * Triggers write them (migrations/0003_invalidations.sql), in the transaction of the write. Two read them:
 *
 *     writer:  begin ── update ── ownTags ── commit ── invalidate ── markRelayed
 *     relay:                                   claimOutbox: invalidate, mark, in one transaction
 *
 * The writer makes its change visible at once, and the relay makes sure: for whoever died on the way, and for all that
 * knows no cache, like psql. Either may come first or both, because an invalidation may be repeated and has no order.
 *
 * Nothing remembers how far it has read. Ids are given when a row is written and seen when it is committed, so what a
 * cursor has passed may still appear:
 *
 *     T1: row 7 ───────────────────────── commit
 *          T2: row 8 ── commit
 *                 relay: claims 8                claims 7
 *
 * What Redis has acknowledged the edge is told next, from the same rows (`claimPurges`).
 */

import { type SQL, sql as template } from 'drizzle-orm'

import type { Sql } from './connect.ts'

/** Relayed rows are kept this long, in case Redis forgets what it was told. */
export const OUTBOX_KEPT_MS = 60 * 60 * 1000

/**
 * What an answer carries at the edge that depends on more than it can name. It is purged with every change, and never
 * invalidated in Redis.
 */
export const ANY_CHANGE = 'any-change'

/** Each thing that is cached and can change carries one of these. */
export const WIDE_TAGS: readonly string[] = Object.freeze([
  'products',
  'lists',
  'categories',
  'counts',
  'facets',
  'ratings',
  'related',
  'best-sellers',
])

/** Rows of one statement when many are changed: each statement has four seconds. */
const BATCH = 5_000

export interface OutboxRow {
  readonly id: number
  readonly tags: readonly string[]
  /** The table or view of which it tells, or `seed`. */
  readonly source: string
  /** When it was written, which may be long before it could be seen. */
  readonly createdAt: Date
  /** The span that wrote it, as a W3C `traceparent`; null when nobody traced that. */
  readonly traceParent: string | null
}

/** What the writer has to invalidate once it has committed, and then to mark. */
export interface OwnTags {
  readonly ids: readonly number[]
  /** Each once. */
  readonly tags: readonly string[]
}

export interface OutboxClaim {
  /** How many rows were handed over; 0 when none is open, or others hold all that are. */
  readonly rows: number
  /** Whether they are marked. False when nothing was delivered: the rows are open as before. */
  readonly relayed: boolean
  /** Whether more may be open that could have been taken now. */
  readonly more: boolean
  /** When the oldest of them was written. */
  readonly oldestAt: Date | undefined
}

export interface PurgeRow extends OutboxRow {
  /** Whether the edge was told of it before. */
  readonly again: boolean
}

export interface PurgeLimits {
  readonly rows: number
  readonly tags: number
  /** How long after Redis has acknowledged, in milliseconds. */
  readonly settledAfterMs: number
}

export interface PurgeClaim {
  /** How many rows were handed over, and marked. */
  readonly rows: number
  /** Whether more may be due. */
  readonly more: boolean
}

export interface OutboxLag {
  readonly open: number
  /** How long ago the oldest open row was written; 0 when none is open. */
  readonly ageMs: number
}

/**
 * Says to which trace the rows belong that this transaction is going to write, so that who relays them continues it. Costs
 * a statement, and none without a trace.
 */
export async function traceOutbox(
  transaction: { execute(query: SQL): PromiseLike<unknown> },
  traceParent: string | undefined,
): Promise<void> {
  if (traceParent !== undefined) {
    await transaction.execute(template`select set_config('shop.traceparent', ${traceParent}, true)`)
  }
}

/** What an act by hand has invalidated, for the edge. */
export interface EdgeNote extends Pick<OutboxRow, 'tags' | 'source'> {
  /** Whether Redis has acknowledged it. If so the row is for the edge alone, else the relay tells Redis too. */
  readonly relayed: boolean
}

export async function tellEdge(sql: Sql, { tags, source, relayed }: EdgeNote): Promise<void> {
  await sql`
    insert into outbox (tags, source, relayed_at)
      values (${[...tags]}, ${source}, case when ${relayed} then clock_timestamp() end)`
}

/**
 * What this transaction has made stale so far. Ask after the last statement and before the commit, through the transaction
 * itself. Nobody else sees these rows yet.
 */
export async function ownTags(transaction: {
  execute(query: SQL): PromiseLike<Iterable<Record<string, unknown>>>
}): Promise<OwnTags> {
  // Null, and so no row, for a transaction that has written nothing.
  const rows = (await transaction.execute(
    template`select id, tags from outbox where xid = pg_current_xact_id_if_assigned()`,
  )) as Iterable<Pick<OutboxRow, 'id' | 'tags'>>
  const own = [...rows]
  return { ids: own.map(({ id }) => Number(id)), tags: [...new Set(own.flatMap(({ tags }) => tags))] }
}

/**
 * Says that Redis has acknowledged these rows. Does not wait: a row that the relay holds at this moment is left to it.
 *
 *     relay:   claims 7 ── invalidates ─────────── marks 7
 *     writer:                   markRelayed: passes over 7
 */
export async function markRelayed(sql: Sql, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await sql`
    update outbox set relayed_at = now()
      where id in (select id from outbox where id = any(${[...ids]}) and relayed_at is null for update skip locked)`
}

/**
 * Hands the oldest open rows that nobody else holds to `deliver`, and marks them when it resolves to true. Otherwise, also
 * when it rejects or this process dies, the rows are open again at once: their locks end with the connection.
 *
 * At most so many rows, and so many tags in them, unless one row has more. `deliver` is not called when there is nothing to
 * deliver. It has 15 seconds, after which the database ends the
 * transaction and the claim rejects; the rows may be delivered a second time then.
 */
export async function claimOutbox(
  sql: Sql,
  { rows: most, tags: mostTags = Number.POSITIVE_INFINITY }: { readonly rows: number; readonly tags?: number },
  deliver: (rows: readonly OutboxRow[]) => Promise<boolean>,
): Promise<OutboxClaim> {
  return sql.begin(async (tx) => {
    const claimed = await tx<OutboxRow[]>`
      select id, tags, source, created_at as "createdAt", trace_parent as "traceParent" from outbox
        where relayed_at is null order by id limit ${most} for update skip locked`
    const rows = firstOf(claimed, mostTags)
    if (rows.length === 0) return { rows: 0, relayed: false, more: false, oldestAt: undefined }
    // Nothing was written yet, so there is nothing to take back when it was not delivered.
    const relayed = await deliver(rows)
    // Not now(), which is when the transaction began: what counts from the mark counts from when Redis had acknowledged.
    if (relayed) await tx`update outbox set relayed_at = clock_timestamp() where id = any(${rows.map(({ id }) => id)})`
    const oldestAt = rows.reduce((oldest, { createdAt }) => (createdAt < oldest ? createdAt : oldest), new Date())
    return { rows: rows.length, relayed, more: rows.length < claimed.length || claimed.length === most, oldestAt }
  })
}

/**
 * Hands rows to `deliver` of which Redis knows and the edge does not, the oldest first: each as soon as it is relayed, and
 * once more `settledAfterMs` later, when no answer with the old value can come to the edge any longer. A row that is
 * handed over for the first time as late as that is done with the one time.
 *
 *     relayed ──── due: told, 1 ──────────────── settled, due again: told, 2
 *     relayed ──── the edge is away ──────────── settled ──── told, 2
 *
 * Marked when `deliver` resolves. When it rejects or this process dies, the rows are due as before; what is claimed is
 * nobody else's meanwhile. At most so many rows, and so many tags in them, unless one row has more.
 */
export async function claimPurges(
  sql: Sql,
  { rows: most, tags: mostTags, settledAfterMs }: PurgeLimits,
  deliver: (rows: readonly PurgeRow[]) => Promise<void>,
): Promise<PurgeClaim> {
  return sql.begin(async (tx) => {
    // now() is when this transaction began, in both statements: what is settled then was settled before it was told.
    const claimed = await tx<PurgeRow[]>`
      select id, tags, source, created_at as "createdAt", trace_parent as "traceParent", purges > 0 as again
        from outbox
        where relayed_at is not null and purges < 2
          and (purges = 0 or relayed_at <= now() - ${settledAfterMs} * interval '1 ms')
        order by id limit ${most} for update skip locked`
    const rows = firstOf(claimed, mostTags)
    if (rows.length === 0) return { rows: 0, more: false }
    await deliver(rows)
    await tx`
      update outbox
        set purges = case when relayed_at <= now() - ${settledAfterMs} * interval '1 ms' then 2 else 1 end
        where id = any(${rows.map(({ id }) => id)})`
    return { rows: rows.length, more: rows.length < claimed.length || claimed.length === most }
  })
}

/** As many as have so many tags together, and one at least: what one delivery takes must be done in time. */
function firstOf<R extends OutboxRow>(rows: readonly R[], mostTags: number): readonly R[] {
  let tags = 0
  const end = rows.findIndex((row) => {
    tags += row.tags.length
    return tags > mostTags
  })
  return end === -1 ? rows : rows.slice(0, Math.max(1, end))
}

/** Removes what was relayed longer ago, in short transactions. Open rows stay, however old. Resolves to their number. */
export async function pruneOutbox(
  sql: Sql,
  { olderThanMs = OUTBOX_KEPT_MS }: { readonly olderThanMs?: number } = {},
): Promise<number> {
  return inBatches(
    () => sql`
      delete from outbox where id in (
        select id from outbox where relayed_at < now() - ${olderThanMs} * interval '1 ms'
          order by relayed_at limit ${BATCH} for update skip locked)`,
  )
}

/**
 * Opens again what was relayed within the time given, so that it is relayed once more: after Redis has forgotten.
 * Resolves to their number. What is relayed meanwhile stays relayed, or this would not end.
 */
export async function reopenOutbox(
  sql: Sql,
  { withinMs = OUTBOX_KEPT_MS }: { readonly withinMs?: number } = {},
): Promise<number> {
  const [now] = await sql<{ since: Date; until: Date }[]>`
    select now() - ${withinMs} * interval '1 ms' as since, now() as until`
  if (now === undefined) return 0
  return inBatches(
    () => sql`
      update outbox set relayed_at = null where id in (
        select id from outbox where relayed_at between ${now.since} and ${now.until}
          order by id limit ${BATCH} for update)`,
  )
}

/**
 * How far the caches are behind. A row that was opened again counts from when it was written, so after Redis has forgotten
 * the age is up to an hour until all is repeated.
 */
export async function outboxLag(sql: Sql): Promise<OutboxLag> {
  const [lag] = await sql<OutboxLag[]>`
    select count(*) as open, coalesce(extract(epoch from clock_timestamp() - min(created_at)) * 1000, 0)::float8 as "ageMs"
      from outbox where relayed_at is null`
  return { open: lag?.open ?? 0, ageMs: Math.max(0, lag?.ageMs ?? 0) }
}

async function inBatches(batch: () => PromiseLike<{ readonly count: number }>): Promise<number> {
  let all = 0
  for (;;) {
    const { count } = await batch()
    all += count
    if (count < BATCH) return all
  }
}
