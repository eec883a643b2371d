/** One soak: opens everything, lets the faults come, waits until all is well again, and closes everything. */

import { cpus } from 'node:os'

import type { Stats } from '../src/index.ts'
import { explain } from './explain.ts'
import { pause } from './faults.ts'
import { Fleet } from './fleet.ts'
import { History } from './history.ts'
import { type Instant, now, plus } from './instant.ts'
import { ALL_KEYS, isAbsent } from './kinds.ts'
import { Ledger } from './ledger.ts'
import type { How } from './messages.ts'
import { createRandom } from './random.ts'
import { Schedule } from './schedule.ts'
import { Server } from './server.ts'
import { Source } from './source.ts'

/** The cache's `maxStaleness`: its default. */
export const BOUND_MS = 500

/** How long after the last fault everything has to be well again. */
const RECOVERY_LIMIT_MS = 15_000

export interface Summary {
  readonly seed: number
  readonly minutes: number
  readonly stopped: boolean
  readonly node: string
  readonly cores: number
  /** Reads that were checked. */
  readonly reads: number
  readonly byHow: Readonly<Record<How, number>>
  /** What the caches themselves counted. */
  readonly stats: Stats
  readonly writes: number
  readonly invalidations: number
  readonly unacknowledged: number
  readonly sourceFailures: number
  readonly readsFailedBySource: number
  readonly evictedKeys: number
  readonly longestReadMs: number
  readonly staleness: readonly number[]
  readonly faults: readonly (readonly [name: string, count: number])[]
  readonly violations: number
  /** The first ones, each as lines. */
  readonly explanations: readonly (readonly string[])[]
}

export interface Progress {
  readonly elapsedMs: number
  readonly reads: number
  readonly violations: number
  /** What is on now. */
  readonly faults: readonly string[]
}

export interface SoakOptions {
  readonly minutes: number
  readonly seed: number
  /** Ends the soak before its time. */
  readonly signal: AbortSignal
  /** Called once a second. */
  readonly onProgress: (progress: Progress) => void
}

export async function soak({ minutes, seed, signal, onProgress }: SoakOptions): Promise<Summary> {
  // One stream of chance for each, so that what the members do does not change the order of the faults.
  const random = (stream: number) => createRandom(seed * 7 + stream)
  const history = new History(ALL_KEYS, BOUND_MS, isAbsent)
  const ledger = new Ledger(history)
  const source = new Source(history, random(1))
  const schedule = new Schedule()
  const server = await Server.start()
  try {
    const fleet = await Fleet.start({ redisPort: server.port, bound: BOUND_MS, ledger, source, random: random(2) })
    const startedAt = now()
    const ticking = setInterval(() => {
      const elapsedMs = now() - startedAt
      const on = schedule.between(now(), now()).map(({ name }) => name)
      onProgress({ elapsedMs, reads: ledger.reads, violations: ledger.violations, faults: on })
    }, 1_000)
    try {
      await schedule.run({ server, fleet, random: random(3), signal }, plus(startedAt, minutes * 60_000))
      fleet.rest()
      await recover(fleet, ledger)
      await fleet.end()
    } catch (error) {
      fleet.destroy()
      throw error
    } finally {
      clearInterval(ticking)
    }
    if (ledger.waiting > 0) ledger.complain(`${ledger.waiting} reads were never checked`)
    return {
      seed,
      minutes: (now() - startedAt) / 60_000,
      stopped: signal.aborted,
      node: process.version,
      cores: cpus().length,
      reads: ledger.reads,
      byHow: ledger.byHow,
      stats: fleet.stats(),
      writes: source.commits,
      invalidations: ledger.invalidations,
      unacknowledged: ledger.unacknowledged,
      sourceFailures: source.failures,
      readsFailedBySource: ledger.failures,
      evictedKeys: await server.evicted(),
      longestReadMs: ledger.longestReadMs,
      staleness: ledger.staleness,
      faults: [...schedule.counts],
      violations: ledger.violations,
      explanations: [
        ...ledger.findings.map((finding) => explain(finding, BOUND_MS, schedule, startedAt)),
        ...ledger.complaints.map((complaint) => [complaint]),
      ],
    }
  } finally {
    await server.stop()
  }
}

/** After the last fault, every process hears Redis again and has told it everything: G6. */
async function recover(fleet: Fleet, ledger: Ledger): Promise<void> {
  const limit: Instant = plus(now(), RECOVERY_LIMIT_MS)
  while (!fleet.isWell) {
    if (now() > limit) {
      ledger.complain(`not every process hears Redis and has told it everything, ${RECOVERY_LIMIT_MS} ms after the end`)
      return
    }
    await pause(50, new AbortController().signal)
  }
}
