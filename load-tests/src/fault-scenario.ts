/**
 * A fault while traffic runs: a healthy phase to compare with, the fault, and what comes after it.
 *
 *     visitors   ──────────────────────────────────────────────────────▶   what is in the cache
 *     prices     one after the other, as far as the fault lets them
 *     shop       healthy │ broken            │ mended ── when is all as before?
 */

import type { Answer } from './answers.ts'
import { ask } from './client.ts'
import type { Fault } from './faults.ts'
import { requestMix } from './mix.ts'
import { grouped, milliseconds, seconds } from './numbers.ts'
import { askOracle, noPriceIsTooOld } from './oracle.ts'
import { play } from './play.ts'
import { PriceWriter } from './price-writer.ts'
import { atLeast, atMost, countsAgree, fewArrivalsAreDropped, generatorOf, noVisitFails } from './promises.ts'
import type { Judgement, Run, Size } from './run-file.ts'
import { Samples } from './samples.ts'
import type { Played, Scenario, Scene } from './scenario.ts'
import { type OwnSite, openOwnSite } from './site.ts'
import { type Observed, runOf } from './timeline.ts'
import { CONTROLS, NAMES, type Variant } from './variant.ts'

interface Plan {
  readonly rate: number
  /** How long each phase lasts. */
  readonly healthyS: number
  readonly brokenS: number
  readonly mendedS: number
}

const PLANS: Readonly<Record<Size, Plan>> = {
  smoke: { rate: 100, healthyS: 4, brokenS: 4, mendedS: 6 },
  laptop: { rate: 250, healthyS: 15, brokenS: 10, mendedS: 20 },
  full: { rate: 600, healthyS: 30, brokenS: 30, mendedS: 60 },
}

/** What is in the cache: the most popular, and what lists of them there are. */
const PRODUCTS = 100
const CATEGORIES = 6
/** Of these the price changes. */
const PRICED = 20
const CHANGES_PER_SECOND = 5
const PATIENCE_MS = 10_000
const BOUND_MS = 500
const S = 0.99

/** All is as before when this long no visit fails and 99 of 100 take at most so much longer than before. */
const CALM_WINDOWS = 4
const WINDOW_MS = 250
const CALM = { factor: 3, extraMs: 25 } as const
/** At `laptop` and above. */
const RECOVERY_LIMIT_MS = 5_000

export function faultScenario(fault: Fault): Scenario {
  const workload = (plan: Plan): string =>
    `${plan.rate} visits/s of ${PRODUCTS} products and their lists, all in the cache, and ${CHANGES_PER_SECOND} price changes/s` +
    `${fault.writesGoOn ? '' : ', once all is mended'}. After ${plan.healthyS} s ${fault.what}; mended after ${plan.brokenS} s.`
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
  const { rate, healthyS, brokenS, mendedS } = PLANS[scene.size]
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
        if (fault.writesGoOn) writer.start(CHANGES_PER_SECOND)
        await at(healthyS * 1_000)
        mark(fault.name, 'fault')
        phases.brokenAt = Date.now()
        mend = await fault.begin(site, scene.signal)
        await at((healthyS + brokenS) * 1_000)
        await mend()
        mend = undefined
        phases.mendedAt = Date.now()
        mark('mended', 'recovery')
        if (!fault.writesGoOn) writer.start(CHANGES_PER_SECOND)
        await at((healthyS + brokenS + mendedS) * 1_000)
        await writer.pause()
      },
    },
    scene,
    step,
  )
  return judgeFault({ fault, scene, variant, writer, observed, ...phases, say: (text) => step.done(text) })
}

interface Seen {
  readonly fault: Fault
  readonly scene: Scene
  readonly variant: Variant
  readonly writer: PriceWriter
  readonly observed: Observed
  readonly brokenAt: number
  readonly mendedAt: number
  say(text: string): void
}

function judgeFault({ fault, scene, variant, writer, observed, brokenAt, mendedAt, say }: Seen): Played {
  const { answers } = observed
  const healthy = p99Of(answers.filter(({ askedAt }) => askedAt < brokenAt))
  const broken = p99Of(answers.filter(({ askedAt }) => askedAt >= brokenAt && askedAt < mendedAt))
  const recovery = recoveryOf(answers, mendedAt, CALM.factor * healthy + CALM.extraMs)
  const freshness = askOracle({ before: writer.before, changes: writer.changes, answers, boundMs: BOUND_MS })
  const run: Run = {
    ...runOf(NAMES[variant], observed),
    staleness: freshness.staleness,
    extra: [
      { label: 'p99 before, and while it lasted', value: `${milliseconds(healthy)}, ${milliseconds(broken)}` },
      { label: RECOVERY, value: recovery === undefined ? 'never' : seconds(recovery) },
      {
        label: 'price changes, and those that failed',
        value: `${grouped(writer.changes.length)}, ${grouped(writer.failed)}`,
      },
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
    atLeast(
      'price changes that visitors could have noticed',
      1,
      freshness.checked === 0 ? 0 : writer.changes.length,
      grouped,
    ),
    fewArrivalsAreDropped(run, observed, scene.size),
    // A process that was killed has taken its count with it.
    ...(fault.name === 'api-killed' ? [] : countsAgree(run, observed)),
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

function p99Of(answers: readonly Answer[]): number {
  return new Samples(answers.filter(({ isExpected }) => isExpected).map(({ tookMs }) => tookMs)).quantile(0.99)
}

/** From an instant until the first of some windows in a row in which nothing fails or is slow. */
export function recoveryOf(answers: readonly Answer[], from: number, limitMs: number): number | undefined {
  const windows = Map.groupBy(answers, ({ askedAt }) => Math.floor((askedAt - from) / WINDOW_MS))
  const isCalm = (window: number): boolean => {
    const asked = windows.get(window)
    return asked !== undefined && p99Of(asked) <= limitMs && asked.every(({ isExpected }) => isExpected)
  }
  const last = Math.max(...windows.keys())
  for (let window = 0; window + CALM_WINDOWS <= last; window++) {
    if (Array.from({ length: CALM_WINDOWS }, (_, i) => window + i).every(isCalm)) return window * WINDOW_MS
  }
  return undefined
}
