/**
 * `npm start`: the whole shop on this machine, from nothing to three lines to try, and back to nothing on Ctrl-C.
 *
 *     options → claim the clone → PostgreSQL and Redis → migrate → seed → API processes → worker → banner
 *
 * Whatever was begun is handed to `shutdown` before it is waited for, so a stop at any moment finds it.
 */

import { env } from 'node:process'

import { banner } from './banner.ts'
import { prepareDatabase } from './database.ts'
import { exampleProduct, readiness } from './first-look.ts'
import { SHOP_FOLDER, SHOP_SHOWN } from './folders.ts'
import { messageOf } from './messages.ts'
import { type Claim, claim } from './running-shop.ts'
import { openDatabase, openRedis, type Server, withoutPassword } from './servers.ts'
import { type ProcessGroup, processGroup, requireAllowedPorts, stopLeftProcesses } from './shop-processes.ts'
import { createShutdown } from './shutdown.ts'
import { HELP, parseStart, type StartOptions, severalNeedRedis, UsageError } from './start-options.ts'
import { openTerminal } from './terminal.ts'
import { watchSources } from './watch.ts'

const startedAt = performance.now()
const terminal = openTerminal()
const options = optionsOrExit()
const claimed = await claimOrExit()
/** Those that have started, in this order. */
const groups: ProcessGroup[] = []

const shutdown = createShutdown({
  onBegin(reason) {
    terminal.end()
    terminal.say(
      reason === 'disconnect' ? '\n  The command that started this shop is gone, stopping …' : '\n  Stopping …',
    )
  },
  onForce: () => terminal.warn('  Stopped at once.'),
  onProblem: (part, error) => terminal.fail(`  ${part}: ${messageOf(error)}`),
  onEnd(exitCode) {
    if (exitCode === 0) terminal.say(`  Stopped. The data stays ${dataPlace()}.`)
    claimed.release()
  },
})

try {
  await start()
} catch (error) {
  // A stop in the middle of the start makes what is under way fail; that is no news.
  if (!shutdown.isStopping) {
    terminal.end()
    terminal.fail(`\n  ${messageOf(error)}`)
    await shutdown.run(1)
  }
}

async function start(): Promise<void> {
  await requireAllowedPorts(options.port, options.api)
  await stopLeftProcesses()
  const [database, redis] = await allOrFirstError([
    openDatabase(terminal, shutdown.add),
    options.redis ? openRedis(terminal, shutdown.add) : Promise.resolve(undefined),
  ])
  if (!redis && options.api > 1) throw new UsageError(severalNeedRedis(options.api))
  claimed.update({ databaseUrl: database.url, ...(redis && { redisUrl: redis.url }) })
  watchServers(database, redis)
  await prepareDatabase(database.url, options.size, terminal)
  if (shutdown.isStopping) return
  const servers = { DATABASE_URL: database.url, REDIS_URL: redis?.url ?? '' } // Empty: an API process without Redis.
  const { urls } = await startProcesses('api', options.api, options.port, servers)
  claimed.update({ urls })
  if (shutdown.isStopping) return
  // Without Redis there is no cache but that of the one process, and nobody to tell of a change.
  if (redis) await startProcesses('worker', 1, 0, { ...servers, API_URLS: urls.join(',') })

  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const example = await exampleProduct(urls)
  terminal.say(banner({ apis: urls, databaseUrl: database.url, redisUrl: redis?.url, example, seconds }))
  if (options.watch) {
    restartOnChange(async () => {
      for (const group of groups) await group.restart()
    })
  }
}

async function startProcesses(
  kind: 'api' | 'worker',
  count: number,
  port: number,
  own: Readonly<Record<string, string>>,
): Promise<ProcessGroup> {
  const step = terminal.step(kind)
  const group = processGroup({
    kind,
    count,
    port,
    env: { ...env, LOG_LEVEL: env.LOG_LEVEL || (options.logs ? 'info' : 'warn'), ...own },
    say: terminal.say,
    onExit(name, how) {
      if (shutdown.isStopping) return
      if (options.watch) return terminal.warn(`  ${name} ended (${how}). It starts again when a file changes.`)
      const others = groups.flatMap(({ urls }) => urls).length > 1 ? ' the others' : ''
      terminal.fail(`\n  ${name} ended (${how}). Stopping${others} …`)
      void shutdown.run(1)
    },
  })
  shutdown.add({ name: kind, stop: () => group.stop(), force: () => group.force() })
  await group.start()
  groups.push(group)
  step.done(`${group.urls.join(', ')}, ${await readiness(group.urls)}`)
  return group
}

function dataPlace(): string {
  return env.DATABASE_URL ? `where DATABASE_URL points, ${withoutPassword(env.DATABASE_URL)}` : `in ${SHOP_SHOWN}`
}

/** The shop cannot work without its database; without Redis it can, and saying so is all there is to do. */
function watchServers(database: Server, redis: Server | undefined): void {
  void database.running?.exited.then(({ code, signal }) => {
    if (shutdown.isStopping) return
    terminal.fail(`\n  PostgreSQL ended (${signal ?? code}). Its log: ${SHOP_SHOWN}/postgres/postgres.log. Stopping …`)
    void shutdown.run(1)
  })
  void redis?.running?.exited.then(({ code, signal }) => {
    if (shutdown.isStopping) return
    terminal.warn(`  Redis ended (${signal ?? code}). The shop goes on without it; it comes back with the next start.`)
  })
}

function restartOnChange(restart: () => Promise<void>): void {
  let running = Promise.resolve()
  watchSources((file) => {
    running = running.then(async () => {
      if (shutdown.isStopping) return
      const step = terminal.step('restart')
      step.progress(`restarts, ${file} changed`)
      await restart().then(
        () => step.done(`restarted, ${file} changed`),
        (error: unknown) => step.done(messageOf(error)),
      )
    })
  })
  terminal.say('  Watching the sources; a change restarts the processes.\n')
}

/** As Promise.all; but a failure is told when all are settled, so that nothing is still starting behind its back. */
async function allOrFirstError<A, B>(promises: readonly [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}

function optionsOrExit(): StartOptions {
  try {
    const parsed = parseStart(process.argv.slice(2))
    if (parsed) return parsed
    process.stdout.write(`${HELP}\n`)
    process.exit(0)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n\n${HELP}\n`)
    process.exit(1)
  }
}

async function claimOrExit(): Promise<Claim> {
  try {
    return await claim(SHOP_FOLDER)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exit(1)
  }
}
