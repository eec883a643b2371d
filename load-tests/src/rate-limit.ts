/**
 * Rate limit: a few customers ask ten times as often as they may, of all processes at once, beside everybody else.
 *
 *     anybody     ── products, lists ──────────────────────────────── answered
 *     polite      ── hundreds, each looks at an order now and then ── answered
 *     greedy      ── ten times the limit ─┬─ 200 ┬─ 429 ───────┬─ 200 ┬─ 429 ───────
 *                                         └──── a window ──────┘
 */

import postgres from 'postgres'

import { customerToken } from '../../apps/api/src/http/customer.ts'
import type { Answer } from './answers.ts'
import { ask } from './client.ts'
import { shopFailed } from './errors.ts'
import { chances, requestMix } from './mix.ts'
import { grouped, milliseconds } from './numbers.ts'
import { play } from './play.ts'
import { atLeast, atMost, countsAgree, fewArrivalsAreDropped, generatorOf, none, noVisitFails } from './promises.ts'
import type { Judgement, Run, Size } from './run-file.ts'
import { Samples } from './samples.ts'
import type { Played, Scenario, Scene } from './scenario.ts'
import { type OwnSite, openOwnSite } from './site.ts'
import { type Observed, runOf } from './timeline.ts'
import { NAMES, type Variant } from './variant.ts'

interface Plan {
  /** Requests of a customer in a window. */
  readonly limit: number
  /** Visits a second of people without a name, and of all polite customers together. */
  readonly anybody: number
  readonly polite: number
  readonly politeCustomers: number
  readonly greedyCustomers: number
  readonly seconds: number
}

const PLANS: Readonly<Record<Size, Plan>> = {
  smoke: { limit: 20, anybody: 60, polite: 40, politeCustomers: 100, greedyCustomers: 4, seconds: 12 },
  laptop: { limit: 100, anybody: 200, polite: 100, politeCustomers: 300, greedyCustomers: 4, seconds: 45 },
  full: { limit: 100, anybody: 500, polite: 300, politeCustomers: 600, greedyCustomers: 8, seconds: 120 },
}

/** Of the API (apps/api/src/limits/rate-limits.ts). */
const WINDOW_S = 10
/** Times its limit, of a greedy customer; and what it must have come to, or nobody was greedy. */
const GREED = 10
const LEAST_GREED = 5
/** Of what the whole windows of the load allow. */
const LEAST_GRANTED = 0.9
/** At `laptop` and above, of visits of everybody else. */
const P99_LIMIT_MS = 250
const PATIENCE_MS = 10_000
const TOKEN_SECONDS = 3_600
const S = 0.99

export const rateLimit: Scenario = {
  name: 'rate-limit',
  title: 'a few customers ask ten times as often as they may, beside everybody else',
  question: 'Do they get no more than their limit, over all processes, while everybody else notices nothing?',
  workload: { smoke: workloadOf(PLANS.smoke), laptop: workloadOf(PLANS.laptop), full: workloadOf(PLANS.full) },
  expectation:
    'No greedy customer is granted more than the limit in each window that it has touched; each refusal says when to try ' +
    'again; no visit of anybody else is refused or fails.',
  seed: { smoke: 'tiny', laptop: 'demo', full: 'demo' },
  needsOwnShop: 'sets the limit itself',
  controls: [],
  play: playRateLimit,
  conclude: ([run]) => {
    const [asked, granted] = [run?.extra?.[0]?.value, run?.extra?.[1]?.value]
    return `Of ${asked} requests of greedy customers ${granted} were granted, and nobody else was refused any.`
  },
}

function greedyRate({ limit, greedyCustomers }: Plan): number {
  return (GREED * limit * greedyCustomers) / WINDOW_S
}

function rateOf(plan: Plan): number {
  return plan.anybody + plan.polite + greedyRate(plan)
}

function workloadOf(plan: Plan): string {
  const { limit, anybody, polite, politeCustomers, greedyCustomers, seconds } = plan
  return (
    `A limit of ${limit} requests in ${WINDOW_S} s. ${anybody} visits/s over the shop; ${polite} of ${politeCustomers} ` +
    `customers to an order of theirs; ${grouped(greedyRate(plan))} of ${greedyCustomers} customers who do not stop, to ` +
    `any of 3 processes; for ${seconds} s.`
  )
}

