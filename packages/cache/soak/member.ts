/**
 * One process of the soak's fleet: a cache, its workload, and a journal that it hands in ten times a second.
 *
 * It judges nothing but what only it can see: that a value is the one that was asked for, and that the cache leaves
 * nothing behind.
 */

import { setTimeout as pause } from 'node:timers/promises'

import { type Clock, systemClock } from '../src/clock.ts'
import { createCache } from '../src/index.ts'
import { redis } from '../src/redis/index.ts'
import { now, plus } from './instant.ts'
import { Journal } from './journal.ts'
import { CACHE_NAME } from './kinds.ts'
import type { FromMember, Start, ToMember } from './messages.ts'
import { createRandom } from './random.ts'
import { SourceClient } from './source-client.ts'
import { Workload } from './workload.ts'

const REPORT_EVERY_MS = 100
/** ioredis lets a connection go in its own time. */
const CLOSING_LIMIT_MS = 3_000

const start: Start = JSON.parse(process.argv[2] ?? '{}')
const send = (message: FromMember): void => void process.send?.(message)

const cache = createCache({
  name: CACHE_NAME,
  redis: redis({ url: start.url }),
  maxStaleness: start.bound,
  // Too small for all keys, so that some reads are answered by Redis.
  memory: { maxBytes: 1_500_000, maxTags: start.maxTags },
  loads: { concurrent: 64 },
  clock: clockThatIsWrongBy(start.skewMs),
})
const journal = new Journal()
const source = new SourceClient(send)
const workload = new Workload(cache, source, journal, createRandom(start.seed))
let working: Promise<void> | undefined
let reporting: NodeJS.Timeout | undefined

process.on('message', (message: ToMember) => {
  switch (message.type) {
    case 'begin':
      working = workload.run()
      reporting = setInterval(report, REPORT_EVERY_MS)
      return
    case 'answers':
      source.answered(message.answers)
      return
    case 'position':
      workload.foreignPosition = message
      return
    case 'block':
      standStill(message.ms)
      return
    case 'rest':
      workload.rest()
      return
    case 'end':
      void end()
      return
    default:
      message satisfies never
  }
})
process.on('unhandledRejection', (error) => journal.complain(`a rejection nobody handled: ${error}`))
process.on('disconnect', () => process.exit())
// Ctrl-C in a terminal reaches every process; the main one says what is to be done.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => undefined)

// Whether it hears Redis yet or not: reads work either way.
send({ type: 'ready' })

function report(): void {
  const { pendingInvalidations: pending, trusted, redis } = cache.health()
  const condition = { pending, trusted, usable: redis === 'up', stats: cache.stats(), position: cache.position() }
  send(journal.report(condition))
}

async function end(): Promise<void> {
  workload.rest()
  await working
  await cache.close()
  const limit = plus(now(), CLOSING_LIMIT_MS)
  while (leftovers().length > 0 && now() < limit) await pause(10)
  for (const left of leftovers()) journal.complain(`left behind after close: ${left}`)
  clearInterval(reporting)
  report()
  process.removeAllListeners('disconnect')
  // Nothing else keeps it alive, or it does not end.
  process.disconnect?.()
}

function leftovers(): string[] {
  const { flights, loads } = cache.health()
  const sockets = process.getActiveResourcesInfo().filter((name) => /TCP|TLS/.test(name))
  return [...sockets, ...(flights ? [`${flights} flights`] : []), ...(loads ? [`${loads} loads`] : [])]
}

function standStill(ms: number): void {
  const until = plus(now(), ms)
  while (now() < until);
}

function clockThatIsWrongBy(skewMs: number): Clock {
  return { ...systemClock, wall: () => (systemClock.wall() + skewMs) as ReturnType<typeof systemClock.wall> }
}
