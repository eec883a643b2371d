/**
 * `npm run bench:edge`: how many requests one core of the edge answers, beside one core of the API.
 *
 * The compose project is brought up under a name of its own, with its ports wherever they are free, and goes afterwards.
 * Edge and API have one processor, the same, and wrk another. They take turns; a ratio is of the neighbours of one round,
 * so that what else the machine does meets both.
 *
 *     requests of one core = requests a second / cores that the container has used meanwhile
 *
 * What the system does for a connection on behalf of wrk is wrk's, as it would be of another machine.
 */

import { execFile } from 'node:child_process'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs, promisify } from 'node:util'

import { findWrk, wrk } from '../apps/api/bench/wrk.ts'
import { type BenchShop, type Measured, startBenchShop } from './bench-shop.ts'
import { paths } from './k6/paths.ts'
import { until } from './outside.ts'

const USAGE = `Usage: npm run bench:edge -- [--rounds 5] [--seconds 4] [--connections 64]

Brings the shop of docker-compose.yml up with one API, drives the edge and the API
with one product and the edge with the pages of many, by turns, and takes it down.
It needs a Docker engine and wrk.

The exit status is 1 if an answer failed, or if the edge had less than 99.9 % of
what it was asked for: then there is no figure. It is 2 if it could not be run.`

const LEAST_HITS = 0.999
const WARM_LIMIT_MS = 10_000
const WANTED = 100_000
const PRODUCT = '/products/1'

interface Turn {
  readonly requestsPerSecond: number
  readonly cores: number
  readonly perCore: number
  /** Of what the edge was asked for meanwhile. */
  readonly hits: number
}

