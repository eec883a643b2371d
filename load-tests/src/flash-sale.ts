/**
 * `npm run flash-sale`: a private shop, a stampede on it, a verdict.
 *
 * The exit status is the verdict: 0 kept, 1 broken, 2 could not be run.
 */

import { commandOf, HELP, parseArguments } from './arguments.ts'
import { describeK6, obtainK6 } from './k6.ts'
import { grouped } from './numbers.ts'
import { watchPostgres } from './products-lock.ts'
import { RESULTS, record } from './record.ts'
import { openShop } from './shop.ts'
import { type Stampede, stampede } from './stampede.ts'
import { formatVerdict } from './table.ts'
import type { Terminal } from './terminal.ts'
import { judge } from './verdict.ts'

export interface FlashSaleOptions {
  readonly terminal: Terminal
  /** Aborted when the person has had enough: everything is stopped, and the promise rejects with the reason. */
  readonly signal: AbortSignal
  /**
   * Where the result goes.
   * @default load-tests/results
   */
  readonly results?: string
}

export type Outcome = 'kept' | 'broken'

export async function flashSale(argv: readonly string[], options: FlashSaleOptions): Promise<Outcome> {
  const { terminal, signal, results = RESULTS } = options
  const args = parseArguments(argv)
  if (args.help) {
    terminal.say(HELP)
    return 'kept'
  }
  const search = terminal.step('k6')
  const k6 = await obtainK6({ step: search, signal })
  search.done(describeK6(k6))

  await using stack = new AsyncDisposableStack()
  const start = terminal.step('shop')
  start.progress('starting, of its own')
  const shop = await openShop(signal)
  stack.defer(() => shop.close())
  const postgres = await postgresVersion(shop.databaseUrl)
  start.done(`PostgreSQL ${postgres} with ${grouped(shop.products)} products, Redis ${shop.redisVersion}`)

  const run = (cache: 'on' | 'off'): Promise<Stampede> => {
    const step = terminal.step(`cache ${cache}`)
    step.progress('starting k6')
    return stampede(shop, { cache, vus: args.vus, processes: args.api, k6, step, signal })
  }
  const cached = await run('on')
  const control = args.control ? await run('off') : undefined

  const verdict = judge(cached, control)
  terminal.say(`\n${formatVerdict(verdict)}\n`)
  const file = record(results, {
    scenario: 'stampede',
    isRecord: args.record,
    command: commandOf(args),
    versions: { postgres, redis: shop.redisVersion, k6: k6.version },
    runs: control ? [cached, control] : [cached],
    verdict,
  })
  terminal.say(args.record ? `Recorded in ${file}` : `Kept in ${file}. With --record it replaces the record beside it.`)
  return verdict.kept ? 'kept' : 'broken'
}

async function postgresVersion(url: string): Promise<string> {
  const watch = watchPostgres(url)
  try {
    return await watch.version()
  } finally {
    await watch.close()
  }
}
