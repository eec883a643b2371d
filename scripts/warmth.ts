/**
 * `npm run warmth`: what warming and refresh-ahead are worth, measured on a shop of its own with the 10 000 products of
 * `demo`.
 */

import { join } from 'node:path'
import { env } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { connect, migrate, seed } from '@shop/db'
import { startPostgres, startRedis, temporaryDirectory, throwaway } from '@shop/local-stack'

import { messageOf } from './messages.ts'
import { processGroup } from './shop-processes.ts'
import { createShutdown } from './shutdown.ts'
import { parse, UsageError } from './start-options.ts'
import { openTerminal } from './terminal.ts'
import { type Expiry, measureExpiry } from './warmth-expiry.ts'
import { ranked, type Visits, visit, zipf } from './warmth-visits.ts'
import { wholeNumber } from './whole-number.ts'

const HELP = `npm run warmth -- [--visits 10000] [--lifetimes 20]

How many of the first visits after a start are answered by the cache, when the process warmed itself and
when it did not; and how long the visitors of hot products wait when these expire. Runs on a shop of its own.

  --visits N      visits after each start, 1000 to 1000000 (default 10000)
  --lifetimes N   how often hot products expire, 1 to 1000 (default 20)
  --help          show this`

const EXIT = { done: 0, failed: 2 } as const

/** Who came yesterday, whose visits are counted, and who comes after the start: not the same. */
const SEED = { yesterday: 7, today: 8 } as const
/** As many times the visits of today. */
const YESTERDAY = 5
const HOTTEST = 10
const READY_LIMIT_MS = 60_000
/** No start here is stopped by its limit. */
const WARM_LIMIT_MS = 60_000

const terminal = openTerminal()
const shutdown = createShutdown({
  onBegin: () => terminal.say('\n  Stopping …'),
  onForce: () => terminal.warn('  Stopped at once.'),
  onProblem: (part, error) => terminal.fail(`  ${part}: ${messageOf(error)}`),
  onEnd: () => terminal.end(),
})

try {
  const { visits, lifetimes, help } = parse(process.argv.slice(2), {
    visits: { type: 'string', default: '10000' },
    lifetimes: { type: 'string', default: '20' },
    help: { type: 'boolean', short: 'h', default: false },
  })
  if (help) terminal.say(HELP)
  else await measure(wholeNumber('--visits', visits, 1_000, 1_000_000), wholeNumber('--lifetimes', lifetimes, 1, 1_000))
  await shutdown.run(EXIT.done)
} catch (error) {
  // A stop in the middle makes what is under way fail; that is no news.
  if (!shutdown.isStopping) {
    terminal.end()
    terminal.fail(`\n  ${messageOf(error)}${error instanceof UsageError ? `\n\n${HELP}` : ''}`)
    await shutdown.run(EXIT.failed)
  }
}

