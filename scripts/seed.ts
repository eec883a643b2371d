/**
 * `npm run seed -- --size demo`: fills an empty database, that of the shop that runs in this clone or else its sleeping
 * one, which is started for it. Seeding twice changes nothing.
 */

import { env } from 'node:process'

import { prepareDatabase } from './database.ts'
import { SHOP_FOLDER } from './folders.ts'
import { messageOf } from './messages.ts'
import { type Claim, claim, runningShop } from './running-shop.ts'
import { openDatabase } from './servers.ts'
import { createShutdown } from './shutdown.ts'
import { parse, parseSize, UsageError } from './start-options.ts'
import { openTerminal } from './terminal.ts'

const HELP = `npm run seed -- [--size tiny|demo|large]     (default demo)

Fills an empty database. One that holds another seed is left as it is: npm run reset first (with
DATABASE_URL set: drop and create that database).`

const terminal = openTerminal()
let claimed: Claim | undefined
const shutdown = createShutdown({
  onBegin: () => terminal.say('\n  Stopping …'),
  onForce: () => terminal.warn('  Stopped at once.'),
  onProblem: (part, error) => terminal.fail(`  ${part}: ${messageOf(error)}`),
  onEnd() {
    terminal.end()
    claimed?.release()
  },
})

try {
  const { size, help } = parse(process.argv.slice(2), {
    size: { type: 'string', default: 'demo' },
    help: { type: 'boolean', short: 'h', default: false },
  })
  const known = parseSize(size)
  if (help) terminal.say(HELP)
  else await prepareDatabase(await databaseUrl(), known, terminal)
  await shutdown.run(0)
} catch (error) {
  if (!shutdown.isStopping) {
    terminal.end()
    terminal.fail(`\n  ${messageOf(error)}${error instanceof UsageError ? `\n\n${HELP}` : ''}`)
    await shutdown.run(1)
  }
}

async function databaseUrl(): Promise<string> {
  const running = env.DATABASE_URL ? undefined : runningShop(SHOP_FOLDER)?.databaseUrl
  if (running) return running
  if (!env.DATABASE_URL) claimed = await claim(SHOP_FOLDER)
  const { url } = await openDatabase(terminal, shutdown.add)
  return url
}
