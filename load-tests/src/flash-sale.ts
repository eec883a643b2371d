/**
 * Flash sale: people browse; then, from one moment to the next, ten times as many look at one product and buy it.
 *
 *     visitors   ─────────── 1 × ───────────┐┌──────────────────── 10 × ─────────────────────
 *     buyers                                 └ one order each, more of them than pieces ─────
 *     outside                                     price drops      more pieces arrive
 */

import { randomUUID } from 'node:crypto'
import postgres from 'postgres'

import { customerToken } from '../../apps/api/src/http/customer.ts'
import type { Answer } from './answers.ts'
import { checkBooks } from './books.ts'
import { ask } from './client.ts'
import { shopFailed } from './errors.ts'
import { requestMix, saleMix } from './mix.ts'
import { grouped, milliseconds } from './numbers.ts'
import { askOracle, type Freshness, noPriceIsTooOld, type PriceChange, pricesWereChecked } from './oracle.ts'
import { type Load, play } from './play.ts'
import { atMost, countsAgree, fewArrivalsAreDropped, generatorOf, noVisitFails } from './promises.ts'
import type { Judgement, Run, Size } from './run-file.ts'
import type { Credentials, Played, Scenario, Scene } from './scenario.ts'
import { openSite, type Site } from './site.ts'
import { type Observed, runOf } from './timeline.ts'
import { CONTROLS, NAMES, type Variant } from './variant.ts'

interface Plan {
  /** Visits a second before the sale. */
  readonly rate: number
  readonly browseS: number
  readonly saleS: number
  readonly units: number
  /** For as long as the sale lasts. */
  readonly buyersPerSecond: number
}

const PLANS: Readonly<Record<Size, Plan>> = {
  smoke: { rate: 30, browseS: 3, saleS: 8, units: 100, buyersPerSecond: 30 },
  laptop: { rate: 80, browseS: 15, saleS: 45, units: 1_000, buyersPerSecond: 50 },
  full: { rate: 200, browseS: 30, saleS: 90, units: 1_000, buyersPerSecond: 60 },
}

const SURGE = 10
/** From the moment of the surge, and around that of the drop, so long that somebody loads and others wait for it. */
const TRACED_S = 0.25
/** Buyers who can wait for their answer at once: as many as come in so many seconds. */
const BUYERS_ROOM_S = 4
/** Of the sale, when the price drops and when the last pieces arrive; and how many of them. */
const DROP = { after: 0.25, to: 0.8 } as const
const RESTOCK = { after: 0.5, share: 0.3 } as const
const PATIENCE_MS = 10_000
const BOUND_MS = 500
/** Of the visits after the drop: seven in ten are of the product itself, and each shows what it costs. */
const LEAST_PRICES = 0.7
/** At `laptop` and above, of visits during the sale. */
const P99_LIMIT_MS = 250
const TOKEN_SECONDS = 3_600
const S = 0.99

export const flashSale: Scenario = {
  name: 'flash-sale',
  title: 'ten times as many visitors at once for one product, who buy it while its price drops',
  question: 'Are the pieces sold exactly, at the right price, while everybody looks?',
  workload: {
    smoke: workloadOf(PLANS.smoke),
    laptop: workloadOf(PLANS.laptop),
    full: workloadOf(PLANS.full),
  },
  expectation:
    'As many sold as there are, none twice, the money adds up; no visit fails; no price is shown that is older than ' +
    `${BOUND_MS} ms.`,
  seed: { smoke: 'tiny', laptop: 'demo', full: 'demo' },
  needsCredentials: 'sells out the most popular product, at a lower price',
  controls: CONTROLS,
  play: playFlashSale,
  conclude([run, ...controls]) {
    const sold = run?.extra?.find(({ label }) => label === 'pieces sold')?.value ?? ''
    const counted = [run, ...controls].filter((one) => one?.queries !== undefined)
    const queries = counted.map((one) => `${grouped(one?.queries ?? 0)} queries ${one?.name}`).join(', ')
    return `${sold} pieces sold exactly, ${grouped(run?.requests ?? 0)} answers${queries && `: ${queries}`}.`
  },
}

function buyersOf({ saleS, buyersPerSecond }: Plan): number {
  return saleS * buyersPerSecond
}

function workloadOf(plan: Plan): string {
  const { rate, browseS, saleS, units, buyersPerSecond } = plan
  return (
    `${rate} visits/s over the whole shop for ${browseS} s, then at once ${SURGE * rate} on one product and its lists for ` +
    `${saleS} s; ${grouped(buyersOf(plan))} buyers, ${buyersPerSecond} each second, for ${grouped(units)} pieces.`
  )
}

