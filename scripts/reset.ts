/** `npm run reset`: removes the data of this clone (`.shop/`), after asking. The next start begins anew. */

import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { env, stdin, stdout } from 'node:process'
import { createInterface } from 'node:readline/promises'

import { removePostgres, removeRedisContainer, stopRedis } from '@shop/local-stack'

import { databaseCure } from './database.ts'
import { POSTGRES_FOLDER, REDIS_FOLDER, SHOP_FOLDER, SHOP_SHOWN } from './folders.ts'
import { messageOf } from './messages.ts'
import { claim } from './running-shop.ts'
import { withoutPassword } from './servers.ts'
import { stopLeftProcesses } from './shop-processes.ts'
import { parse, UsageError } from './start-options.ts'

const HELP = `npm run reset -- [--yes]

  --yes      do not ask
  --help     show this

Removes the data of this clone, in ${SHOP_SHOWN}. With DATABASE_URL set the data is not there, and nothing is removed.`

try {
  const { yes, help } = parse(process.argv.slice(2), {
    yes: { type: 'boolean', short: 'y', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  })
  if (help) console.log(HELP)
  process.exit(help ? 0 : await reset(yes))
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n${error instanceof UsageError ? `\n${HELP}\n` : ''}`)
  process.exit(1)
}

async function reset(yes: boolean): Promise<number> {
  if (env.DATABASE_URL) {
    console.log(
      `Nothing was removed. The data is in ${withoutPassword(env.DATABASE_URL)}, where DATABASE_URL points, and reset ` +
        `removes only ${SHOP_SHOWN}.\nTo begin anew: ${databaseCure(env.DATABASE_URL)}`,
    )
    return 1
  }
  if (!existsSync(SHOP_FOLDER)) {
    console.log(`There is nothing to remove: ${SHOP_SHOWN} does not exist.`)
    return 0
  }
  const { release } = await claim(SHOP_FOLDER) // Refuses while the shop runs, and keeps it from starting meanwhile.
  try {
    if (!yes && !(await confirmed())) return 1
    await stopLeftProcesses()
    await stopRedis(REDIS_FOLDER)
    await removeRedisContainer(REDIS_FOLDER)
    await removePostgres(POSTGRES_FOLDER)
    rmSync(REDIS_FOLDER, { recursive: true, force: true })
    console.log(`Removed the data in ${SHOP_SHOWN}. The next start makes a new shop.`)
    return 0
  } finally {
    release()
    if (readdirSync(SHOP_FOLDER).length === 0) rmdirSync(SHOP_FOLDER) // Only what is ours is removed.
  }
}

async function confirmed(): Promise<boolean> {
  if (!stdin.isTTY) {
    console.log(`This removes the database in ${SHOP_SHOWN}. To do it without being asked: npm run reset -- --yes`)
    return false
  }
  const prompt = createInterface({ input: stdin, output: stdout })
  try {
    const answer = await prompt.question(`Remove the database in ${SHOP_SHOWN}? [y/N] `)
    if (/^y(es)?$/i.test(answer.trim())) return true
  } catch {
    console.log() // Ctrl-C or Ctrl-D instead of an answer.
  } finally {
    prompt.close()
  }
  console.log('Nothing was removed.')
  return false
}
