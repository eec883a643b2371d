/**
 * Warms again what a refreshed view has made stale: the hot of it is asked for as soon as the caches have been told, so
 * that no visitor is the first.
 *
 *     refresh ── outbox row ── relay: tags to Redis ── rewarm: GET of the hot pages ── a visitor finds them
 *
 * It looks for rows of views that were relayed, by whomever, and asks one API process, which loads what is missing and
 * stores it in Redis for the others. Nothing depends on it: a page that it does not warm is loaded by who asks first.
 */

import { type Sql, VIEWS } from '@shop/db'
import { continueTrace, traceHeaders } from '@shop/telemetry'

import type { Emit } from './events.ts'
import { type Job, startJob } from './job.ts'

const TURN_MS = 500
/** How long a row may have been relayed when it is found. */
const LOOK_BACK = '10 seconds'
/** Products that count as hot, and as many categories. */
const HOT = 50
const ANSWER_LIMIT_MS = 2_000

export interface RewarmingOptions {
  readonly sql: Sql
  /** The addresses of the API processes: the first that answers is asked. */
  readonly urls: readonly string[]
  readonly emit: Emit
}

/** What is asked for most, the most first. */
export interface Hot {
  readonly products: readonly number[]
  /** Slugs: the categories of these products, and those above them. */
  readonly categories: readonly string[]
}

export function startRewarming({ sql, urls, emit }: RewarmingOptions): Job {
  const views = VIEWS.map(({ name }) => name)
  let seen = new Set<number>()

  return startJob({
    async turn(stopping) {
      const rows = await sql<{ id: number; tags: string[]; trace_parent: string | null }[]>`
        select id, tags, trace_parent from outbox where source = any(${views}) and relayed_at > now() - ${LOOK_BACK}::interval`
      const fresh = rows.filter(({ id }) => !seen.has(id))
      seen = new Set(rows.map(({ id }) => id))
      if (fresh.length === 0) return TURN_MS
      const tags = fresh.flatMap((row) => row.tags)
      const startedAt = performance.now()
      const parents = fresh.map((row) => row.trace_parent)
      const pages = await continueTrace(parents, 'view rewarm', {}, async (note) => {
        const hot = pagesOf(tags, await hotOf(sql))
        note({ 'shop.view.pages': hot.length })
        for (const page of hot) if (!stopping.aborted) await firstAnswer(urls, page)
        return hot.length
      })
      if (!stopping.aborted) emit({ type: 'rewarmed', pages, durationMs: performance.now() - startedAt })
      return TURN_MS
    },
    failed: (error, failures) => emit({ type: 'rewarm-failed', failures, error }),
  })
}

/** The hot pages that carry one of these tags. */
export function pagesOf(tags: readonly string[], { products, categories }: Hot): readonly string[] {
  const stale = new Set(tags)
  const ofEach = <T extends string | number>(prefix: string, all: readonly T[], page: (one: T) => string) =>
    all.filter((one) => stale.has(prefix) || stale.has(`${prefix}:${one}`)).map(page)
  return [
    ...(stale.has('counts') ? ['/categories'] : []),
    ...(stale.has('best-sellers') ? ['/best-sellers?days=7', '/best-sellers?days=30'] : []),
    ...ofEach('facets', categories, (slug) => `/categories/${slug}/facets`),
    ...ofEach('related', products, (id) => `/products/${id}/related`),
    ...ofEach('ratings', products, (id) => `/products/${id}/ratings`),
  ]
}

/** By the traffic that was counted; in a new shop, by what is popular. */
async function hotOf(sql: Sql): Promise<Hot> {
  const rows = await sql<{ id: number; path: string }[]>`
    select p.id, c.path from (
        (select product_id as id, 1 as source, reads as weight from product_traffic
          order by reads desc, product_id limit ${HOT})
        union all
        (select id, 2, popularity from products where status = 'active' order by popularity desc, id desc limit ${HOT})
      ) as hot
      join products p on p.id = hot.id and p.status = 'active' join categories c on c.id = p.category_id
      order by source, weight desc, p.id`
  const first = <T>(all: readonly T[]) => [...new Set(all)].slice(0, HOT)
  return {
    products: first(rows.map(({ id }) => id)),
    categories: first(rows.flatMap(({ path }) => path.split('/'))),
  }
}

/** Rejects when none answers. Any answer will do: a category may have gone meanwhile. */
async function firstAnswer(urls: readonly string[], page: string): Promise<void> {
  let failure: unknown
  for (const url of urls) {
    try {
      const response = await fetch(url + page, {
        headers: traceHeaders(),
        signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      })
      await response.arrayBuffer()
      if (response.status < 500) return
      failure = new Error(`${page} was answered with ${response.status}`)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}