async function measure(visits: number, lifetimes: number): Promise<void> {
  const step = terminal.step('shop')
  step.progress('starting, of its own')
  const directory = await temporaryDirectory('warmth')
  shutdown.add({ name: 'data', stop: () => directory.remove(), force: () => undefined })
  const postgres = await startPostgres({ dir: join(directory.path, 'postgres'), settings: throwaway })
  shutdown.add({ name: 'PostgreSQL', stop: () => postgres.stop(), force: () => postgres.kill('SIGQUIT') })
  await migrate(postgres.url)
  await seed(postgres.url, { size: 'demo' })
  const { sql, close } = connect({ url: postgres.url, max: 1, applicationName: 'shop-warmth' })
  shutdown.add({ name: 'connection', stop: () => close(), force: () => undefined })
  const rows = await sql<{ id: number }[]>`select id from products where status = 'active' order by id`
  const ranks = ranked(rows.map(({ id }) => id))
  step.done(`${ranks.length} products that can be opened`)

  let redises = 0
  const emptyRedis = async () => {
    const redis = await startRedis({ dir: join(directory.path, `redis-${redises++}`) })
    shutdown.add({ name: 'Redis', stop: () => redis.stop(), force: () => redis.kill('SIGKILL') })
    return redis.url
  }
  const start = async (name: string, warmLimitMs: number, ids: Iterator<number, undefined>): Promise<Started> => {
    const step = terminal.step(name)
    step.progress('starting')
    const began = performance.now()
    const group = processGroup({
      kind: 'api',
      count: 1,
      port: 0,
      // Complete: what is set in the person's own environment must not change what is measured.
      env: {
        PATH: env.PATH,
        DATABASE_URL: postgres.url,
        REDIS_URL: await emptyRedis(),
        WARM_LIMIT_MS: String(warmLimitMs),
        LOG_LEVEL: 'warn',
      },
      say: terminal.say,
      onExit: (_, how) => terminal.say(`  The process of the API ended (${how}).`),
    })
    shutdown.add({ name: 'api', stop: () => group.stop(), force: () => group.force() })
    await group.start()
    const [url = ''] = group.urls
    await untilReady(url)
    const readyMs = performance.now() - began
    step.progress('visits')
    const found = await visit(url, ids)
    // Writes what it has counted.
    await group.stop()
    step.done(`${percent(found.hits)} hits`)
    return { name, readyMs, ...found }
  }
  const today = () => zipf(ranks, visits, SEED.today)

  const cold = await start('not warmed', 0, today())
  // What this start has counted is what comes: nobody may know it.
  await sql`truncate product_traffic`
  const unknown = await start('no traffic', WARM_LIMIT_MS, today())
  await sql`truncate product_traffic`
  await start('yesterday', 0, zipf(ranks, YESTERDAY * visits, SEED.yesterday))
  const warmed = await start('warmed', WARM_LIMIT_MS, today())

  const expiry = terminal.step('expiry')
  expiry.progress('hot products expire')
  const hot = { databaseUrl: postgres.url, redisUrl: await emptyRedis(), ids: ranks.slice(0, HOTTEST), lifetimes }
  const off = await measureExpiry({ ...hot, refreshAhead: false })
  const on = await measureExpiry({ ...hot, refreshAhead: true })
  expiry.done(`${lifetimes} times`)
  terminal.say(tableOf([cold, { ...unknown, name: 'warmed, no traffic known' }, warmed], visits))
  terminal.say(expiryTable({ off, on }))
}

interface Started extends Visits {
  readonly name: string
  /** From the start of the process, until `/readyz` says so. */
  readonly readyMs: number
}

async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + READY_LIMIT_MS
  while ((await fetch(`${url}/readyz`)).status !== 200) {
    if (performance.now() > deadline) throw new Error('A process of the API did not become ready.')
    await delay(20)
  }
}

function tableOf(starts: readonly Started[], visits: number): string {
  return table([
    ['start', 'ready after', 'hits of the first 1 000', `of ${visits.toLocaleString('en')}`, 'p50', 'p99'],
    ...starts.map(({ name, readyMs, firstHits, hits, p50Ms, p99Ms }) => [
      name,
      `${(readyMs / 1_000).toFixed(1)} s`,
      percent(firstHits),
      percent(hits),
      milliseconds(p50Ms),
      milliseconds(p99Ms),
    ]),
  ])
}

function expiryTable(expiries: Readonly<Record<'off' | 'on', Expiry>>): string {
  return table([
    ['refresh-ahead', 'reads', 'waited for a load', 'p50', 'p99', 'max'],
    ...Object.entries(expiries).map(([name, { reads, waited, p50Ms, p99Ms, maxMs }]) => [
      name,
      reads.toLocaleString('en'),
      waited.toLocaleString('en'),
      milliseconds(p50Ms),
      milliseconds(p99Ms),
      milliseconds(maxMs),
    ]),
  ])
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))),
  )
  return ['', ...lines.map((cells) => `  ${cells.join('   ')}`), ''].join('\n')
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(2)} ms`
}
