/**
 * Cold start: a shop that begins empty, warmed and not; then Redis forgets everything, and then all is deployed anew.
 *
 *     not warmed   empty ─── visitors ───
 *     warmed       empty ─ warms ─ ready ─── visitors ─── FLUSHALL ─── visitors ─── each process anew ─── visitors
 */

import { hitRate, percent } from './browse.ts'
import { ask } from './client.ts'
import { requestMix } from './mix.ts'
import { grouped } from './numbers.ts'
import { type Clock, play } from './play.ts'
import { atLeast, countsAgree, fewArrivalsAreDropped, generatorOf, noVisitFails } from './promises.ts'
import { redisCommand } from './redis-command.ts'
import type { Run, Size } from './run-file.ts'
import type { Played, Scenario, Scene } from './scenario.ts'
import { type OwnSite, openOwnSite } from './site.ts'
import { hitsOf, type Observed, runOf } from './timeline.ts'
import { S } from './traffic-scenario.ts'
import { NAMES, type Variant } from './variant.ts'
import { until } from './waiting.ts'

interface Plan {
  readonly rate: number
  /** How long visitors come after each of the three beginnings. */
  readonly seconds: number
}

const PLANS: Readonly<Record<Size, Plan>> = {
  smoke: { rate: 60, seconds: 4 },
  laptop: { rate: 300, seconds: 15 },
  full: { rate: 600, seconds: 30 },
}

/** No start here is stopped by its limit. */
const WARM_LIMIT_MS = 60_000
const PATIENCE_MS = 10_000
/** The visits that are said to be the first. */
const FIRST = 1_000
/** Of the first visits of a warmed start, at `laptop` and above. */
const LEAST_HITS = 0.7

export const coldStart: Scenario = {
  name: 'cold-start',
  title: 'an empty shop, warmed and not; then a flush, then a deploy',
  question: 'Do the first visitors after a start, a flush or a deploy wait for the database?',
  workload: { smoke: workloadOf(PLANS.smoke), laptop: workloadOf(PLANS.laptop), full: workloadOf(PLANS.full) },
  expectation: `No visit fails; ${percent(LEAST_HITS)} of the first ${grouped(FIRST)} are hits when warmed, more than when not.`,
  seed: { smoke: 'tiny', laptop: 'demo', full: 'demo' },
  needsOwnShop: 'empties the cache and stops processes',
  controls: [],
  play: playColdStart,
  conclude([warmed, unwarmed]) {
    const first = (run: Run | undefined) => run?.extra?.[0]?.value ?? ''
    return `Of the first ${grouped(FIRST)} visits ${first(warmed)} were hits when warmed, ${first(unwarmed)} when not; none failed.`
  },
}

function workloadOf({ rate, seconds }: Plan): string {
  return (
    `The mix of browse at ${rate} visits/s: ${seconds} s on an empty shop that was not warmed; then ${seconds} s on one that ` +
    `was, ${seconds} s after FLUSHALL, and ${seconds} s while its processes are replaced one after the other.`
  )
}

async function playColdStart(scene: Scene, variant: Variant): Promise<Played> {
  const { rate, seconds } = PLANS[scene.size]
  const unwarmed = await playStart(scene, { variant, warmLimitMs: 0, name: 'not warmed', seconds })
  const warmed = await playStart(scene, {
    variant,
    warmLimitMs: WARM_LIMIT_MS,
    name: NAMES[variant],
    seconds: 3 * seconds,
    async meanwhile(site, { at, mark }) {
      await at(seconds * 1_000)
      mark('Redis forgets everything', 'fault')
      await redisCommand(site.shop.redisUrl, 'FLUSHALL')
      await at(2 * seconds * 1_000)
      for (const process of site.api.processes) {
        mark('a process is replaced', 'phase')
        await process.stop()
        await process.restart(scene.signal)
      }
    },
  })
  const { run, observed } = warmed
  const first = firstHits(observed, rate * seconds)
  const judgements = [
    noVisitFails(run, observed),
    fewArrivalsAreDropped(run, observed, scene.size),
    atLeast(
      'hits of the first visits, warmed and not warmed',
      firstHits(unwarmed.observed, rate * seconds),
      first,
      percent,
    ),
    // The counts of processes that were stopped have gone with them.
    ...countsAgree(run, { ...observed, samples: [] }),
    ...(scene.size === 'smoke' ? [] : [atLeast('hits of the first visits, warmed', LEAST_HITS, first, percent)]),
  ]
  return { run, others: [unwarmed.run], judgements, generator: generatorOf(run, observed) }

  async function playStart(
    scene: Scene,
    { variant, warmLimitMs, name, seconds, meanwhile }: Start,
  ): Promise<{ readonly run: Run; readonly observed: Observed }> {
    await using site = await openOwnSite(scene, variant, { env: { WARM_LIMIT_MS: String(warmLimitMs) } })
    const step = scene.terminal.step(name)
    step.progress('until it is ready')
    await ready(site, scene.signal)
    const { products, categories } = site.catalogue
    const observed = await play(
      site,
      {
        stages: [{ rate, seconds }],
        paths: Array.from({ length: rate * seconds }, requestMix({ products, categories, s: S, seed: 1 })),
        patienceMs: PATIENCE_MS,
        meanwhile: async (clock) => meanwhile?.(site, clock),
      },
      scene,
      step,
    )
    const plain = runOf(name, observed)
    const first = percent(firstHits(observed, rate * PLANS[scene.size].seconds))
    const run = { ...plain, extra: [{ label: 'hits of the first visits', value: first }] }
    step.done(`${first} hits of the first visits, ${percent(hitRate(run))} of all`)
    return { run, observed }
  }
}

interface Start {
  readonly variant: Variant
  readonly warmLimitMs: number
  readonly name: string
  readonly seconds: number
  meanwhile?(site: OwnSite, clock: Clock): Promise<void>
}

async function ready({ urls }: OwnSite, signal: AbortSignal): Promise<void> {
  const isReady = async () =>
    (await Promise.all(urls.map((url) => ask(`${url}/readyz`)))).every(({ status }) => status === 200)
  await until(isReady, { limitMs: WARM_LIMIT_MS, signal })
}

/** Of those that came before anything else happened. */
function firstHits({ answers }: Observed, came: number): number {
  const first = answers.toSorted((a, b) => a.askedAt - b.askedAt).slice(0, Math.min(FIRST, came))
  const { load, bypass } = hitsOf(first)
  return first.length === 0 ? 0 : 1 - (load + bypass) / first.length
}
