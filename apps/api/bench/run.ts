/**
 * `npm run bench:http`: how much of what Node can do is left when the API serves a product from its memory.
 *
 * One process of the API and a bare `node:http` that answers the same bytes and fields, both on one core; wrk on another.
 * They take turns, and the ratio of each round is of two neighbours, so that what else the machine does meets both.
 *
 * The shop promises a ratio of 0.8. Single rounds say otherwise by chance, so the median is judged, and their spread said.
 */

import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { migrate, seed } from '@shop/db'
import { startPostgres, startRedis, temporaryDirectory, throwaway } from '@shop/local-stack'

import { findWrk, type WrkResult, wrk } from './wrk.ts'

const USAGE = `Usage: npm run bench:http -- [--rounds 7] [--seconds 4] [--profile]

Compares one process of the API, which has the product in its memory, with a bare
node:http that answers the same bytes. It needs wrk. --profile writes the profile
of the processor to report/.

The exit status is 1 if an answer failed, or if the API does less than 0.8 of what
node:http does, in the median of the rounds. It is 2 without wrk, or with an argument
that is none.`

const LEAST_RATIO = 0.8
const CONNECTIONS = 32
const API = new URL('../src/main.ts', import.meta.url)
const BARE = new URL('./bare.ts', import.meta.url)

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '4' },
    profile: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)
if (![rounds, seconds].every((count) => Number.isInteger(count) && count > 0)) {
  console.error(`--rounds and --seconds take whole numbers from 1.\n\n${USAGE}`)
  process.exit(2)
}

if (!(await findWrk())) {
  console.error('This needs wrk on the PATH: apt-get install wrk, or brew install wrk.')
  process.exit(2)
}

await using stack = new AsyncDisposableStack()
const directory = await temporaryDirectory('bench-http')
stack.defer(() => directory.remove())
const redis = await startRedis({ dir: `${directory.path}/redis` })
stack.defer(() => redis.stop())
const postgres = await startPostgres({ dir: `${directory.path}/postgres`, settings: throwaway })
stack.defer(() => postgres.stop())
await migrate(postgres.url)
await seed(postgres.url, { size: 'tiny' })
// Spans of the one in a hundred that is drawn go somewhere, as they would.
const collector = createServer((request, response) => void request.resume().on('end', () => response.end()))
collector.listen(0, '127.0.0.1')
await once(collector, 'listening')
stack.defer(() => void collector.close())

// The generator has a core of its own; where there is only one, the figures say nothing and the ratio a little.
const [serverCore, generatorCore] = availableParallelism() > 1 && process.platform === 'linux' ? [0, 1] : []

const api = start(API, {
  DATABASE_URL: postgres.url,
  REDIS_URL: redis.url,
  LOG_LEVEL: 'warn',
  WARM_LIMIT_MS: '0',
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
  TRACE_SAMPLE_RATIO: '0.01',
})
const [{ url: apiUrl }] = (await once(api, 'message')) as [{ url: string }]
const page = `${apiUrl}/products/1`
for (let i = 0; i < 200; i++) await (await fetch(page)).text()
const sample = await fetch(page)
const body = await sample.text()
const fields = [...sample.headers].filter(
  ([name]) => !['date', 'connection', 'keep-alive', 'transfer-encoding'].includes(name),
)

const bare = start(BARE, {})
bare.send({ fields, body })
const [{ url: bareUrl }] = (await once(bare, 'message')) as [{ url: string }]

console.log(`GET /products/1, ${Buffer.byteLength(body)} bytes, ${fields.length} fields, ${CONNECTIONS} connections`)
console.log(`${cpus()[0]?.model}, node ${process.versions.node}, 1 % of the requests traced, metrics on`)
// Where others want the same cores, the API is the one that is starved: it has more to do than the bare one.
console.log(
  `load of the machine before: ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`,
)
console.log('round     bare req/s      api req/s   ratio    bare p99 ms   api p99 ms')
const ratios: number[] = []
let failed = 0
const measure = (url: string): Promise<WrkResult> =>
  wrk({ url, seconds, connections: CONNECTIONS, core: generatorCore })
for (let round = 0; round <= rounds; round++) {
  // By turns first and second, so that neither always has what the other has warmed.
  const first = round % 2 === 0
  const before = first ? await measure(`${bareUrl}/`) : undefined
  const of = await measure(page)
  const against = before ?? (await measure(`${bareUrl}/`))
  failed += of.failed + against.failed
  // The first is for the compilers.
  if (round === 0) continue
  const ratio = of.requestsPerSecond / against.requestsPerSecond
  ratios.push(ratio)
  console.log(
    `${round}`.padEnd(6) +
      `${Math.round(against.requestsPerSecond)}`.padStart(13) +
      `${Math.round(of.requestsPerSecond)}`.padStart(15) +
      ratio.toFixed(2).padStart(8) +
      against.p99.toFixed(2).padStart(15) +
      of.p99.toFixed(2).padStart(13) +
      (of.failed + against.failed > 0 ? `   ${of.failed + against.failed} failed` : ''),
  )
}
const sorted = ratios.toSorted((a, b) => a - b)
const [least, median, most] = [0, (sorted.length - 1) >> 1, -1].map((at) => sorted.at(at) as number)
const written = [median, least, most].map((ratio) => ratio?.toFixed(3))
console.log(
  `ratio of the API to bare node:http, median of ${sorted.length}: ${written[0]} (${written[1]} to ${written[2]})`,
)
if (failed > 0) console.error(`✘ ${failed} answers failed`)
const isKept = median !== undefined && median >= LEAST_RATIO
console.log(`${isKept ? '✔' : '✘'} at least ${LEAST_RATIO.toFixed(2)}`)
process.exitCode = failed === 0 && isKept ? 0 : 1

function start(file: URL, env: NodeJS.ProcessEnv): ChildProcess {
  const child = fork(file, {
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    execArgv: values.profile && file === API ? ['--cpu-prof', '--cpu-prof-dir=report'] : [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  stack.defer(async () => {
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  // All threads of it, also those to come.
  if (serverCore !== undefined) execFileSync('taskset', ['-acp', `${serverCore}`, `${child.pid}`], { stdio: 'ignore' })
  return child
}
