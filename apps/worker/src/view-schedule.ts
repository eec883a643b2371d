/**
 * Which materialized views are due: those older than their interval, and those of whose sources something was written, a
 * debounce after the first change that the last refresh has not seen.
 *
 *     refresh ──────── write ── write ── write ─────▶ due: one refresh for all three
 *                      │◀──── debounce ────▶│
 *
 * A steady stream of writes puts nothing off, because the debounce counts from the first of them.
 *
 * A write is placed by when its row was relayed, which is after its commit, and not by when it was written:
 *
 *     T1: row written ────────────────────────────── commit ── relayed       unseen by the refresh between, and known to be
 *                        refresh begins ── ends
 *
 * So a row that was open when a refresh began may make for one refresh too many, and none is missed.
 */

import { type Sql, VIEWS, type View, type ViewName } from '@shop/db'

/** A mark bears the instant its transaction began, and is seen when that has ended. */
const OVERLAP = '5 seconds'

/**
 * A relay's mark may be a little older than the commit of what it marks:
 *
 *     relay     begins: the mark's instant ── claims a row ────────────── marks it
 *     writer                        commit ──┘
 *     refresh                  begins: has not seen it
 *
 * The claim is the first thing that a relay does, so that is milliseconds. Too wide a margin costs a refresh too many.
 */
const MARK_MARGIN_MS = 50

/** A write that the last refresh has not seen. */
interface Unseen {
  /** The newest, by the clock of the database. */
  latest: number
  /** Since when the debounce counts, by the clock of this process. */
  noticedAt: number
  /** Which refresh has not seen it. */
  since: number
}

interface LastRefresh {
  /** By the clock of the database. */
  readonly begunAt: number
  readonly ageMs: number
}

/** What of a view its schedule looks at. */
export type ScheduledView = Pick<View, 'intervalMs' | 'debounceMs' | 'dueBy'> & { readonly name: ViewName }

export interface DueView {
  readonly view: ScheduledView
  /** Of its last refresh; absent when there was none. */
  readonly begunAt: number | undefined
  readonly ageMs: number | undefined
}

export interface ViewSchedule {
  due(): Promise<readonly DueView[]>
}

export function viewSchedule(sql: Sql, views: readonly ScheduledView[] = VIEWS): ViewSchedule {
  const unseen = new Map<string, Unseen>()
  /** Up to here rows have been looked at. */
  let lookedUntil: Date | undefined

  return {
    async due() {
      const refreshes = await lastRefreshes()
      const changes = await changesBySource()
      const now = performance.now()
      return views.flatMap((view): DueView[] => {
        const last = refreshes.get(view.name)
        if (last === undefined) return [{ view, begunAt: undefined, ageMs: undefined }]
        const isDue = isDebounced(view, last.begunAt, changes, now) || last.ageMs >= view.intervalMs
        return isDue ? [{ view, begunAt: last.begunAt, ageMs: last.ageMs }] : []
      })
    },
  }

  function isDebounced(
    view: ScheduledView,
    begunAt: number,
    changes: ReadonlyMap<string, number>,
    now: number,
  ): boolean {
    const held = unseen.get(view.name)
    const latest = Math.max(held?.latest ?? 0, ...view.dueBy.map((source) => changes.get(source) ?? 0))
    if (latest + MARK_MARGIN_MS <= begunAt) {
      unseen.delete(view.name)
      return false
    }
    const noticedAt = held?.since === begunAt ? held.noticedAt : now
    unseen.set(view.name, { latest, noticedAt, since: begunAt })
    return now - noticedAt >= view.debounceMs
  }

  async function lastRefreshes(): Promise<ReadonlyMap<string, LastRefresh>> {
    const rows = await sql<(LastRefresh & { view: string })[]>`
      select view, (extract(epoch from refreshed_at) * 1000)::float8 as "begunAt",
          (extract(epoch from clock_timestamp() - refreshed_at) * 1000)::float8 as "ageMs"
        from view_refreshes`
    return new Map(rows.map(({ view, ...last }) => [view, last]))
  }

  /** The newest change of each source since the last look; at the first look, since the oldest refresh. */
  async function changesBySource(): Promise<ReadonlyMap<string, number>> {
    const rows = await sql<{ now: Date; source: string | null; latest: Date | null }[]>`
      with span as (
        select coalesce(${lookedUntil ?? null}::timestamptz - ${OVERLAP}::interval,
          (select min(refreshed_at) - ${OVERLAP}::interval from view_refreshes), '-infinity') as from_instant
      ), changes as (
        select source, max(coalesce(relayed_at, created_at)) as latest from outbox, span
          where relayed_at > from_instant or (relayed_at is null and created_at > from_instant)
          group by source
      )
      select clock_timestamp() as now, source, latest from (values (1)) always left join changes on true`
    lookedUntil = rows[0]?.now
    return new Map(rows.flatMap(({ source, latest }) => (source && latest ? [[source, latest.getTime()]] : [])))
  }
}
