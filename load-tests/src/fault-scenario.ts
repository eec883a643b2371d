/**
 * A fault while traffic runs: a healthy phase to compare with, the fault, and what comes after it.
 *
 *     visitors   ──────────────────────────────────────────────────────▶   what is in the cache
 *     prices     one after the other, as far as the fault lets them
 *     shop       healthy │ broken            │ mended ── when is all as before?
 */

import { ask } from './client.ts'
import { judgeChanges, judgeCounts, type Plan, p99Of, recoveryOf } from './fault-verdict.ts'
import type { Fault } from './faults.ts'
import { requestMix } from './mix.ts'
import { grouped, milliseconds, seconds } from './numbers.ts'
import { askOracle, noPriceIsTooOld } from './oracle.ts'
import { play } from './play.ts'
import { PriceWriter } from './price-writer.ts'
import { atMost, fewArrivalsAreDropped, generatorOf, noVisitFails } from './promises.ts'
import type { Judgement, Run, Size } from './run-file.ts'
import type { Played, Scenario, Scene } from './scenario.ts'
import { type OwnSite, openOwnSite } from './site.ts'
import { type Observed, runOf } from './timeline.ts'
import { CONTROLS, NAMES, type Variant } from './variant.ts'

const PLANS: Readonly<Record<Size, Plan>> = {
  smoke: { rate: 100, healthyS: 4, brokenS: 4, mendedS: 6, changesPerSecond: 5 },
  laptop: { rate: 250, healthyS: 15, brokenS: 10, mendedS: 20, changesPerSecond: 5 },
  full: { rate: 600, healthyS: 30, brokenS: 30, mendedS: 60, changesPerSecond: 5 },
}

/** What is in the cache: the most popular, and what lists of them there are. */
const PRODUCTS = 100
const CATEGORIES = 6
/** Of these the price changes. */
const PRICED = 20
const PATIENCE_MS = 10_000
const BOUND_MS = 500
const S = 0.99

/** Nobody is slow whose 99 of 100 take at most so much longer than before. */
const CALM = { factor: 3, extraMs: 25 } as const
/** At `laptop` and above. */
const RECOVERY_LIMIT_MS = 5_000

export function faultScenario(fault: Fault): Scenario {
  const workload = (plan: Plan): string =>
    `${plan.rate} visits/s of ${PRODUCTS} products and their lists, all in the cache, and ${plan.changesPerSecond} price changes/s` +
    `${fault.writes === 'wait' ? ', once all is mended' : ''}. After ${plan.healthyS} s ${fault.what}; mended after ${plan.brokenS} s.`
  return {
    name: fault.name,
    title: fault.title,
    question: fault.question,
    workload: { smoke: workload(PLANS.smoke), laptop: workload(PLANS.laptop), full: workload(PLANS.full) },
    expectation: fault.expectation,
    seed: { smoke: 'tiny', laptop: 'demo', full: 'demo' },
    needsOwnShop: 'breaks something',
    controls: CONTROLS,
    play: (scene, variant) => playFault(fault, scene, variant),
    conclude([run]) {
      const recovery = run?.extra?.find(({ label }) => label === RECOVERY)?.value ?? ''
      return `${grouped(run?.requests ?? 0)} visits, none failed; all was as before ${recovery} after it was mended.`
    },
  }
}

const RECOVERY = 'as before after'