interface Shelf {
  readonly productId: number
  readonly variantId: number
  readonly category: string
  readonly price: { readonly amount: number; readonly currency: string }
  readonly tokens: readonly string[]
}

async function playFlashSale(scene: Scene, variant: Variant): Promise<Played> {
  const plan = PLANS[scene.size]
  // A shop that runs already may have had a sale before.
  const name = `sale-${variant}-${randomUUID().slice(0, 8)}`
  await using site = await openSite(scene, variant)
  const credentials = credentialsOf(site)
  const sql = postgres(credentials.databaseUrl, { max: 1, onnotice: () => undefined })
  await using stack = new AsyncDisposableStack()
  stack.defer(() => sql.end({ timeout: 1 }))
  const later = Math.floor(plan.units * RESTOCK.share)
  const shelf = await stockShelf(sql, site, name, plan, plan.units - later)
  const drop = { id: shelf.productId, amount: Math.max(1, Math.floor(shelf.price.amount * DROP.to)) }
  let change: PriceChange = { ...drop, sentAt: Number.NaN, answeredAt: undefined, process: 0 }
  await site.watch?.countFromHere()

  const step = scene.terminal.step(NAMES[variant])
  const saleAt = plan.browseS * 1_000
  const load: Load = {
    ...loadOf(plan, site, shelf, name),
    async meanwhile({ at, mark }) {
      await at(saleAt)
      mark('the sale begins', 'phase')
      await at(saleAt + DROP.after * plan.saleS * 1_000)
      mark('the price drops', 'change')
      const sentAt = Date.now()
      await setPrice(site, { ...drop, currency: shelf.price.currency })
      change = { ...change, sentAt, answeredAt: Date.now() }
      await at(saleAt + RESTOCK.after * plan.saleS * 1_000)
      mark(`${grouped(later)} more pieces`, 'change')
      await sql`update stock set quantity = quantity + ${later} where variant_id = ${shelf.variantId}`
    },
  }
  const observed = await play(site, load, scene, step)
  // The next sale is at the same price.
  await setPrice(site, { id: shelf.productId, ...shelf.price })
  const told = (status: number) => observed.answers.filter((answer: Answer) => answer.status === status).length
  const freshness = askOracle({
    before: new Map([[shelf.productId, shelf.price.amount]]),
    changes: [change],
    answers: observed.answers,
    boundMs: BOUND_MS,
    processes: site.urls.length,
    askedWithinMs: BOUND_MS,
    checkedFrom: change.answeredAt ?? Number.POSITIVE_INFINITY,
  })
  const sold = told(201)
  const run: Run = {
    ...runOf(NAMES[variant], observed),
    staleness: freshness.staleness,
    extra: [
      { label: 'pieces sold', value: grouped(sold) },
      { label: 'prices checked after it had dropped', value: grouped(freshness.checked) },
    ],
  }
  const queries = run.queries === undefined ? '' : `, ${grouped(run.queries)} queries`
  step.done(`${grouped(run.requests)} answers${queries}, ${grouped(sold)} pieces sold`)
  const books = await checkBooks(credentials.databaseUrl, {
    name,
    variantId: shelf.variantId,
    units: plan.units,
    oldPrice: shelf.price.amount,
    drop: change,
    told: { sold, refused: told(409) },
  })
  const judgements = [...books, ...judgeVisits(scene.size, run, observed, freshness)]
  // A control sells no piece twice either, because orders know no cache. What else it does is its own affair.
  return { run, judgements: variant === 'on' ? judgements : books, generator: generatorOf(run, observed) }
}

export function judgeVisits(size: Size, run: Run, observed: Observed, freshness: Freshness): readonly Judgement[] {
  const { rate, saleS } = PLANS[size]
  return [
    noVisitFails(run, observed),
    noPriceIsTooOld(freshness, BOUND_MS),
    pricesWereChecked(freshness, LEAST_PRICES * SURGE * rate * saleS * (1 - DROP.after)),
    fewArrivalsAreDropped(run, observed, size),
    ...countsAgree(run, observed),
    ...(size === 'smoke'
      ? []
      : [atMost('99 of 100 visits are answered in', P99_LIMIT_MS, run.latency.p99, milliseconds)]),
  ]
}

