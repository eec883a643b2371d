/**
 * Everything that is broken on purpose: what is done, how it is mended, and what visitors may notice.
 *
 * A fault is the same for every shop: it knows servers and processes, and nothing of the cache. How it is played while
 * visitors come is in fault-scenario.ts.
 */

import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'

import { redisCommand } from './redis-command.ts'
import type { OwnSite } from './site.ts'

export interface Fault {
  readonly name: string
  /** For the list. */
  readonly title: string
  readonly question: string
  /** What is done to the shop, as a part of a sentence. */
  readonly what: string
  readonly expectation: string
  /**
   * What becomes of price changes before it is mended. `succeed`: each, because neither Postgres nor the process that is told
   * them is broken. `go on`: some may fail. `wait`: there are none, because what then cannot be loaded must not be stale.
   */
  readonly writes: 'succeed' | 'go on' | 'wait'
  /** While it lasts, at `laptop` and above: 99 of 100 visits are answered in so many milliseconds. */
  readonly p99LimitMs: number
  /** Resolves when the shop is broken. What it resolves to mends it. */
  begin(site: OwnSite, signal: AbortSignal): Promise<() => Promise<void>>
}

/** Each of the commands that subscribe; without them the bus is deaf, and everything else of Redis goes on. */
const SUBSCRIBING = ['subscribe', 'psubscribe', 'ssubscribe'] as const

/** How long each query of products waits, and how long there is between two waits. */
const SLOW_S = 0.2
const PAUSE_MS = 20

export const FAULTS: readonly Fault[] = Object.freeze([
  {
    name: 'redis-down',
    title: 'Redis is killed, and comes back empty',
    question: 'Does anybody notice that Redis is gone?',
    what: 'Redis is killed, and another one without its data takes its place',
    expectation: 'No visit fails, no old price: processes serve what Postgres tells, each with its own memory.',
    writes: 'succeed',
    p99LimitMs: 250,
    async begin({ shop }) {
      shop.redis.kill('SIGKILL')
      return () => shop.restartRedis()
    },
  },
  {
    name: 'redis-frozen',
    title: 'Redis stops answering, with its connections open, and goes on',
    question: 'Does a Redis that hangs make the shop hang?',
    what: 'Redis is stopped in the middle of its work (SIGSTOP) and goes on (SIGCONT)',
    expectation: 'No visit fails, no old price, nobody waits for Redis longer than its deadline of 250 ms.',
    writes: 'succeed',
    p99LimitMs: 500,
    async begin({ shop }) {
      shop.redis.kill('SIGSTOP')
      return async () => shop.redis.kill('SIGCONT')
    },
  },
  {
    name: 'redis-flushed',
    title: 'Redis forgets everything',
    question: 'Is a price from before the loss ever shown again?',
    what: 'Redis forgets everything (FLUSHALL), three times in a row',
    expectation: 'No visit fails, no old price, and what was hot is loaded once and not by everybody.',
    writes: 'succeed',
    p99LimitMs: 250,
    async begin({ shop }, signal) {
      for (let times = 0; times < 3; times++) {
        await redisCommand(shop.redisUrl, 'FLUSHALL')
        await delay(500, undefined, { signal })
      }
      return async () => undefined
    },
  },
  {
    name: 'postgres-slow',
    title: 'every query of a product takes a fifth of a second (pg_sleep)',
    question: 'Does a slow database make the hot part of the shop slow?',
    what: `whoever reads products in Postgres waits for ${SLOW_S} s (pg_sleep under a lock of the table)`,
    expectation: 'No visit fails, no old price; only those wait whose product has just changed.',
    writes: 'go on',
    p99LimitMs: 1_000,
    begin: slowProducts,
  },
  {
    name: 'postgres-restart',
    title: 'Postgres is stopped and started again',
    question: 'Does what is in the cache live on without a database?',
    what: 'Postgres is stopped, with all its connections, and started again',
    expectation: 'No visit of what is in the cache fails. What is not cached, and every write, waits for the database.',
    writes: 'wait',
    p99LimitMs: 250,
    async begin({ shop }) {
      await shop.postgres.stop()
      return () => shop.restartPostgres()
    },
  },
  {
    name: 'api-killed',
    title: 'one of three processes of the API is killed, and started again',
    question: 'Does a dying process take anybody with it?',
    what: 'one of three processes is killed (SIGKILL), and started again at its address',
    expectation: 'No visit fails that goes to another process when its connection breaks; no old price.',
    writes: 'go on',
    p99LimitMs: 250,
    async begin({ api: { processes } }, signal) {
      const last = processes.at(-1)
      await last?.kill()
      return async () => last?.restart(signal)
    },
  },
  {
    name: 'bus-cut',
    title: 'no process hears what others have invalidated',
    question: 'Is an old price shown by a process that cannot hear of the new one?',
    what: 'subscriptions to Redis are cut and refused, while all else of it works',
    expectation: 'No visit fails, no old price: who cannot prove that he hears everything does not trust his memory.',
    writes: 'succeed',
    p99LimitMs: 250,
    async begin({ shop }) {
      const allow = (sign: '+' | '-') =>
        redisCommand(shop.redisUrl, 'ACL', 'SETUSER', 'default', ...SUBSCRIBING.map((command) => `${sign}${command}`))
      await allow('-')
      await redisCommand(shop.redisUrl, 'CLIENT', 'KILL', 'TYPE', 'pubsub')
      return async () => void (await allow('+'))
    },
  },
])

/**
 * Again and again somebody holds the table and sleeps, so that a query waits for up to that long, as behind a long
 * maintenance; the shop itself has no hook for it.
 */
async function slowProducts({ shop }: OwnSite): Promise<() => Promise<void>> {
  const sql = postgres(shop.databaseUrl, { max: 1, onnotice: () => undefined })
  let isSlow = true
  const holding = (async () => {
    while (isSlow) {
      await sql.begin(async (tx) => {
        await tx`lock table products in access exclusive mode`
        await tx`select pg_sleep(${SLOW_S})`
      })
      await delay(PAUSE_MS)
    }
  })()
  holding.catch(() => undefined) // Mending tells.
  return async () => {
    isSlow = false
    await holding
    await sql.end({ timeout: 1 })
  }
}