/** Who makes a visit. */
export type Visitor =
  | { readonly kind: 'anybody' }
  /** The number is that of the customer, among those of its kind. */
  | { readonly kind: 'polite' | 'greedy'; readonly nth: number }

/** Drawn, and not in turn: visits go to the processes in turn, and each greedy customer is to meet them all. */
function visitorsOf(plan: Plan): readonly Visitor[] {
  const { anybody, polite, politeCustomers, greedyCustomers, seconds } = plan
  const chance = chances(2)
  const rate = rateOf(plan)
  let politeVisits = 0
  return Array.from({ length: rate * seconds }, (): Visitor => {
    const drawn = chance() * rate
    if (drawn < anybody) return { kind: 'anybody' }
    if (drawn < anybody + polite) return { kind: 'polite', nth: politeVisits++ % politeCustomers }
    return { kind: 'greedy', nth: Math.floor(chance() * greedyCustomers) }
  })
}

async function playRateLimit(scene: Scene, variant: Variant): Promise<Played> {
  const plan = PLANS[scene.size]
  // A Redis that gets no processor makes each process count alone, which is not what is asked here.
  const env = { RATE_LIMIT_CUSTOMER: String(plan.limit), REDIS_TIMEOUT_MS: '10000' }
  await using site = await openOwnSite(scene, variant, { env })
  const step = scene.terminal.step(NAMES[variant])
  step.progress('placing the orders that are looked at')
  const customers = await withOrders(site, plan.politeCustomers + plan.greedyCustomers)
  const visitors = visitorsOf(plan)
  const numberOf = (visitor: Exclude<Visitor, { kind: 'anybody' }>) =>
    visitor.kind === 'polite' ? visitor.nth : plan.politeCustomers + visitor.nth
  const browse = requestMix({ ...site.catalogue, s: S, seed: 1 })
  await site.watch.countFromHere()
  const observed = await play(
    site,
    {
      script: 'rate-limit',
      stages: [{ rate: rateOf(plan), seconds: plan.seconds }],
      paths: visitors.map((visitor) =>
        visitor.kind === 'anybody' ? browse() : `/orders/${customers[numberOf(visitor)]?.orderId}`,
      ),
      patienceMs: PATIENCE_MS,
      files: {
        TOKENS: customers.map(({ token }) => token),
        WHO: visitors.map((visitor) =>
          visitor.kind === 'anybody' ? '' : `${visitor.kind === 'greedy' ? 'insist' : 'visit'} ${numberOf(visitor)}`,
        ),
      },
    },
    scene,
    step,
  )
  const plain = runOf(NAMES[variant], observed)
  const { greedy, others } = partsOf(observed.answers, visitors)
  const greedyAnswers = greedy.flat()
  const run: Run = {
    ...plain,
    extra: [
      { label: 'requests of greedy customers', value: grouped(greedyAnswers.length) },
      { label: 'granted', value: grouped(granted(greedyAnswers).length) },
      { label: 'p99 of everybody else', value: milliseconds(p99Of(others)) },
    ],
  }
  step.done(`${grouped(run.requests)} answers, ${grouped(refused(greedyAnswers).length)} refusals`)
  return { run, judgements: judgeLimit(scene.size, run, observed, visitors), generator: generatorOf(run, observed) }
}

export function judgeLimit(
  size: Size,
  run: Run,
  observed: Observed,
  visitors: readonly Visitor[],
): readonly Judgement[] {
  const { limit, seconds } = PLANS[size]
  const { greedy, others } = partsOf(observed.answers, visitors)
  // The shop is cold at first, which is not what is asked here.
  const warm = others.filter(({ askedAt }) => askedAt >= observed.startedAt + WINDOW_S * 1_000)
  const wholeWindows = Math.floor(seconds / WINDOW_S)
  const fewest = (counts: readonly number[]) => (counts.length === 0 ? 0 : Math.min(...counts))
  return [
    noneIsGrantedTooMuch(limit, greedy),
    atLeast(
      'granted to each greedy customer',
      LEAST_GRANTED * limit * wholeWindows,
      fewest(greedy.map((answers) => granted(answers).length)),
      grouped,
    ),
    atLeast(
      'asked by each greedy customer',
      LEAST_GREED * limit * wholeWindows,
      fewest(greedy.map(({ length }) => length)),
      grouped,
    ),
    atLeast(
      'processes that each of them asked',
      3,
      fewest(greedy.map((answers) => new Set(answers.map(({ turn }) => turn % 3)).size)),
      grouped,
    ),
    none(
      'refusals that do not say when to try again',
      refused(greedy.flat()).filter(({ isExpected }) => !isExpected).length,
    ),
    none('visits of everybody else that are refused', refused(others).length),
    noVisitFails(run, observed),
    fewArrivalsAreDropped(run, observed, size),
    ...countsAgree(run, observed),
    ...(size === 'smoke'
      ? []
      : [
          atMost(
            `99 of 100 visits of everybody else, from ${WINDOW_S} s on, are answered in`,
            P99_LIMIT_MS,
            p99Of(warm),
            milliseconds,
          ),
        ]),
  ]
}

