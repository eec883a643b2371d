/**
 * Refreshing the materialized views: one refresher at a time, and told in the outbox what it changed.
 *
 *     lock ── note the rows ── refresh concurrently ── compare ── outbox row ── commit
 *       └ held elsewhere: nothing to do               readers see the old rows until here
 *
 * All of it is one transaction, so an entry that was loaded from the old rows is told of the new ones or there are none.
 * A refresh by hand, past this module, tells nobody.
 *
 * See docs/aggregates.md.
 */

import type postgres from 'postgres'

import type { Sql } from './connect.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

export interface View {
  readonly name: string
  /** The key of a row. */
  readonly key: string
  /** How old it may become, in milliseconds. */
  readonly intervalMs: number
  /**
   * The sources of outbox rows that make it due, `debounceMs` after the first of them however many follow: a pause that
   * each change begins anew would never end in a busy shop.
   */
  readonly dueBy: readonly string[]
  readonly debounceMs: number
  /** The tag of a row is the prefix and its value in this column; without a column all rows share the wide tag. */
  readonly rowTag?: { readonly prefix: string; readonly column: string }
  /** Instead of very many tags of rows. */
  readonly wideTag: string
}

const catalogue = ['products', 'categories']

export const VIEWS = Object.freeze([
  {
    name: 'category_counts',
    key: 'category_id',
    intervalMs: 5 * MINUTE,
    dueBy: catalogue,
    debounceMs: 10 * SECOND,
    // Who shows counts shows those of many. Not `categories`: a piece that sells out is no change of the tree.
    wideTag: 'counts',
  },
  {
    name: 'category_facets',
    key: 'category_id',
    intervalMs: 5 * MINUTE,
    dueBy: catalogue,
    debounceMs: 30 * SECOND,
    rowTag: { prefix: 'facets:', column: 'slug' },
    wideTag: 'facets',
  },
  {
    name: 'product_ratings',
    key: 'product_id',
    intervalMs: 10 * MINUTE,
    dueBy: ['products'],
    // Any change of a product makes it due, and few of them are reviews. The product shows its average at once anyway.
    debounceMs: 2 * MINUTE,
    rowTag: { prefix: 'ratings:', column: 'product_id' },
    wideTag: 'ratings',
  },
  // Orders write nothing into the outbox.
  {
    name: 'best_sellers_7',
    key: 'rank',
    intervalMs: 10 * MINUTE,
    dueBy: [],
    debounceMs: 0,
    wideTag: 'best-sellers',
  },
  {
    name: 'best_sellers_30',
    key: 'rank',
    intervalMs: 30 * MINUTE,
    dueBy: [],
    debounceMs: 0,
    wideTag: 'best-sellers',
  },
  {
    name: 'bought_together',
    key: 'product_id',
    intervalMs: 60 * MINUTE,
    dueBy: [],
    debounceMs: 0,
    rowTag: { prefix: 'related:', column: 'product_id' },
    wideTag: 'related',
  },
] as const satisfies readonly View[])

export type ViewName = (typeof VIEWS)[number]['name']

export interface RefreshOptions {
  /**
   * The most tags of rows that are written; beyond, the wide tag is.
   * @default 500
   */
  readonly limit?: number
  /**
   * How long a statement of it may take, in milliseconds.
   * @default 300000
   */
  readonly timeoutMs?: number
  /**
   * Only if the last refresh is the one that began then, in milliseconds of the database's clock since 1970.
   * @default undefined (whatever the last one was)
   */
  readonly ifBegunAt?: number | undefined
  /**
   * The trace that what it writes into the outbox belongs to, as a W3C `traceparent`.
   * @default undefined (none)
   */
  readonly traceParent?: string | undefined
}

export const REFRESH_DEFAULTS = Object.freeze({ limit: 500, timeoutMs: 5 * MINUTE })

export type Refresh =
  /** `changed`: how many rows came, went or became others. `tags`: what was written into the outbox for them. */
  | {
      readonly type: 'refreshed'
      readonly changed: number
      readonly tags: readonly string[]
      readonly durationMs: number
    }
  /** Another refresher is at work on this view, or has been since; nothing was done. */
  | { readonly type: 'busy' }

export interface ViewAge {
  readonly view: ViewName
  readonly ageMs: number
  readonly durationMs: number
  readonly changed: number
  /** Of a failure since the last refresh. The rows are those of that refresh. */
  readonly failedAt: Date | null
  readonly error: string | null
}

/** Any number will do, as long as nothing else in the shop uses it. The second half of the key is the view's. */
const LOCK = 7_316_003

const ERROR_LENGTH = 200

/**
 * Refreshes a view and says what changed. When it rejects, the old rows stay and are served, and `view_refreshes` says
 * since when it fails and why.
 */
