/**
 * Stampede: the herd is gathered in front of a held query, counted, and let go.
 *
 * Nothing may load the product between its invalidation and the moment the herd asks, or the cache would be full again
 * and the test would prove nothing. So the query is held before there is anybody to ask:
 *
 *     tester    read until hit   PUT price   lock products   reset counters                     release   read counters
 *     shop      entry: old       entry: void                               product query: waits ·········▶ answers
 *     k6                                                     start … all ask at one instant ··············▶ all answered
 */

import { type Answer, AnswerLog } from './answers.ts'
import { ask } from './client.ts'
import { shopFailed } from './errors.ts'
import { gather, type Herd } from './herd.ts'
import { type K6Run, startK6 } from './k6-run.ts'
import { grouped, seconds } from './numbers.ts'
import { lockProducts } from './products-lock.ts'
import { countsAgree, generatorOf } from './promises.ts'
import type { Hits, Run, RunEvent, Size } from './run-file.ts'
import { startSampler } from './sampler.ts'
import type { Played, Scenario, Scene } from './scenario.ts'
import { type OwnSite, openOwnSite } from './site.ts'
import { herdWasThere, judgeStampede, manyQueries } from './stampede-verdict.ts'
import { openStartingLine, type StartingLine } from './starting-line.ts'
import { crossedIn, hitsOf, type Observed, runOf } from './timeline.ts'
import { NAMES, type Variant } from './variant.ts'
import { unlessAborted, until } from './waiting.ts'

const WARM_LIMIT_MS = 5_000

/** While a herd comes, processes get no processor for longer than Redis otherwise has time. */
const REDIS_LIMIT_MS = 10_000

/** Of more, a process would drop spans when all requests end at once. */
const MOST_TRACED = 2_000

interface Plan {
  readonly visitors: number
  /** Processes of k6: one has connections for 17 000. */
  readonly generators: number
  /** Within which they come; 0: at one instant. */
  readonly spreadMs: number
  /** From the first question until the last. */
  readonly gatherLimitMs: number
}

const PLANS: Readonly<Record<Size, Plan>> = {
  smoke: { visitors: 200, generators: 1, spreadMs: 0, gatherLimitMs: 45_000 },
  laptop: { visitors: 2_000, generators: 1, spreadMs: 0, gatherLimitMs: 45_000 },
  full: { visitors: 50_000, generators: 3, spreadMs: 1_000, gatherLimitMs: 240_000 },
}

/**
 * Deadlines are raised for the time the query is held, by configuration only. Each is longer than the one before: the
 * herd is complete, a load of the cache, a statement of Postgres (without the cache the last waits for all), a visitor.
 */
function deadlinesOf({ gatherLimitMs }: Plan) {
  const loadLimitMs = gatherLimitMs + 15_000
  return { loadLimitMs, statementLimitMs: 2 * loadLimitMs, patienceMs: 2 * loadLimitMs + 30_000 }
}

/** What was seen, without a judgement. */
export interface Stampede {
  readonly visitors: number
  /** In the last moment before the query was let go. */
  readonly herd: Herd
  /** Reads of products that Postgres carried out from the lock to the end. */
  readonly queries: number
  readonly hits: Hits
  readonly succeeded: number
  /** Each status that was a failure, see answers.ts. */
  readonly failures: readonly number[]
  readonly newPrice: number
  /** Metrics whose threshold in the script k6 found crossed. */
  readonly crossed: readonly string[]
}