async function playFault(fault: Fault, scene: Scene, variant: Variant): Promise<Played> {
  const { rate, healthyS, brokenS, mendedS, changesPerSecond } = PLANS[scene.size]
  await using site = await openOwnSite(scene, variant)
  await using stack = new AsyncDisposableStack()
  const step = scene.terminal.step(NAMES[variant])
  const products = site.catalogue.products.slice(0, PRODUCTS)
  const next = requestMix({ products, categories: site.catalogue.categories.slice(0, CATEGORIES), s: S, seed: 1 })
  const paths = Array.from({ length: rate * (healthyS + brokenS + mendedS) }, next)
  step.progress('filling the cache')
  await fill(site, [...products.map((id) => `/products/${id}`), ...paths])
  const writer = await PriceWriter.open(site, products.slice(0, PRICED))
  stack.defer(() => writer.close())
  let mend: (() => Promise<void>) | undefined
  stack.defer(async () => mend?.())
  const phases = { brokenAt: 0, mendedAt: 0 }

  const observed = await play(
    site,
    {
      stages: [{ rate, seconds: healthyS + brokenS + mendedS }],
      paths,
      patienceMs: PATIENCE_MS,
      readsPrices: true,
      async meanwhile({ at, mark }) {
        if (fault.writes !== 'wait') writer.start(changesPerSecond)
        await at(healthyS * 1_000)
        mark(fault.name, 'fault')
        phases.brokenAt = Date.now()
        mend = await fault.begin(site, scene.signal)
        await at((healthyS + brokenS) * 1_000)
        await mend()
        mend = undefined
        phases.mendedAt = Date.now()
        mark('mended', 'recovery')
        if (fault.writes === 'wait') writer.start(changesPerSecond)
        await at((healthyS + brokenS + mendedS) * 1_000)
        await writer.pause()
      },
    },
    scene,
    step,
  )
  const processes = site.urls.length
  return judgeFault({ fault, scene, variant, processes, writer, observed, ...phases, say: (text) => step.done(text) })
}

interface Seen {
  readonly fault: Fault
  readonly scene: Scene
  readonly variant: Variant
  readonly processes: number
  readonly writer: PriceWriter
  readonly observed: Observed
  readonly brokenAt: number
  readonly mendedAt: number
  say(text: string): void
}

function judgeFault(seen: Seen): Played {
  const { fault, scene, variant, processes, writer, observed, brokenAt, mendedAt, say } = seen
  const { answers } = observed
  const healthy = p99Of(answers.filter(({ askedAt }) => askedAt < brokenAt))
  const broken = p99Of(answers.filter(({ askedAt }) => askedAt >= brokenAt && askedAt < mendedAt))
  const recovery = recoveryOf(answers, mendedAt, CALM.factor * healthy + CALM.extraMs)
  const { before, changes, failed } = writer
  const freshness = askOracle({
    ...{ before, changes, answers, boundMs: BOUND_MS },
    ...{ processes, askedWithinMs: BOUND_MS, checkedFrom: brokenAt },
  })
  const run: Run = {
    ...runOf(NAMES[variant], observed),
    staleness: freshness.staleness,
    extra: [
      { label: 'p99 before, and while it lasted', value: `${milliseconds(healthy)}, ${milliseconds(broken)}` },
      { label: RECOVERY, value: recovery === undefined ? 'never' : seconds(recovery) },
      {
        label: 'price changes, and those that failed',
        value: `${grouped(changes.length)}, ${grouped(failed)}`,
      },
      { label: `not asked about within ${BOUND_MS} ms, and left out`, value: grouped(freshness.unasked) },
    ],
  }
  say(
    `${grouped(run.requests)} answers, p99 ${milliseconds(healthy)} before and ${milliseconds(broken)} while it lasted`,
  )
  const timed: readonly Judgement[] = [
    atMost('while it lasts 99 of 100 visits are answered in', fault.p99LimitMs, broken, milliseconds),
    atMost('all is as before after', RECOVERY_LIMIT_MS, recovery ?? Number.POSITIVE_INFINITY, milliseconds),
  ]
  const judgements = [
    noVisitFails(run, observed),
    noPriceIsTooOld(freshness, BOUND_MS),
    ...judgeChanges(fault, PLANS[scene.size], { changes, failed, freshness, brokenAt, mendedAt }),
    fewArrivalsAreDropped(run, observed, scene.size),
    ...judgeCounts(fault, run, observed),
    ...(scene.size === 'smoke' ? [] : timed),
  ]
  return { run, judgements: variant === 'on' ? judgements : [], generator: generatorOf(run, observed) }
}

/** Each process has served each page, so that all of it is in its memory. Baskets are made of products that are. */
async function fill({ urls }: OwnSite, paths: readonly string[]): Promise<void> {
  const pages = [...new Set(paths)].filter((path) => !path.includes('ids='))
  await Promise.all(
    urls.map(async (url) => {
      for (const page of pages) await ask(`${url}${page}`)
    }),
  )
}