export async function refreshView(sql: Sql, name: ViewName, options: RefreshOptions = {}): Promise<Refresh> {
  const { limit = REFRESH_DEFAULTS.limit, timeoutMs = REFRESH_DEFAULTS.timeoutMs, ifBegunAt, traceParent } = options
  try {
    return await sql.begin((tx) => refreshUnderLock(tx, viewOf(name), { limit, timeoutMs, ifBegunAt, traceParent }))
  } catch (error) {
    // Where this fails too, the connection is gone, and that is what the first error says.
    await recordFailure(sql, name, error).catch(() => undefined)
    throw error
  }
}

async function refreshUnderLock(
  tx: postgres.TransactionSql<{ bigint: number }>,
  view: View,
  { limit, timeoutMs, ifBegunAt, traceParent = '' }: Required<RefreshOptions>,
): Promise<Refresh> {
  const [lock] = await tx<{ granted: boolean }[]>`
    select pg_try_advisory_xact_lock(${LOCK}, hashtext(${view.name})) as granted`
  if (!lock?.granted || (ifBegunAt !== undefined && !(await isLastRefresh(tx, view.name, ifBegunAt))))
    return { type: 'busy' }
  const started = performance.now()
  await tx`
    select set_config('statement_timeout', ${String(timeoutMs)}, true), set_config('work_mem', '64MB', true),
      set_config('shop.traceparent', ${traceParent}, true)`
  await tx`create temporary table rows_before on commit drop as table ${tx(view.name)}`
  await tx`refresh materialized view concurrently ${tx(view.name)}`
  const { changed, tags } = await compare(tx, view, limit)
  if (tags.length > 0) await tx`insert into outbox (tags, source) values (${tags}, ${view.name})`
  const durationMs = Math.round(performance.now() - started)
  await recordRefresh(tx, view.name, { durationMs, changed })
  return { type: 'refreshed', changed, tags, durationMs }
}

/**
 * Whoever found a view due may get its lock after another has refreshed it:
 *
 *     A   due ── lock ── refresh ── commit
 *     B   due ────────────────────────── lock: it is another refresh by now, so nothing is due
 */
async function isLastRefresh(tx: postgres.TransactionSql, view: string, begunAt: number): Promise<boolean> {
  const [last] = await tx<{ begunAt: number }[]>`
    select (extract(epoch from refreshed_at) * 1000)::float8 as "begunAt" from view_refreshes where view = ${view}`
  return last !== undefined && Math.round(last.begunAt) === Math.round(begunAt)
}

/** A row that became another may have two tags: a category that was renamed has two slugs. */
async function compare(
  tx: postgres.TransactionSql<{ bigint: number }>,
  { name, key, rowTag, wideTag }: View,
  limit: number,
): Promise<{ readonly changed: number; readonly tags: string[] }> {
  const column = tx(rowTag?.column ?? key)
  await tx`
    create temporary table rows_changed on commit drop as
      select before.${column}::text as before, after.${column}::text as after
        from rows_before before full join ${tx(name)} after on after.${tx(key)} = before.${tx(key)}
        where before is distinct from after`
  const [counted] = await tx<{ changed: number }[]>`select count(*) as changed from rows_changed`
  const changed = counted?.changed ?? 0
  if (changed === 0) return { changed, tags: [] }
  if (rowTag === undefined || changed > limit) return { changed, tags: [wideTag] }
  const values = await tx<{ value: string }[]>`
    select before as value from rows_changed where before is not null
      union select after from rows_changed where after is not null order by value`
  return { changed, tags: values.map(({ value }) => `${rowTag.prefix}${value}`) }
}

/**
 * Fills every view for the first time, in the transaction that wrote the first rows. Readers wait for it, and nothing is
 * told: who fills a database tells of all of it.
 */
export async function fillViews(tx: postgres.TransactionSql): Promise<void> {
  for (const { name } of VIEWS) {
    const started = performance.now()
    await tx`refresh materialized view ${tx(name)}`
    await recordRefresh(tx, name, { durationMs: Math.round(performance.now() - started), changed: 0 })
  }
}

/** How old each view is, and whether its refresh fails. */
export async function viewAges(sql: Sql): Promise<readonly ViewAge[]> {
  return sql<ViewAge[]>`
    select view, (extract(epoch from clock_timestamp() - refreshed_at) * 1000)::float8 as "ageMs",
        duration_ms as "durationMs", changed, failed_at as "failedAt", error
      from view_refreshes order by view`
}

function viewOf(name: ViewName): View {
  const found = VIEWS.find((view) => view.name === name)
  if (!found) throw new TypeError(`No view is called ${name}`)
  return found
}

/** Dated when it began: rows that were written since may be missing. */
async function recordRefresh(
  tx: postgres.TransactionSql,
  view: string,
  { durationMs, changed }: { readonly durationMs: number; readonly changed: number },
): Promise<void> {
  await tx`
    update view_refreshes
      set refreshed_at = now(), duration_ms = ${durationMs}, changed = ${changed}, failed_at = null, error = null
      where view = ${view}`
}

async function recordFailure(sql: Sql, view: string, error: unknown): Promise<void> {
  const message = error instanceof Error ? error.message : String(error)
  await sql`
    update view_refreshes set failed_at = now(), error = ${message.slice(0, ERROR_LENGTH)} where view = ${view}`
}