export const stampede: Scenario = {
  name: 'stampede',
  title: 'everybody asks for the hottest product in the moment its price has changed',
  question: 'Does the database see one query for it, or one per visitor?',
  workload: { smoke: workloadOf(PLANS.smoke), laptop: workloadOf(PLANS.laptop), full: workloadOf(PLANS.full) },
  expectation:
    'One query, no failed visit, the new price for everybody. Without the cache as many queries as visitors.',
  seed: { smoke: 'tiny', laptop: 'tiny', full: 'tiny' },
  needsOwnShop: 'locks a table',
  controls: ['off', 'naive', 'single-flight'],
  play: playStampede,
  compare: (_, control) => [manyQueries(control.queries ?? 0, 2)],
  conclude([run, ...controls]) {
    const visitors = `${grouped(run?.requests ?? 0)} visitors`
    if (controls.length === 0) return `${visitors}, one query. Add --control to see what the cache spares.`
    return `${visitors}: one query; ${controls.map(({ name, queries }) => `${name} ${grouped(queries ?? 0)}`).join(', ')}.`
  },
}

function workloadOf({ visitors, generators, spreadMs }: Plan): string {
  const when = spreadMs === 0 ? 'at one instant' : `within ${seconds(spreadMs)}`
  return (
    `${grouped(visitors)} visitors from ${generators} k6 process${generators === 1 ? '' : 'es'} ask 3 processes of the API ` +
    `${when} for one product whose price has just changed; its query is held from outside until every one of them has asked.`
  )
}

async function playStampede(scene: Scene, variant: Variant): Promise<Played> {
  const plan = PLANS[scene.size]
  const { loadLimitMs, statementLimitMs } = deadlinesOf(plan)
  const env = {
    CACHE_LOAD_TIMEOUT_MS: String(loadLimitMs),
    REDIS_TIMEOUT_MS: String(REDIS_LIMIT_MS),
    HEADERS_TIMEOUT_MS: String(plan.gatherLimitMs),
  }
  const traceRatio = Math.min(1, MOST_TRACED / plan.visitors)
  // Without a worker: nobody but the visitors may ask for the product.
  await using site = await openOwnSite(scene, variant, { hasWorker: false, statementLimitMs, traceRatio, env })
  const { seen, observed } = await hold(site, plan, scene, variant)
  const run: Run = {
    ...runOf(NAMES[variant], observed),
    // Those of the product, whatever their shape. Nobody asked for anything else.
    queries: seen.queries,
    extra: [
      { label: 'visitors who waited when the query was let go', value: grouped(seen.herd.waiting) },
      { label: 'from the first question to the last', value: seconds(spreadOf(observed.answers)) },
    ],
  }
  const judgements = variant === 'on' ? [...judgeStampede(seen), ...countsAgree(run, observed)] : [herdWasThere(seen)]
  return { run, judgements, generator: generatorOf(run, observed) }
}

async function hold(
  site: OwnSite,
  plan: Plan,
  scene: Scene,
  variant: Variant,
): Promise<{ readonly seen: Stampede; readonly observed: Observed }> {
  const { visitors, gatherLimitMs } = plan
  const { shop, urls, watch } = site
  const { signal } = scene
  await using stack = new AsyncDisposableStack()
  const step = scene.terminal.step(NAMES[variant])
  const hottest = await findHottest(site)
  if (variant === 'on') await warm(site, hottest.id, signal)
  const newPrice = await lowerPrice(site, hottest)

  const lock = await lockProducts(shop.databaseUrl)
  stack.defer(() => lock.release())
  await watch.countFromHere()
  step.progress('starting k6')
  const log = new AnswerLog()
  const line = stack.use(await openStartingLine(plan.generators, visitors))
  const generators = await startHerd({ site, plan, scene, log, product: hottest.id, line })
  stack.defer(async () => void (await Promise.all(generators.map((k6) => k6.stop()))))
  const finished = Promise.all(generators.map((k6) => k6.finished))
  const startedAt = await unlessAborted(Promise.race([log.started, finished.then(() => Date.now())]), signal)
  const sampler = await startSampler({ startedAt, watch, urls, pids: site.pids, generators })

  const herd = await gather({ generators, watch, urls, visitors, limitMs: gatherLimitMs, step, signal })
  const releasedAt = Date.now()
  await lock.release()
  step.progress('the query is let go')
  const figures = await unlessAborted(finished, signal)
  const lastAnswerAt = log.answers.reduce((last, { askedAt, tookMs }) => Math.max(last, askedAt + tookMs), releasedAt)
  step.done(
    `${grouped(herd.waiting)} of ${grouped(visitors)} visitors were waiting when the query was let go, ` +
      `the last answer came ${seconds(lastAnswerAt - releasedAt)} later`,
  )
  const events: RunEvent[] = [{ atMs: releasedAt - startedAt, label: 'the query is let go', kind: 'phase' }]
  const paths = [`/products/${hottest.id}`]
  const observed = {
    startedAt,
    isOwnShop: true,
    paths,
    planned: visitors,
    answers: log.answers,
    samples: await sampler.stop(),
    events,
    figures,
  }
  const isNew = ({ prices: [shown] }: Answer) => shown?.id === hottest.id && shown.amount === newPrice
  return {
    observed,
    seen: {
      visitors,
      herd,
      queries: await watch.productReads(),
      hits: hitsOf(log.answers),
      succeeded: log.answers.filter(({ isExpected }) => isExpected).length,
      failures: [...new Set(log.answers.filter(({ isExpected }) => !isExpected).map(({ status }) => status))],
      newPrice: log.answers.filter(isNew).length,
      crossed: crossedIn(figures),
    },
  }
}

