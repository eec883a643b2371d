/**
 * Invalidation storm: prices change two hundred times a second while they are read, and an oracle checks each answer.
 *
 *     writer     PUT PUT PUT PUT PUT …     each process in turn, each product one change at a time
 *     visitors   read read read read …     products whose price changes, alone, in lists and in baskets
 *     oracle     what was told ── what was true when it was asked for?
 */

import { requestMix } from './mix.ts'
import { grouped, milliseconds } from './numbers.ts'
import { askOracle, type Freshness, noPriceIsTooOld, pricesWereChecked } from './oracle.ts'
import { play } from './play.ts'
import { PriceWriter } from './price-writer.ts'
import { atLeast, atMost, countsAgree, fewArrivalsAreDropped, generatorOf, none, noVisitFails } from './promises.ts'
import type { Judgement, Run, Size } from './run-file.ts'
import type { Played, Scenario, Scene } from './scenario.ts'
import { openOwnSite } from './site.ts'
import { type Observed, runOf } from './timeline.ts'
import { CONTROLS, NAMES, type Variant } from './variant.ts'

interface Plan {
  readonly rate: number
  readonly changesPerSecond: number
  readonly seconds: number
}

const PLANS: Readonly<Record<Size, Plan>> = {
  smoke: { rate: 100, changesPerSecond: 30, seconds: 8 },
  laptop: { rate: 300, changesPerSecond: 200, seconds: 60 },
  full: { rate: 1_000, changesPerSecond: 200, seconds: 180 },
}

/** Few, so that each is read again and again between two changes of its price. */
const PRODUCTS = 25
const CATEGORIES = 2
const PATIENCE_MS = 10_000
/** The bound of the cache (CACHE_MAX_STALENESS_MS). */
const BOUND_MS = 500
/** Of the changes that somebody asks about so soon, 99 in 100 are seen by all who ask later, at `laptop` and above. */
const P99_LIMIT_MS = 50
/** Of the rate that is stated: below it, the storm was a breeze. */
const LEAST_CHANGES = 0.9
/** In the mean of a visit. Pages of one product alone, eight in ten, do not come to that: lists or baskets were read too. */
const LEAST_PRICES = 1
/**
 * Of the changes, those that another process is asked about within the limit. By pages of one product and baskets alone it
 * is 14, 31 and 63 in 100; lists come on top. At `laptop` 30 of them are above p99, which makes it a figure.
 */
const LEAST_ASKED: Readonly<Record<Size, number>> = { smoke: 0.05, laptop: 0.25, full: 0.5 }
const S = 0.99

export const storm: Scenario = {
  name: 'invalidation-storm',
  title: 'two hundred price changes a second under reads, each answer checked',
  question: 'Is anybody ever told a price that is older than the bound?',
  workload: { smoke: workloadOf(PLANS.smoke), laptop: workloadOf(PLANS.laptop), full: workloadOf(PLANS.full) },
  expectation:
    `No price older than ${BOUND_MS} ms. Of the changes that another process is asked about within ${P99_LIMIT_MS} ms, ` +
    `99 in 100 are seen by all who ask more than ${P99_LIMIT_MS} ms after their answer.`,
  seed: { smoke: 'tiny', laptop: 'demo', full: 'demo' },
  needsOwnShop: 'changes prices',
  controls: CONTROLS,
  play: playStorm,
  compare: (_run, control, variant) => (variant === 'naive' ? [showsOldPrices(control)] : []),
  conclude([run]) {
    const { p50 = 0, p99 = 0, max = 0 } = run?.staleness ?? {}
    const [first, second, third] = [p50, p99, max].map(milliseconds)
    return `No price too old; of changes that were asked about in time an older price was told until p50 ${first}, p99 ${second}, max ${third}.`
  },
}

function workloadOf({ rate, changesPerSecond, seconds }: Plan): string {
  return (
    `${rate} visits/s of ${PRODUCTS} products, their lists and baskets, while the price of one after the other changes ` +
    `${changesPerSecond} times a second, for ${seconds} s, on 3 processes.`
  )
}

/** Lists of a naive cache keep their prices for as long as they live. */
function showsOldPrices({ staleness }: Run): Judgement {
  return atLeast('somebody is shown a price that is older than the bound', BOUND_MS, staleness?.max ?? 0, milliseconds)
}

async function playStorm(scene: Scene, variant: Variant): Promise<Played> {
  const { rate, changesPerSecond, seconds } = PLANS[scene.size]
  await using site = await openOwnSite(scene, variant)
  await using stack = new AsyncDisposableStack()
  const step = scene.terminal.step(NAMES[variant])
  const products = site.catalogue.products.slice(0, PRODUCTS)
  const writer = await PriceWriter.open(site, products)
  stack.defer(() => writer.close())
  const next = requestMix({ products, categories: site.catalogue.categories.slice(0, CATEGORIES), s: S, seed: 1 })

  const observed = await play(
    site,
    {
      stages: [{ rate, seconds }],
      paths: Array.from({ length: rate * seconds }, next),
      patienceMs: PATIENCE_MS,
      readsPrices: true,
      async meanwhile({ at, mark }) {
        mark(`${changesPerSecond} price changes a second`, 'change')
        writer.start(changesPerSecond)
        await at(seconds * 1_000)
        await writer.pause()
      },
    },
    scene,
    step,
  )
  const { changes, before } = writer
  const freshness = askOracle({
    ...{ before, changes, answers: observed.answers, boundMs: BOUND_MS },
    ...{ processes: site.urls.length, askedWithinMs: P99_LIMIT_MS },
  })
  const run: Run = {
    ...runOf(NAMES[variant], observed),
    staleness: freshness.staleness,
    extra: [
      { label: 'price changes', value: grouped(changes.length) },
      { label: `of them not asked about within ${P99_LIMIT_MS} ms, and left out`, value: grouped(freshness.unasked) },
      { label: 'prices checked', value: grouped(freshness.checked) },
    ],
  }
  const { p50, p99, max } = freshness.staleness
  step.done(
    `${grouped(changes.length)} changes, visible after p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}, max ${milliseconds(max)}`,
  )
  const seen = { run, observed, freshness, changes: changes.length, failed: writer.failed }
  return {
    run,
    judgements: variant === 'on' ? judgeStorm(scene.size, seen) : [],
    generator: generatorOf(run, observed),
  }
}

interface Seen {
  readonly run: Run
  readonly observed: Observed
  readonly freshness: Freshness
  readonly changes: number
  readonly failed: number
}

export function judgeStorm(size: Size, { run, observed, freshness, changes, failed }: Seen): readonly Judgement[] {
  const { rate, changesPerSecond, seconds } = PLANS[size]
  const planned = changesPerSecond * seconds
  const { asked, staleness } = freshness
  return [
    noPriceIsTooOld(freshness, BOUND_MS),
    pricesWereChecked(freshness, LEAST_PRICES * rate * seconds),
    noVisitFails(run, observed),
    none('no price change fails', failed),
    fewArrivalsAreDropped(run, observed, size),
    ...countsAgree(run, observed),
    atLeast('price changes', size === 'smoke' ? 1 : LEAST_CHANGES * planned, changes, grouped),
    atLeast(`changes asked about elsewhere within ${P99_LIMIT_MS} ms`, LEAST_ASKED[size] * planned, asked, grouped),
    ...(size === 'smoke'
      ? []
      : [atMost('99 of 100 of them are seen by all who ask after', P99_LIMIT_MS, staleness.p99, milliseconds)]),
  ]
}
