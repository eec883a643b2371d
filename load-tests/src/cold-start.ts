/**
 * Cold start: a shop that begins empty, warmed and not; then Redis forgets everything, and then all is deployed anew.
 *
 *     not warmed   empty ─── visitors ───
 *     warmed       empty ─ warms ─ ready ─── visitors ─── FLUSHALL ─── visitors ─── each process anew ─── visitors
 *
 * A visit that waited for the load of another has waited for the database as well, so here it is no hit.
 */

import { hitRate, percent } from './browse.ts'
import { ask } from './client.ts'
import { requestMix } from './mix.ts'
import { grouped } from './numbers.ts'
import { type Clock, play } from './play.ts'
import { atLeast, fewArrivalsAreDropped, generatorOf, k6CountsAgree, noVisitFails } from './promises.ts'
import { redisCommand } from './redis-command.ts'
import type { Judgement, Run, Size } from './run-file.ts'
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
/**
 * Of the first visits after each beginning, at `laptop` and above. A cache that loads each page once and was never warmed
 * has 47 % of those after a start, at least 45 % of those after a flush, and at least 77 % of those while processes are
 * replaced, because Redis has kept what was loaded since (the pages of the mix, counted). A start is ready when it was
 * warmed and so must have more. After a flush warming and visitors begin together, and while processes are replaced each
 * new one begins with an empty memory: there it is as much, less a tenth for visits that came while a page was loaded.
 */
const LEAST_HITS = { start: 0.7, flush: 0.4, deploy: 0.65 } as const

export const coldStart: Scenario = {
  name: 'cold-start',
  title: 'an empty shop, warmed and not; then a flush, then a deploy',
  question: 'Do the first visitors after a start, a flush or a deploy wait for the database?',
  workload: { smoke: workloadOf(PLANS.smoke), laptop: workloadOf(PLANS.laptop), full: workloadOf(PLANS.full) },
  expectation:
    `No visit fails; ${percent(LEAST_HITS.start)} of the first ${grouped(FIRST)} are hits when warmed, more than when not; ` +
    `${percent(LEAST_HITS.flush)} of the first after FLUSHALL, and ${percent(LEAST_HITS.deploy)} while processes are replaced.`,
  seed: { smoke: 'tiny', laptop: 'demo', full: 'demo' },
  needsOwnShop: 'empties the cache and stops processes',
  controls: [],
  play: playColdStart,
  conclude([warmed, unwarmed]) {
    const [start, flush, deploy] = (warmed?.extra ?? []).map(({ value }) => value)
    const cold = unwarmed?.extra?.[0]?.value
    return `Of the first ${grouped(FIRST)} visits ${start} were hits when warmed, ${cold} when not, ${flush} after FLUSHALL; ${deploy} while processes were replaced; none failed.`
  },
}

const FLUSH = 'Redis forgets everything'
const REPLACED = 'a process is replaced'

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
      mark(FLUSH, 'fault')
      await redisCommand(site.shop.redisUrl, 'FLUSHALL')
      await at(2 * seconds * 1_000)
      for (const process of site.api.processes) {
        mark(REPLACED, 'phase')
        await process.stop()
        await process.restart(scene.signal)
      }
    },
  })
  const { run, observed } = warmed
  const judgements = [
    noVisitFails(run, observed),
    fewArrivalsAreDropped(run, observed, scene.size),
    // The counts of processes that were stopped have gone with them.
    k6CountsAgree(run, observed),
    ...judgeHits(scene.size, observed, unwarmed.observed),
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
    const hits = hitsIn(scene.size, observed)
    const extra = [
      { label: 'hits of the first visits', value: percent(hits.start) },
      ...(meanwhile ? [{ label: 'of the first after FLUSHALL', value: percent(hits.flush) }] : []),
      ...(meanwhile ? [{ label: 'while processes were replaced', value: percent(hits.deploy) }] : []),
    ]
    const run = { ...plain, extra }
    step.done(
      `${percent(hits.start)} hits of the first visits, ${percent(hitRate(run))} without a load of their own of all`,
    )
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

/** Shares of visits that waited for no load, neither their own nor that of another. */
type Hits = Readonly<Record<keyof typeof LEAST_HITS, number>>

export function judgeHits(size: Size, warmed: Observed, unwarmed: Observed): readonly Judgement[] {
  const hits = hitsIn(size, warmed)
  const cold = hitsIn(size, unwarmed)
  const more = atLeast('hits of the first visits, warmed and not warmed', cold.start, hits.start, percent)
  if (size === 'smoke') return [more]
  return [
    more,
    atLeast('hits of the first visits, warmed', LEAST_HITS.start, hits.start, percent),
    atLeast('hits of the first visits after FLUSHALL', LEAST_HITS.flush, hits.flush, percent),
    atLeast('hits while each process is replaced', LEAST_HITS.deploy, hits.deploy, percent),
  ]
}

function hitsIn(size: Size, observed: Observed): Hits {
  const { rate, seconds } = PLANS[size]
  const at = (label: string) => observed.events.find((event) => event.label === label)?.atMs ?? Number.NaN
  const share = (fromMs: number, most: number) => hitsOfFirst(observed, fromMs, fromMs + seconds * 1_000, most)
  return {
    start: share(0, FIRST),
    flush: share(at(FLUSH), FIRST),
    // All of them, because the last process is replaced long after the first.
    deploy: share(at(REPLACED), rate * seconds),
  }
}

function hitsOfFirst({ answers, startedAt }: Observed, fromMs: number, toMs: number, most: number): number {
  const meanwhile = answers.filter(({ askedAt }) => askedAt - startedAt >= fromMs && askedAt - startedAt < toMs)
  const first = meanwhile.toSorted((a, b) => a.askedAt - b.askedAt).slice(0, most)
  const { memory, redis, stale } = hitsOf(first)
  return first.length === 0 ? 0 : (memory + redis + stale) / first.length
}