/** From the first question to the last, as k6 sent them. */
function spreadOf(answers: readonly Answer[]): number {
  const [first, last] = answers.reduce(
    ([first, last], { askedAt }) => [Math.min(first, askedAt), Math.max(last, askedAt)],
    [Number.POSITIVE_INFINITY, 0],
  )
  return Math.max(0, last - first)
}

interface HerdOptions {
  readonly site: OwnSite
  readonly plan: Plan
  readonly scene: Scene
  readonly log: AnswerLog
  readonly product: number
  readonly line: StartingLine
}

/** Each process of k6 brings its share, and all begin at one instant. */
function startHerd({ site, plan, scene, log, product, line }: HerdOptions): Promise<K6Run[]> {
  const { patienceMs } = deadlinesOf(plan)
  const shares = Array.from({ length: plan.generators }, (_, i) => Math.floor((plan.visitors + i) / plan.generators))
  return Promise.all(
    shares.map((share, i) =>
      startK6({
        k6: scene.k6,
        script: 'scenarios/stampede.ts',
        folder: site.shop.folder,
        dashboard: i === 0 ? scene.dashboard : undefined,
        settings: {
          VISITORS: String(share),
          PRODUCT: String(product),
          SHOPS: site.urls.join(','),
          PATIENCE: `${patienceMs}ms`,
          SPREAD_MS: String(plan.spreadMs),
          STARTING_LINE: line.url,
          PRICES: 'read',
        },
        onAnswer: (line) => log.read(line),
      }),
    ),
  )
}

interface ProductSummary {
  readonly id: number
  readonly price: { readonly amount: number; readonly currency: string }
}

async function findHottest({ urls }: OwnSite): Promise<ProductSummary> {
  const { status, body } = await ask(`${urls[0]}/products?sort=popular&limit=1`)
  const [product] = (body as { items?: readonly ProductSummary[] }).items ?? []
  if (status !== 200 || !product) throw shopFailed(`has no most popular product (${status})`)
  return product
}

/** Until each process serves the product from its cache: a cache that is not in use would need no stampede to be empty. */
async function warm({ urls }: OwnSite, id: number, signal: AbortSignal): Promise<void> {
  for (const url of urls) {
    const isWarm = await until(
      async () => {
        const { headers } = await ask(`${url}/products/${id}`)
        return String(headers['cache-status']).includes('hit')
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
async function lowerPrice({ urls, api }: OwnSite, { id, price }: ProductSummary): Promise<number> {
  const amount = Math.max(1, Math.floor(price.amount * 0.9))
  const { status } = await ask(`${urls[0]}/products/${id}/price`, {
    method: 'PUT',
    token: api.adminToken,
    body: { amount, currency: price.currency },
  })
  if (status !== 200) throw shopFailed(`refused the new price (${status})`)
  return amount
}