interface Round {
  readonly edge: Turn
  /** The edge, asked for many pages. */
  readonly mix: Turn
  readonly api: Turn
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '64' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
const [rounds, seconds, connections] = [Number(values.rounds), Number(values.seconds), Number(values.connections)]
// The generator has a core of its own where there are two.
const generatorCore = availableParallelism() > 1 && process.platform === 'linux' ? 1 : undefined

process.exitCode = await bench()

async function bench(): Promise<number> {
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  if (![rounds, seconds, connections].every((count) => Number.isInteger(count) && count > 0)) {
    console.error(USAGE)
    return 2
  }
  const missing = await whatIsMissing()
  if (missing) {
    console.error(missing)
    return 2
  }
  await using shop = await startBenchShop(0)
  const pages = await warm(shop)
  console.log(await conditions(shop, pages))
  return judge(await play(shop, pages))
}

async function whatIsMissing(): Promise<string | undefined> {
  const engine = await promisify(execFile)('docker', ['info', '--format', '{{.ServerVersion}}']).catch(() => undefined)
  if (!engine) return 'This needs a Docker engine that answers: docker info'
  return (await findWrk()) ? undefined : 'This needs wrk on the PATH: apt-get install wrk, or brew install wrk.'
}

/** Has the edge keep what it may keep, and says which of the pages that is: it keeps no product that is not sold any more. */
async function warm({ edge, api }: BenchShop): Promise<readonly string[]> {
  const get = async (url: string) => {
    const response = await fetch(url)
    await response.arrayBuffer()
    return { isThere: response.ok, status: response.headers.get('cache-status') ?? '' }
  }
  const all = paths()
  const there = new Set<string>()
  for (const page of new Set([PRODUCT, ...all])) {
    if (!(await get(edge.url + page)).isThere) continue
    const isKept = async () => (await get(edge.url + page)).status.includes('edge; hit')
    await until(isKept, WARM_LIMIT_MS, `the edge to keep ${page}`)
    there.add(page)
  }
  const isInMemory = async () => (await get(api.url + PRODUCT)).status.includes('detail=memory')
  await until(isInMemory, WARM_LIMIT_MS, `the API to have ${PRODUCT} in its memory`)
  return all.filter((page) => there.has(page))
}

async function conditions({ edge, api, edgeVersion }: BenchShop, pages: readonly string[]): Promise<string> {
  const way =
    edge.isDirect && api.isDirect
      ? 'the addresses of the containers are asked'
      : 'a published port is asked, so a process of the engine copies each byte: the figures are too low'
  return `GET ${PRODUCT}, and ${pages.length} pages of the load profile; ${connections} connections that are kept, ${seconds} s a turn
${cpus()[0]?.model}, node ${process.versions.node}, ${await edgeVersion()}; ${way}
the edge and the API may use one core each, both core 0; wrk is on ${generatorCore === undefined ? 'any' : `core ${generatorCore}`}
load of the machine before: ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}
round  edge req/s  cores  a core   of many pages, a core   had      API req/s  cores  a core   edge : API`
}

async function play(shop: BenchShop, pages: readonly string[]): Promise<readonly Round[]> {
  const played: Round[] = []
  for (let round = 0; round <= rounds; round++) {
    // By turns first and last, so that neither always has what the other has warmed.
    const first = round % 2 === 0 ? await turn(shop, shop.edge) : undefined
    const api = await turn(shop, shop.api)
    const edge = first ?? (await turn(shop, shop.edge))
    const mix = await turn(shop, shop.edge, pages)
    // The first is for the compiler of the API.
    if (round === 0) continue
    played.push({ edge, mix, api })
    console.log(lineOf(round, { edge, mix, api }))
  }
  return played
}

async function turn(shop: BenchShop, { url, cpuTime }: Measured, pages?: readonly string[]): Promise<Turn> {
  const [askedBefore, usedBefore] = [await shop.edgeCounters(), await cpuTime()]
  const { requests, requestsPerSecond, failed } = await wrk({
    url: url + PRODUCT,
    ...{ seconds, connections, core: generatorCore, pages },
  })
  const used = (await cpuTime()) - usedBefore
  const asked = await shop.edgeCounters()
  if (failed > 0) throw new Error(`${failed} answers of ${url} failed`)
  return {
    requestsPerSecond,
    cores: used / seconds,
    perCore: requests / used,
    hits: (asked.hits - askedBefore.hits) / (asked.requests - askedBefore.requests),
  }
}

function lineOf(round: number, { edge, mix, api }: Round): string {
  const rate = (turn: Turn) => `${Math.round(turn.requestsPerSecond)}`
  const perCore = (turn: Turn) => `${Math.round(turn.perCore)}`
  return (
    `${round}`.padEnd(5) +
    rate(edge).padStart(12) +
    edge.cores.toFixed(2).padStart(7) +
    perCore(edge).padStart(8) +
    perCore(mix).padStart(24) +
    `${(Math.min(edge.hits, mix.hits) * 100).toFixed(2)} %`.padStart(10) +
    rate(api).padStart(11) +
    api.cores.toFixed(2).padStart(7) +
    perCore(api).padStart(8) +
    (edge.perCore / api.perCore).toFixed(2).padStart(13)
  )
}

function judge(played: readonly Round[]): number {
  const had = Math.min(...played.flatMap(({ edge, mix }) => [edge.hits, mix.hits]))
  if (!(had >= LEAST_HITS)) {
    console.error(`The edge had only ${(had * 100).toFixed(2)} % of what it was asked for: these are no figures of it.`)
    return 1
  }
  const perCore = middleOf(played.map(({ edge }) => edge.perCore))
  console.log(`requests a second of one core, median of ${played.length} (least to most):
  edge, one product     ${spreadOf(played.map(({ edge }) => edge.perCore))}
  edge, many pages      ${spreadOf(played.map(({ mix }) => mix.perCore))}
  API, from its memory  ${spreadOf(played.map(({ api }) => api.perCore))}
edge to API: ${spreadOf(played.map(({ edge, api }) => edge.perCore / api.perCore))}
cores of the edge for ${WANTED} requests a second: ${(WANTED / perCore).toFixed(1)} (computed: ${WANTED} / ${Math.round(perCore)})`)
  return 0
}

function spreadOf(figures: readonly number[]): string {
  const [middle, least, most] = [middleOf(figures), Math.min(...figures), Math.max(...figures)].map((figure) =>
    figure < 100 ? figure.toFixed(2) : `${Math.round(figure)}`,
  )
  return `${middle} (${least} to ${most})`
}

/** Of two in the middle the lesser. */
function middleOf(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[(figures.length - 1) >> 1] ?? Number.NaN
}
