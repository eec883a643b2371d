/**
 * `npm run visibility`: how long after its commit is a new price seen by the last of three processes that have all just
 * served the old one from memory, whoever changed it?
 *
 *     by API    PUT …/price in one of them: it invalidates by itself, the worker finds the row done
 *     by SQL    an UPDATE by a plain client, as psql sends it: only the worker tells the caches
 *     in bulk   one UPDATE of every price of the shop: the same; what is watched are the 50 most popular
 *
 * The clock starts at the commit, as Postgres notes it (`pg_xact_commit_timestamp`), and stops for a process when it has
 * answered with the new price; all of them run on this machine and read one clock. Each process is asked again as soon as
 * it has answered, so a figure includes the request that saw the change.
 */

import postgres from 'postgres'

import { shopFailed } from './errors.ts'
import { openMeasuredShop } from './measured-shop.ts'
import { grouped, milliseconds } from './numbers.ts'
import { Samples } from './samples.ts'
import type { Terminal } from './terminal.ts'
import type { Price, Visitor } from './visitor.ts'

/** After this long a change counts as never seen. */
const PATIENCE_MS = 5_000
/** More of those say nothing new. */
const MOST_UNSEEN = 20
/** Of the changes by API there is one by SQL and one in bulk. */
const SHARE_OF_OTHERS = 10

type Prices = ReadonlyMap<number, Price>

interface Path {
  readonly name: string
  readonly count: number
  readonly samples: Samples
  unseen: number
  /** Raises the prices of these products. */
  write(change: number, ids: readonly number[], old: Prices): Promise<void>
  /** The products of the n-th change. */
  ids(change: number): readonly number[]
}

export async function visibility(
  changes: number,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  await using measured = await openMeasuredShop({ terminal, signal, hasWorker: true })
  const { api, visitors, popular } = measured
  await using stack = new AsyncDisposableStack()
  const sql = postgres(measured.shop.databaseUrl, { max: 1, onnotice: () => undefined })
  stack.defer(() => sql.end({ timeout: 1 }))

  const one = (change: number) => [popular[change % popular.length] as number]
  const others = Math.max(1, Math.floor(changes / SHARE_OF_OTHERS))
  const raise = sql`amount = amount + 1, compare_at = case when compare_at > amount + 1 then compare_at end`
  const paths: readonly Path[] = [
    {
      ...newPath('by API', changes),
      ids: one,
      async write(change, [id = 0], old) {
        const writer = visitors[change % visitors.length] as Visitor
        await writer.setPrice(id, raised(old, id), api.adminToken)
      },
    },
    {
      ...newPath('by SQL', others),
      ids: one,
      async write(_change, [id = 0], old) {
        await sql`update prices set amount = ${raised(old, id).amount}, compare_at = null
          where variant_id in (select id from variants where product_id = ${id})`
      },
    },
    {
      ...newPath('in bulk', others),
      ids: () => popular,
      async write() {
        await sql`update prices set ${raise}`
      },
    },
  ]

  for (const path of paths) {
    const step = terminal.step(path.name)
    for (let change = 0; change < path.count; change++) {
      signal.throwIfAborted()
      await changeOnce(path, change)
      step.progress(`${grouped(change + 1)} of ${grouped(path.count)} changes`)
    }
    step.done(lineOf(path))
  }
  const unseen = paths.reduce((sum, path) => sum + path.unseen, 0)
  terminal.say(unseen === 0 ? 'Every change was seen by every process.' : `${grouped(unseen)} were never seen.`)
  return unseen === 0

  async function changeOnce(path: Path, change: number): Promise<void> {
    const ids = path.ids(change)
    const old = await servedFromMemory(visitors, ids)
    const isNew = (prices: Prices) => ids.every((id) => amountOf(prices, id) > amountOf(old, id))
    const writing = path.write(change, ids, old)
    const [seen] = await Promise.all([
      Promise.all(visitors.map((visitor) => seenAt(visitor, ids, isNew))),
      // A write that is refused is told at once, not after the patience of those who wait to see it.
      writing,
    ])
    if (seen.every((instant) => instant !== undefined)) path.samples.add(Math.max(...seen) - (await committedAt(ids)))
    else if (++path.unseen >= MOST_UNSEEN) throw shopFailed(`does not show what was changed ${path.name}`)
  }

  async function committedAt(ids: readonly number[]): Promise<number> {
    const [row] = await sql<{ at: number }[]>`
      select extract(epoch from max(pg_xact_commit_timestamp(xmin)))::float8 * 1000 as at
        from products where id = any(${[...ids]}::bigint[])`
    return row?.at ?? Number.NaN
  }
}

/** Reads until every process answers from its memory; what they serve must be the same. */
async function servedFromMemory(visitors: readonly Visitor[], ids: readonly number[]): Promise<Prices> {
  const served = await Promise.all(
    visitors.map(async (visitor) => {
      for (let attempt = 0; attempt < 100; attempt++) {
        const { prices, cacheStatus } = await visitor.readMany(ids)
        if (cacheStatus.includes('detail=memory')) return prices
      }
      throw shopFailed('does not serve a product from memory after 100 reads')
    }),
  )
  const [first = new Map()] = served
  if (served.some((prices) => ids.some((id) => amountOf(prices, id) !== amountOf(first, id))))
    throw shopFailed('has processes that disagree on a price before it is changed')
  return first
}

function amountOf(prices: Prices, id: number): number {
  return prices.get(id)?.amount ?? Number.NaN
}

function raised(prices: Prices, id: number): Price {
  return { amount: amountOf(prices, id) + 1, currency: prices.get(id)?.currency ?? '' }
}

/** When this process first answered with what is new; `undefined` when it did not in time. */
async function seenAt(
  visitor: Visitor,
  ids: readonly number[],
  isNew: (prices: Prices) => boolean,
): Promise<number | undefined> {
  const deadline = performance.now() + PATIENCE_MS
  while (performance.now() < deadline) {
    const { prices } = await visitor.readMany(ids)
    if (isNew(prices)) return performance.timeOrigin + performance.now()
  }
  return undefined
}

function newPath(name: string, count: number): Pick<Path, 'name' | 'count' | 'samples' | 'unseen'> {
  return { name, count, samples: new Samples(), unseen: 0 }
}

/** In one line, for the step of the path. */
export function lineOf({ samples, unseen }: Pick<Path, 'samples' | 'unseen'>): string {
  if (samples.count === 0) return `nothing was seen, ${grouped(unseen)} never seen`
  const quantiles = [0.5, 0.99, 0.999].map((share) => `p${share * 100} ${milliseconds(samples.quantile(share))}`)
  return [
    `${grouped(samples.count)} changes`,
    ...quantiles,
    `max ${milliseconds(samples.max)}`,
    `${grouped(unseen)} never seen`,
  ].join('   ')
}
