/**
 * Invalidation storm: prices change two hundred times a second while they are read, and an oracle checks each answer.
 *
 *     writer     PUT PUT PUT PUT PUT …     each process in turn, each product one change at a time
 *     visitors   read read read read …     products whose price changes, alone, in lists and in baskets
 *     oracle     what was told ── what was true when it was asked for?
 */

import { requestMix } from './mix.ts'
import { grouped, milliseconds } from './numbers.ts'
import { askOracle, noPriceIsTooOld } from './oracle.ts'
import { play } from './play.ts'
import { PriceWriter } from './price-writer.ts'
import { atLeast, atMost, countsAgree, fewArrivalsAreDropped, generatorOf, none, noVisitFails } from './promises.ts'
import type { Judgement, Run, Size } from './run-file.ts'
import type { Played, Scenario, Scene } from './scenario.ts'
import { openOwnSite } from './site.ts'
import { runOf } from './timeline.ts'
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
/** Of the changes 99 in 100 are visible everywhere within, at `laptop` and above. */
const P99_LIMIT_MS = 50
/** Of the rate that is stated: below it, the storm was a breeze. */
const LEAST_CHANGES = 0.9
const S = 0.99

export const storm: Scenario = {
  name: 'invalidation-storm',
  title: 'two hundred price changes a second under reads, each answer checked',
  question: 'Is anybody ever told a price that is older than the bound?',
  workload: { smoke: workloadOf(PLANS.smoke), laptop: workloadOf(PLANS.laptop), full: workloadOf(PLANS.full) },
  expectation: `No price older than ${BOUND_MS} ms; 99 of 100 changes visible everywhere within ${P99_LIMIT_MS} ms of their answer.`,
  seed: { smoke: 'tiny', laptop: 'demo', full: 'demo' },
  needsOwnShop: 'changes prices',
  controls: CONTROLS,
  play: playStorm,
  compare: (_run, control, variant) => (variant === 'naive' ? [showsOldPrices(control)] : []),
  conclude([run]) {
    const { p50 = 0, p99 = 0, max = 0 } = run?.staleness ?? {}
    const [first, second, third] = [p50, p99, max].map(milliseconds)
    return `No price too old; a change was visible everywhere after p50 ${first}, p99 ${second}, max ${third}.`
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
  const freshness = askOracle({ before, changes, answers: observed.answers, boundMs: BOUND_MS })
  const run: Run = {
    ...runOf(NAMES[variant], observed),
    staleness: freshness.staleness,
    extra: [
      { label: 'price changes', value: grouped(changes.length) },
      { label: 'prices checked', value: grouped(freshness.checked) },
    ],
  }
  const { p50, p99, max } = freshness.staleness
  step.done(
    `${grouped(changes.length)} changes, visible after p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}, max ${milliseconds(max)}`,
  )
  const judgements = [
    noPriceIsTooOld(freshness, BOUND_MS),
    noVisitFails(run, observed),
    none('no price change fails', writer.failed),
    fewArrivalsAreDropped(run, observed, scene.size),
    ...countsAgree(run, observed),
    ...(scene.size === 'smoke'
      ? [atLeast('price changes', 1, changes.length, grouped)]
      : [
          atLeast('price changes', LEAST_CHANGES * changesPerSecond * seconds, changes.length, grouped),
          atMost('99 of 100 changes are visible everywhere after', P99_LIMIT_MS, p99, milliseconds),
        ]),
  ]
  return { run, judgements: variant === 'on' ? judgements : [], generator: generatorOf(run, observed) }
}
