/**
 * One stampede: the herd is gathered in front of a held query, counted, and let go.
 *
 * Nothing may load the product between its invalidation and the moment the herd asks, or the cache would be full again
 * and the test would prove nothing. So the query is held before there is anybody to ask:
 *
 *     tester    read until hit   PUT price   lock products   reset counters                     release   read counters
 *     shop      entry: old       entry: void                               product query: waits ·········▶ answers
 *     k6                                                     start … all ask at one instant ··············▶ all answered
 */

import { ask } from './client.ts'
import { shopFailed } from './errors.ts'
import { gather, type Herd } from './herd.ts'
import type { K6 } from './k6.ts'
import { type K6Figures, startK6 } from './k6-run.ts'
import { grouped, seconds } from './numbers.ts'
import { lockProducts, watchPostgres } from './products-lock.ts'
import type { Api, Shop } from './shop.ts'
import type { Step } from './terminal.ts'
import { until } from './waiting.ts'

const SCENARIO = 'scenarios/stampede.ts'

const WARM_LIMIT_MS = 5_000

export interface StampedeOptions {
  readonly cache: 'on' | 'off'
  readonly vus: number
  readonly processes: number
  readonly k6: K6
  readonly step: Step
  readonly signal: AbortSignal
}

/** What was seen, without a judgement. */
export interface Stampede {
  readonly cache: 'on' | 'off'
  readonly vus: number
  readonly processes: number
  readonly product: { readonly id: number; readonly name: string; readonly oldPrice: number; readonly newPrice: number }
  /** In the last moment before the query was let go. */
  readonly herd: Herd
  /** Reads of products that Postgres carried out from the lock to the end. */
  readonly queries: number
  readonly answers: Answers
  /** Metrics whose threshold in the scenario k6 found crossed. */
  readonly crossed: readonly string[]
  readonly milliseconds: {
    /** From the first question to the release. */
    readonly held: number
    /** Between the first and the last question. */
    readonly spread: number
    /** From the release to the last answer. */
    readonly toLastAnswer: number
  }
}

export interface Answers {
  readonly succeeded: number
  readonly newPrice: number
  /** By what the answers say of themselves (`Cache-Status`). */
  readonly fromLoad: number
  readonly fromLoadOfAnother: number
  readonly fromCache: number
  readonly fromUnknown: number
}

export async function stampede(shop: Shop, options: StampedeOptions): Promise<Stampede> {
  const { cache, vus, processes, step, signal } = options
  await using stack = new AsyncDisposableStack()
  const api = await shop.startApi({ cache, processes, signal })
  stack.defer(() => api.stop())
  const watch = watchPostgres(shop.databaseUrl)
  stack.defer(() => watch.close())

  const hottest = await findHottest(api)
  await warm(api, hottest.id, options)
  const newPrice = await lowerPrice(api, hottest)

  const lock = await lockProducts(shop.databaseUrl)
  stack.defer(() => lock.release())
  await watch.countFromHere()
  const k6 = await startK6({
    k6: options.k6,
    scenario: SCENARIO,
    settings: {
      VISITORS: String(vus),
      PRODUCT: String(hottest.id),
      PRICE: String(newPrice),
      SHOPS: api.urls.join(','),
    },
  })
  stack.defer(() => k6.stop())

  const herd = await gather({ k6, watch, urls: api.urls, vus, step, signal })
  const releasedAt = Date.now()
  await lock.release()
  step.progress('the query is let go')
  const figures = await unlessAborted(k6.finished, signal)
  const answers = answersOf(figures)
  const times = timesOf(figures, releasedAt)
  step.done(
    `${grouped(herd.waiting)} of ${grouped(vus)} visitors were waiting when the query was let go, ` +
      `the last answer came ${seconds(times.toLastAnswer)} later`,
  )
  return {
    cache,
    vus,
    processes,
    product: { id: hottest.id, name: hottest.name, oldPrice: hottest.price.amount, newPrice },
    herd,
    queries: await watch.productReads(),
    answers,
    crossed: figures.thresholds.filter(({ kept }) => !kept).map(({ metric }) => metric),
    milliseconds: times,
  }
}

interface ProductSummary {
  readonly id: number
  readonly name: string
  readonly price: { readonly amount: number; readonly currency: string }
}

async function findHottest(api: Api): Promise<ProductSummary> {
  const { status, body } = await ask(`${api.urls[0]}/products?sort=popular&limit=1`)
  const [product] = (body as { items?: readonly ProductSummary[] }).items ?? []
  if (status !== 200 || !product) throw shopFailed(`has no most popular product (${status})`)
  return product
}

/** Until each process serves the product from its cache: a cache that is not in use would need no stampede to be empty. */
async function warm(api: Api, id: number, { cache, signal }: StampedeOptions): Promise<void> {
  for (const url of api.urls) {
    const isWarm = await until(
      async () => {
        const { headers } = await ask(`${url}/products/${id}`)
        return cache === 'off' || String(headers['cache-status']).includes('hit')
      },
      { limitMs: WARM_LIMIT_MS, signal },
    )
    if (!isWarm) throw shopFailed('does not keep the product in its cache, however often it is read')
  }
}

/**
 * A real write, which invalidates. With several processes, the others may serve the old price for half a second more (the
 * bound of the cache); the herd asks later than that (lib/barrier.ts).
 */
async function lowerPrice(api: Api, { id, price }: ProductSummary): Promise<number> {
  const amount = Math.max(1, Math.floor(price.amount * 0.9))
  const { status } = await ask(`${api.urls[0]}/products/${id}/price`, {
    method: 'PUT',
    token: api.adminToken,
    body: { amount, currency: price.currency },
  })
  if (status !== 200) throw shopFailed(`refused the new price (${status})`)
  return amount
}

function answersOf({ values }: K6Figures): Answers {
  const count = (name: string) => values[`stampede_${name}`]?.count ?? 0
  return {
    succeeded: count('succeeded'),
    newPrice: count('new_price'),
    fromLoad: count('from_load'),
    fromLoadOfAnother: count('from_load_of_another'),
    fromCache: count('from_cache'),
    fromUnknown: count('from_unknown'),
  }
}

/** All instants are of one machine's clock. */
function timesOf({ values }: K6Figures, releasedAt: number): Stampede['milliseconds'] {
  const asked = values.stampede_asked_at
  const answered = values.stampede_answered_at
  return {
    held: releasedAt - (asked?.min ?? releasedAt),
    spread: (asked?.max ?? 0) - (asked?.min ?? 0),
    // Below 0 when all were answered from elsewhere, before.
    toLastAnswer: Math.max(0, (answered?.max ?? releasedAt) - releasedAt),
  }
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
