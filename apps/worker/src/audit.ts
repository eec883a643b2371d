/**
 * The audit: does what the caches serve agree with the database, some time after they were told of a change?
 *
 * It draws products from the rows of the outbox that were marked as relayed, by whomever, so that a row that was marked
 * and never delivered is among them. 1, 10 and 60 seconds later it reads each in Postgres and from each API process.
 *
 *     drawn          Postgres: 7                        the version that every process must show from now on
 *     1 s later      API: 6     then Postgres: 7        a difference: it was 7 all the time, versions only grow
 *     10 s later     API: 7     then Postgres: 8        changed again, before we asked or after: not ours to judge
 *
 * What differs is asked for once more, alone: then `Cache-Status` tells the tier of this product and of no other. Audited
 * products are read through the cache like any other, so a product nobody asks for is loaded by it; the draw is bounded.
 */

import type { Sql } from '@shop/db'
import { continueTrace } from '@shop/telemetry'

import type { AuditAge, Emit } from './events.ts'
import { type Job, startJob } from './job.ts'
import { replicasOf } from './replicas.ts'
import { differingFields, type Shown, shownByApi, shownByPostgres } from './shown-product.ts'

const TURN_MS = 500
/** 20 a second. */
const DRAWN_PER_TURN = 10
/** The most that `GET /products?ids=` takes. */
const CHECKED_PER_TURN = 100
const AGES: readonly AuditAge[] = [1_000, 10_000, 60_000]
/** Relayed rows that are looked at, newest first. A transaction may show its mark late, hence more than a turn's. */
const ROWS_LOOKED_AT = 500
const LOOK_BACK = '5 seconds'

export interface AuditOptions {
  readonly sql: Sql
  /** The addresses of the API processes; one name may stand for several. */
  readonly urls: readonly string[]
  readonly emit: Emit
}

interface Sample {
  readonly product: number
  readonly since: Date
  readonly drawnAt: number
  /** What it showed when it was drawn, as text; undefined when no read found it. */
  readonly shown: string | undefined
}

export function startAudit({ sql, urls, emit }: AuditOptions): Job {
  const waiting = new Map<AuditAge, Sample[]>(AGES.map((age) => [age, []]))
  let looked = new Set<number>()

  return startJob({
    async turn() {
      for (const sample of await draw()) for (const queue of waiting.values()) queue.push(sample)
      for (const [age, queue] of waiting) {
        const now = performance.now()
        const due = queue.findIndex(({ drawnAt }) => now - drawnAt < age)
        const samples = queue.splice(0, Math.min(due === -1 ? queue.length : due, CHECKED_PER_TURN))
        if (samples.length > 0) await check(age, samples)
      }
      return TURN_MS
    },
    failed: (error, failures) => emit({ type: 'audit-failed', api: undefined, failures, error }),
  })

  async function draw(): Promise<Sample[]> {
    const rows = await sql<{ id: number; tags: string[]; created_at: Date }[]>`
      select id, tags, created_at from outbox
        where relayed_at > now() - ${LOOK_BACK}::interval
        order by relayed_at desc limit ${ROWS_LOOKED_AT}`
    const fresh = rows.filter(({ id }) => !looked.has(id))
    looked = new Set(rows.map(({ id }) => id))
    // Of several rows on one product the first written counts: since then it should have been seen.
    const changed = new Map<number, Date>()
    for (const { tags, created_at } of fresh) {
      for (const product of tags.flatMap(productOf)) changed.set(product, created_at)
    }
    const drawn = some([...changed], DRAWN_PER_TURN)
    if (drawn.length === 0) return []
    const shown = await shownByPostgres(
      sql,
      drawn.map(([product]) => product),
    )
    const drawnAt = performance.now()
    return drawn.map(([product, since]) => ({ product, since, drawnAt, shown: textOf(shown, product) }))
  }

  async function check(age: AuditAge, samples: readonly Sample[]): Promise<void> {
    const attributes = { 'shop.audit.age': age / 1_000, 'shop.audit.products': samples.length }
    await continueTrace([], 'audit', attributes, async (note) => {
      const apis = await replicasOf(urls)
      const found = await Promise.all(apis.map((api) => checkIn(api, age, samples)))
      const answered = found.filter((differences) => differences !== undefined)
      note({
        'shop.audit.differences': answered.reduce((sum, differences) => sum + differences, 0),
        'shop.audit.unanswered': found.length - answered.length,
      })
    })
    emit({ type: 'audited', age, products: samples.length })
  }

  /** Resolves to how many differ; `undefined`: that is not known. */
  async function checkIn(api: string, age: AuditAge, samples: readonly Sample[]): Promise<number | undefined> {
    try {
      let differences = 0
      for (const sample of await unequal(api, samples)) if (await judge(api, age, sample)) differences++
      return differences
    } catch (error) {
      emit({ type: 'audit-failed', api, failures: 1, error })
      return undefined
    }
  }

  async function unequal(api: string, samples: readonly Sample[]): Promise<readonly Sample[]> {
    const ids = [...new Set(samples.map(({ product }) => product))]
    const { shown: answered } = await shownByApi(api, ids)
    const actual = await shownByPostgres(sql, ids)
    return samples.filter(({ product, shown }) => {
      const isSettled = textOf(actual, product) === shown
      return isSettled && differingFields(answered.get(product), actual.get(product)).length > 0
    })
  }

  /** Resolves to whether it is a difference. */
  async function judge(api: string, age: AuditAge, { product, since, shown }: Sample): Promise<boolean> {
    const answer = await shownByApi(api, [product])
    const actual = await shownByPostgres(sql, [product])
    const fields = differingFields(answer.shown.get(product), actual.get(product))
    if (textOf(actual, product) !== shown || fields.length === 0) return false
    emit({ type: 'difference', difference: { product, fields, tier: answer.tier, api, since, age } })
    return true
  }
}

function productOf(tag: string): number[] {
  const id = /^product:(\d{1,15})$/.exec(tag)?.[1]
  return id === undefined ? [] : [Number(id)]
}

function textOf(shown: Shown, product: number): string | undefined {
  const found = shown.get(product)
  return found && JSON.stringify(found)
}

/** A random part of a list. Which products are looked at must not depend on their order. */
function some<T>(all: readonly T[], count: number): readonly T[] {
  if (all.length <= count) return all
  const left = [...all]
  return Array.from({ length: count }, () => left.splice(Math.floor(Math.random() * left.length), 1)[0] as T)
}
