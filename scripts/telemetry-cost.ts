/**
 * `npm run telemetry-cost`: what metrics and traces cost a request that memory answers.
 *
 * Six processes of the API, each with other settings, answer the same requests in turns: so many requests to one, then as
 * many to the next, round after round, so that whatever else this machine does falls on all of them. Two processes with
 * the same settings differ by some per cent for as long as they live, so all six are started anew a few times. A process of
 * its own asks. What is compared is the processor time of the API's process, all its threads, in its turns.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { migrate, seed } from '@shop/db'
import { startPostgres, startRedis, temporaryDirectory, throwaway } from '@shop/local-stack'

import { messageOf } from './messages.ts'
import { createShutdown } from './shutdown.ts'
import { parse, UsageError } from './start-options.ts'
import { openTerminal } from './terminal.ts'
import { wholeNumber } from './whole-number.ts'

const HELP = `npm run telemetry-cost -- [--requests 20000] [--rounds 3] [--starts 4]

Processor time of one request that memory answers, with metrics and traces off and on, in one run.

  --requests N    requests of each turn, 1000 to 1000000 (default 20000)
  --rounds N      turns of each process, 1 to 100 (default 3)
  --starts N      how often all processes are started anew, 1 to 20 (default 4)
  --help          show this`

const EXIT = { done: 0, failed: 2 } as const

/** What is measured, and with what it is compared first. */
const SETTINGS: readonly {
  readonly name: string
  readonly metrics: 'on' | 'off'
  /** Absent: no traces. */
  readonly ratio?: string
}[] = [
  { name: 'all off', metrics: 'off' },
  { name: 'metrics', metrics: 'on' },
  { name: 'metrics, 0 % of traces', metrics: 'on', ratio: '0' },
  { name: 'metrics, 1 % of traces', metrics: 'on', ratio: '0.01' },
  { name: 'metrics, 10 % of traces', metrics: 'on', ratio: '0.1' },
  { name: 'metrics, 100 % of traces', metrics: 'on', ratio: '1' },
]

const API = new URL('./telemetry-cost-api.ts', import.meta.url)
const CLIENT = new URL('./telemetry-cost-client.ts', import.meta.url)

const terminal = openTerminal()
const shutdown = createShutdown({
  onBegin: () => terminal.say('\n  Stopping …'),
  onForce: () => terminal.warn('  Stopped at once.'),
  onProblem: (part, error) => terminal.fail(`  ${part}: ${messageOf(error)}`),
  onEnd: () => terminal.end(),
})

try {
  const { requests, rounds, starts, help } = parse(process.argv.slice(2), {
    requests: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '3' },
    starts: { type: 'string', default: '4' },
    help: { type: 'boolean', short: 'h', default: false },
  })
  if (help) terminal.say(HELP)
  else {
    await measure({
      requests: wholeNumber('--requests', requests, 1_000, 1_000_000),
      rounds: wholeNumber('--rounds', rounds, 1, 100),
      starts: wholeNumber('--starts', starts, 1, 20),
    })
  }
  await shutdown.run(EXIT.done)
} catch (error) {
  // A stop in the middle makes what is under way fail; that is no news.
  if (!shutdown.isStopping) {
    terminal.end()
    terminal.fail(`\n  ${messageOf(error)}${error instanceof UsageError ? `\n\n${HELP}` : ''}`)
    await shutdown.run(EXIT.failed)
  }
}

interface Extent {
  readonly requests: number
  readonly rounds: number
  readonly starts: number
}

interface Api {
  readonly name: string
  readonly url: string
  /** Milliseconds of processor time so far. */
  usage(): Promise<number>
  stop(): Promise<void>
}