/**
 * Windows do not overlap and each is as long as the others, so from the first request that was granted to the answer of the
 * last there are at most as many as begin in that time, and the one in which it begins:
 *
 *     ───┤ window ├────┤ window ├────┤ window ├───
 *             first ▲                  ▲ last          ⌈ 1.9 windows ⌉ + 1 = 3
 */
function noneIsGrantedTooMuch(limit: number, greedy: readonly (readonly Answer[])[]): Judgement {
  const boundOf = (answers: readonly Answer[]): number => {
    const first = Math.min(...answers.map(({ askedAt }) => askedAt))
    const last = Math.max(...answers.map(({ askedAt, tookMs }) => askedAt + tookMs))
    return limit * (Math.ceil((last - first) / (WINDOW_S * 1_000)) + 1)
  }
  const counts = greedy.map(granted).map((answers) => ({ count: answers.length, bound: boundOf(answers) }))
  const worst = counts.toSorted((a, b) => b.count - b.bound - (a.count - a.bound))[0] ?? { count: 0, bound: 0 }
  return atMost('granted to a greedy customer, in all windows it has touched', worst.bound, worst.count, grouped)
}

interface Parts {
  /** By customer. */
  readonly greedy: readonly (readonly Answer[])[]
  readonly others: readonly Answer[]
}

function partsOf(answers: readonly Answer[], visitors: readonly Visitor[]): Parts {
  const whoOf = ({ turn }: Answer) => visitors[turn % visitors.length] as Visitor
  const { greedy = [], others = [] } = Object.groupBy(answers, (answer) =>
    whoOf(answer).kind === 'greedy' ? 'greedy' : 'others',
  )
  const byCustomer = Map.groupBy(greedy, (answer) => {
    const who = whoOf(answer)
    return who.kind === 'greedy' ? who.nth : 0
  })
  return { greedy: [...byCustomer.values()], others }
}

const granted = (answers: readonly Answer[]): readonly Answer[] => answers.filter(({ status }) => status === 200)
const refused = (answers: readonly Answer[]): readonly Answer[] => answers.filter(({ status }) => status === 429)

function p99Of(answers: readonly Answer[]): number {
  return new Samples(answers.map(({ tookMs }) => tookMs)).quantile(0.99)
}

interface Customer {
  readonly token: string
  readonly orderId: string
}

/** New customers, each with an order to look at. */
async function withOrders(site: OwnSite, count: number): Promise<readonly Customer[]> {
  const sql = postgres(site.shop.databaseUrl, { max: 1, onnotice: () => undefined })
  await using stack = new AsyncDisposableStack()
  stack.defer(() => sql.end({ timeout: 1 }))
  const [variant] = await sql<{ id: number }[]>`
    select v.id::int from variants v where v.product_id = ${site.catalogue.products[0] ?? 0} order by v.id limit 1`
  const variantId = variant?.id ?? 0
  await sql`insert into stock (variant_id, quantity) values (${variantId}, ${count})
    on conflict (variant_id) do update set quantity = excluded.quantity`
  const rows = await sql<{ id: number }[]>`insert into customers (email, name)
    select 'rate-limit-' || n || '@example.com', 'Customer ' || n from generate_series(1, ${count}::int) n
    returning id::int`
  const customers: Customer[] = []
  for (const { id } of rows) {
    const token = await customerToken(site.shop.customerTokenSecret, id, TOKEN_SECONDS)
    const { status, body } = await ask(`${site.urls[0]}/orders`, {
      method: 'POST',
      token,
      headers: { 'Idempotency-Key': 'the-only-order' },
      body: { lines: [{ variantId, quantity: 1 }] },
    })
    if (status !== 201) throw shopFailed(`does not take the order of a customer (${status})`)
    customers.push({ token, orderId: (body as { readonly id: string }).id })
  }
  return customers
}
