/**
 * `npm run sale -- --units 1000 --buyers 5000 [--kill]`: a sale on a shop of its own, and a table of what was found in
 * the database afterwards.
 */

import { join } from 'node:path'
import { env } from 'node:process'
import { connect, migrate } from '@shop/db'
import { startPostgres, temporaryDirectory } from '@shop/local-stack'

import { holdSale, type Sale } from '../apps/api/test/sale.ts'
import { messageOf } from './messages.ts'
import { type ProcessGroup, processGroup } from './shop-processes.ts'
import { createShutdown } from './shutdown.ts'
import { parse, UsageError } from './start-options.ts'
import { openTerminal } from './terminal.ts'
import { wholeNumber } from './whole-number.ts'

const HELP = `npm run sale -- [--units 1000] [--buyers 5000] [--api 2] [--kill]

Many buyers at once for few pieces: are as many sold as there are, is everybody told, does the money
add up? Runs on a shop of its own, whose database writes to the disk before it says yes.

  --units N     pieces, 1 to 100000 (default 1000)
  --buyers N    buyers, 1 to 100000 (default 5000)
  --api N       processes of the API, 1 to 8 (default 2)
  --kill        kill one of them in the middle; its buyers go to another with the same key
  --help        show this

Ends with 0 when everything is as expected, 1 when something is not, 2 when the sale could not be held.`

const EXIT = { kept: 0, broken: 1, failed: 2 } as const
const SECRET = 'the-secret-that-signs-tokens-of-this-sale'
const POOL_MAX = 10
/** Past this something hangs: 100 000 buyers take a minute or two. */
const LIMIT_MS = 10 * 60_000

interface Options {
  readonly units: number
  readonly buyers: number
  readonly api: number
  readonly kill: boolean
}

const terminal = openTerminal()
const shutdown = createShutdown({
  onBegin: () => terminal.say('\n  Stopping …'),
  onForce: () => terminal.warn('  Stopped at once.'),
  onProblem: (part, error) => terminal.fail(`  ${part}: ${messageOf(error)}`),
  onEnd: () => terminal.end(),
})
setTimeout(() => void fail(new Error(`The sale was not over after ${LIMIT_MS / 60_000} minutes.`)), LIMIT_MS).unref()

try {
  const options = optionsOf(process.argv.slice(2))
  if (options === undefined) {
    terminal.say(HELP)
    await shutdown.run(EXIT.kept)
  } else {
    const { findings, ...sale } = await holdPrivateSale(options)
    terminal.say(tableOf({ findings, ...sale }))
    await shutdown.run(findings.every(({ expected, found }) => expected === found) ? EXIT.kept : EXIT.broken)
  }
} catch (error) {
  await fail(error)
}

function optionsOf(args: readonly string[]): Options | undefined {
  const { units, buyers, api, kill, help } = parse(args, {
    units: { type: 'string', default: '1000' },
    buyers: { type: 'string', default: '5000' },
    api: { type: 'string', default: '2' },
    kill: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  })
  if (help) return undefined
  const processes = wholeNumber('--api', api, 1, 8)
  if (kill && processes === 1) throw new UsageError('--kill needs --api 2 or more: the buyers must have where to go.')
  return {
    units: wholeNumber('--units', units, 1, 100_000),
    buyers: wholeNumber('--buyers', buyers, 1, 100_000),
    api: processes,
    kill,
  }
}

async function holdPrivateSale({ units, buyers, api, kill }: Options): Promise<Sale> {
  const start = terminal.step('shop')
  start.progress('starting, of its own')
  const directory = await temporaryDirectory('sale')
  shutdown.add({ name: 'data', stop: () => directory.remove(), force: () => undefined })
  const postgres = await startPostgres({ dir: join(directory.path, 'postgres') })
  shutdown.add({ name: 'PostgreSQL', stop: () => postgres.stop(), force: () => postgres.kill('SIGQUIT') })
  await migrate(postgres.url)
  const database = connect({ url: postgres.url, max: 1, applicationName: 'shop-sale' })
  shutdown.add({ name: 'connection', stop: () => database.close(), force: () => undefined })
  // A group for each, so that one can be killed.
  const groups = Array.from({ length: api }, () => startGroup(postgres.url))
  const processes = await Promise.all(groups)
  start.done(`${api} processes of the API, up to ${POOL_MAX} connections to PostgreSQL each`)

  const step = terminal.step('sale')
  const sale = await holdSale({
    sql: database.sql,
    secret: SECRET,
    units,
    buyers,
    kill,
    processes: processes.map((group) => ({ url: group.urls[0] ?? '', kill: () => group.force() })),
    report: (answered) => step.progress(`${answered} of ${buyers} buyers have their answer`),
  })
  step.done(`${buyers} buyers, ${units} pieces, ${sale.seconds.toFixed(1)} s`)
  return sale
}

async function startGroup(databaseUrl: string): Promise<ProcessGroup> {
  const group = processGroup({
    kind: 'api',
    count: 1,
    port: 0,
    // Complete: what is set in the person's own environment must not change what is measured.
    env: {
      PATH: env.PATH,
      DATABASE_URL: databaseUrl,
      DATABASE_POOL_MAX: String(POOL_MAX),
      CUSTOMER_TOKEN_SECRET: SECRET,
      CACHE: 'off',
      LOG_LEVEL: 'warn',
    },
    say: terminal.say,
    onExit: (_, how) => terminal.say(`  A process of the API ended (${how}).`),
  })
  shutdown.add({ name: 'api', stop: () => group.stop(), force: () => group.force() })
  await group.start()
  return group
}

function tableOf({ findings, seconds, failedAttempts, replayed }: Sale): string {
  const number = (value: number) => value.toLocaleString('en')
  const rows = [
    ['', 'expected', 'found', ''],
    ...findings.map(({ fact, expected, found }) => [
      fact,
      number(expected),
      number(found),
      expected === found ? '✔' : '✘',
    ]),
  ]
  const [facts = 0, ...numbers] = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map(([fact = '', expected = '', found = '', mark = '']) =>
    [fact.padEnd(facts), expected.padStart(numbers[0] ?? 0), found.padStart(numbers[1] ?? 0), mark]
      .join('   ')
      .trimEnd(),
  )
  const answers = findings.slice(0, 3).reduce((sum, { found }) => sum + found, 0)
  return [
    '',
    ...lines.map((line) => `  ${line}`),
    '',
    `  ${number(Math.round(answers / seconds))} answers a second. ${number(failedAttempts)} attempts failed with their connection; ${number(replayed)} orders were`,
    '  placed by an attempt whose answer never arrived, and told to the attempt after it.',
    '',
  ].join('\n')
}

async function fail(error: unknown): Promise<void> {
  // A stop in the middle makes what is under way fail; that is no news.
  if (shutdown.isStopping) return
  terminal.end()
  terminal.fail(`\n  ${messageOf(error)}${error instanceof UsageError ? `\n\n${HELP}` : ''}`)
  await shutdown.run(EXIT.failed)
}