async function measure({ requests, rounds, starts }: Extent): Promise<void> {
  const step = terminal.step('shop')
  step.progress('starting, of its own')
  const directory = await temporaryDirectory('telemetry-cost')
  shutdown.add({ name: 'data', stop: () => directory.remove(), force: () => undefined })
  const postgres = await startPostgres({ dir: join(directory.path, 'postgres'), settings: throwaway })
  shutdown.add({ name: 'PostgreSQL', stop: () => postgres.stop(), force: () => postgres.kill('SIGQUIT') })
  const redis = await startRedis({ dir: join(directory.path, 'redis') })
  shutdown.add({ name: 'Redis', stop: () => redis.stop(), force: () => redis.kill('SIGKILL') })
  await migrate(postgres.url)
  await seed(postgres.url, { size: 'tiny' })
  const shared = { DATABASE_URL: postgres.url, REDIS_URL: redis.url }
  const collector = await startCollector()
  const client = started('client', fork(CLIENT, { execArgv: [], env: { PATH: env.PATH } }))
  const ask = async (url: string) => {
    client.child.send({ url: `${url}/products/1`, requests })
    await once(client.child, 'message')
  }
  step.done('Postgres, Redis, and who asks')

  const figures = new Map(SETTINGS.map(({ name }) => [name, [] as number[]]))
  for (let start = 0; start < starts; start++) {
    const step = terminal.step(`start ${start + 1}`)
    step.progress(`${SETTINGS.length} processes of the API`)
    const apis = await Promise.all(
      SETTINGS.map(({ name, metrics, ratio }) => {
        const traces = ratio === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: collector, TRACE_SAMPLE_RATIO: ratio }
        return startApi(name, { ...shared, METRICS: metrics, ...traces })
      }),
    )
    for (let round = -1; round < rounds; round++) {
      step.progress(round < 0 ? 'warming up' : `turns, ${round + 1} of ${rounds}`)
      // Each begins another round, so that none always follows the same one.
      for (let turn = 0; turn < apis.length; turn++) {
        const api = apis[(turn + round + start + 1) % apis.length] as Api
        const before = await api.usage()
        await ask(api.url)
        if (round >= 0) figures.get(api.name)?.push(((await api.usage()) - before) / requests)
      }
    }
    await Promise.all(apis.map((api) => api.stop()))
    step.done(`${rounds} turns of each, ${requests} requests in each`)
  }
  terminal.say(tableOf(figures))
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores; Node ${process.versions.node}`
  terminal.say(`\n  ${machine}; ${starts} starts, 16 connections, log level error\n`)
}

/** It takes what it is sent and says that it has. */
async function startCollector(): Promise<string> {
  const server = createServer((request, response) => request.resume().on('end', () => response.end()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  shutdown.add({
    name: 'collector',
    stop: async () => server.closeAllConnections(),
    force: () => server.closeAllConnections(),
  })
  server.unref()
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function startApi(name: string, environment: Readonly<Record<string, string>>): Promise<Api> {
  // Complete: what is set in the person's own environment must not change what is measured.
  const own = { PATH: env.PATH, PORT: '0', LOG_LEVEL: 'error', WARM_LIMIT_MS: '0', ...environment }
  const { child, stop } = started(name, fork(API, { execArgv: [], env: own }))
  const [{ url }] = await once(child, 'message')
  return {
    name,
    url,
    async usage() {
      child.send('usage')
      const [{ user, system }] = await once(child, 'message')
      return (user + system) / 1_000
    },
    stop,
  }
}

function started(name: string, child: ChildProcess) {
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill()
    await ended
  }
  shutdown.add({ name, stop, force: () => child.kill('SIGKILL') })
  return { child, stop }
}

function tableOf(figures: ReadonlyMap<string, readonly number[]>): string {
  const medians = [...figures].map(([name, each]) => ({ name, each, median: median(each) * 1_000 }))
  const first = medians[0]?.median ?? Number.NaN
  const rows = medians.map(({ name, each, median }) => {
    const [least, most] = [Math.min(...each) * 1_000, Math.max(...each) * 1_000]
    return `| ${name} | ${median.toFixed(1)} | ${least.toFixed(1)} to ${most.toFixed(1)} | ${(median / first).toFixed(2)} |`
  })
  return ['', '| | µs of a request, median | least to most | ratio |', '|---|---|---|---|', ...rows].join('\n')
}

function median(each: readonly number[]): number {
  const sorted = each.toSorted((a, b) => a - b)
  return ((sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0)) / 2
}