function loadOf(plan: Plan, site: Site, shelf: Shelf, name: string): Load {
  const { rate, browseS, saleS, buyersPerSecond } = plan
  const browse = requestMix({ ...site.catalogue, s: S, seed: 1 })
  const tracedVisits = Math.ceil(SURGE * rate * TRACED_S)
  const [surgeAt, dropAt] = [rate * browseS, rate * browseS + SURGE * rate * DROP.after * saleS]
  const look = saleMix({ product: shelf.productId, category: shelf.category, others: site.catalogue.products, seed: 2 })
  return {
    script: 'flash-sale',
    stages: [
      { rate, seconds: browseS },
      { rate: SURGE * rate, seconds: saleS },
    ],
    paths: [...Array.from({ length: rate * browseS }, browse), ...Array.from({ length: SURGE * rate * saleS }, look)],
    patienceMs: PATIENCE_MS,
    readsPrices: true,
    files: { BUYERS: shelf.tokens },
    settings: {
      BUYERS_PER_SECOND: String(buyersPerSecond),
      BUYERS_AT_ONCE: String(buyersPerSecond * BUYERS_ROOM_S),
      SALE_BEGINS_S: String(browseS),
      SALE: name,
      TRACED: JSON.stringify([
        { from: surgeAt, visits: tracedVisits },
        { from: Math.round(dropAt - tracedVisits / 2), visits: 2 * tracedVisits },
      ]),
      ORDER: JSON.stringify({ lines: [{ variantId: shelf.variantId, quantity: 1 }] }),
    },
  }
}

/** One variant of the most popular product is for sale, in so many pieces, and there is a customer for each buyer. */
async function stockShelf(sql: postgres.Sql, site: Site, name: string, plan: Plan, units: number): Promise<Shelf> {
  const [productId = 0] = site.catalogue.products
  const { status, body } = await ask(`${site.urls[0]}/products/${productId}`)
  const product = body as {
    readonly name: string
    readonly price: Shelf['price']
    readonly category: { readonly slug: string }
  }
  if (status !== 200) throw shopFailed(`does not show its most popular product (${status})`)
  await requireCredentials(site)
  const [row] = await sql<{ name: string }[]>`select name from products where id = ${productId}`.catch(
    (error: Error) => {
      throw shopFailed(`cannot be looked into at DATABASE_URL (${error.message})`)
    },
  )
  if (row?.name !== product.name) throw shopFailed('keeps its products in another database than that of DATABASE_URL')
  // One price for all variants, so that the price of the product is that of the order.
  await setPrice(site, { id: productId, ...product.price })
  const [variant] = await sql<{ id: number }[]>`
    select id::int from variants where product_id = ${productId} order by id limit 1`
  const variantId = variant?.id ?? 0
  await sql`insert into stock (variant_id, quantity) values (${variantId}, ${units})
    on conflict (variant_id) do update set quantity = excluded.quantity`
  const customers = await sql<{ id: number }[]>`insert into customers (email, name)
    select ${name} || '-' || n || '@example.com', 'Buyer ' || n from generate_series(1, ${buyersOf(plan)}::int) n
    returning id::int`
  const { customerTokenSecret } = credentialsOf(site)
  return {
    productId,
    variantId,
    category: product.category.slug,
    price: product.price,
    tokens: await Promise.all(customers.map(({ id }) => customerToken(customerTokenSecret, id, TOKEN_SECONDS))),
  }
}

function credentialsOf({ credentials }: Site): Credentials {
  if (credentials === undefined) throw new Error('The sale was not to be played on a shop without its credentials')
  return credentials
}

/** Before anything is changed: with a wrong one the sale would fail in the middle, and say something else. */
async function requireCredentials(site: Site): Promise<void> {
  const { adminToken, customerTokenSecret } = credentialsOf(site)
  const asAdmin = await ask(`${site.urls[0]}/admin/cache`, { token: adminToken })
  if (asAdmin.status === 401) throw shopFailed('does not know the token of ADMIN_TOKEN')
  const token = await customerToken(customerTokenSecret, 1, TOKEN_SECONDS)
  const asCustomer = await ask(`${site.urls[0]}/orders/${randomUUID()}`, { token })
  if (asCustomer.status === 401)
    throw shopFailed('signs the tokens of its customers with another CUSTOMER_TOKEN_SECRET')
}

async function setPrice(
  site: Site,
  { id, amount, currency }: { readonly id: number; readonly amount: number; readonly currency: string },
): Promise<void> {
  const { status } = await ask(`${site.urls[0]}/products/${id}/price`, {
    method: 'PUT',
    token: credentialsOf(site).adminToken,
    body: { amount, currency },
  })
  if (status !== 200) throw shopFailed(`refused the new price (${status})`)
}
