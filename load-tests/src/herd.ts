/**
 * The herd: is everybody waiting?
 *
 * Complete is what was seen from four sides, none of them the word of the shop: every VU has asked and none has an answer
 * (k6); as many connections are established and read to their end (the operating system); a query waits for the lock
 * (Postgres); and each process has answered a request that was sent after all those, so it is not behind with its work.
 */

import { ask } from './client.ts'
import { connectionsTo } from './connections.ts'
import type { K6Run } from './k6-run.ts'
import { grouped } from './numbers.ts'
import type { PostgresWatch } from './products-lock.ts'
import type { Step } from './terminal.ts'
import { until } from './waiting.ts'

/** From the start of k6 until the first VU asks: it initialises them one after the other. */
const START_LIMIT_MS = 120_000

export interface Herd {
  readonly complete: boolean
  /** Visitors whose question has arrived and who have no answer: what it is all about. */
  readonly waiting: number
  /** VUs that have asked, and those of them that have an answer. */
  readonly asked: number
  readonly answered: number
  /** Connections that the shop has read to their end; absent where the system does not tell. */
  readonly connected?: number
  /** Queries that wait for the lock. */
  readonly waitingQueries: number
}

export interface Gathering {
  readonly generators: readonly K6Run[]
  readonly watch: PostgresWatch
  /** Of the processes of the API. */
  readonly urls: readonly string[]
  readonly visitors: number
  /** From the first question until the last. Below the deadline of a load. */
  readonly limitMs: number
  readonly step: Step
  readonly signal: AbortSignal
}

/** Resolves when the herd is complete, or when it cannot become so any more, with what was seen last. */
export async function gather({ generators, watch, urls, visitors, limitMs, step, signal }: Gathering): Promise<Herd> {
  const ports = urls.map((url) => Number(new URL(url).port))
  let isOver = false
  for (const k6 of generators) k6.finished.catch(() => undefined).finally(() => (isOver = true))
  const counter = async (name: string): Promise<number> => {
    const counts = await Promise.all(generators.map((k6) => k6.counter(name)))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  const look = async (): Promise<Herd> => {
    const [asked, answered, waitingQueries, connections] = await Promise.all([
      counter('stampede_asked'),
      counter('stampede_answered'),
      watch.waiting(),
      connectionsTo(ports),
    ])
    const connected = connections && connections.established - connections.unread
    const waiting = Math.min(asked, connected ?? asked) - answered
    const complete = waiting === visitors && waitingQueries > 0
    return { complete, waiting, asked, answered, waitingQueries, ...(connected !== undefined && { connected }) }
  }

  let herd = await look()
  const hasAsked = async (): Promise<boolean> => {
    herd = await look()
    return isOver || herd.asked > 0
  }
  const isDecided = async (): Promise<boolean> => {
    // Who has an answer while the query is held had it from somewhere else: this herd will never be complete.
    if (isOver || herd.answered > 0) return true
    herd = await look()
    step.progress(`${grouped(herd.asked)} of ${grouped(visitors)} have asked`)
    if (!herd.complete) return false
    await Promise.all(urls.map((url) => ask(`${url}/livez`)))
    herd = await look()
    return herd.complete
  }
  await until(hasAsked, { limitMs: START_LIMIT_MS, signal })
  await until(isDecided, { limitMs, signal })
  return herd
}
