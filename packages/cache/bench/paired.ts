/**
 * Paired measuring: baseline and candidate take turns within one run, so that a noisy neighbour hits both, and what is
 * reported is the median of the ratios of neighbouring turns.
 *
 *     baseline candidate | candidate baseline | baseline candidate | …
 *          one ratio           one ratio           one ratio
 *
 * Many short rounds rather than few long ones: a disturbance then spoils some of the ratios, and not their median.
 */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import type { Case, Run } from './case.ts'
import { median, milliseconds, perSecond, type Spread, spreadOf, times } from './figures.ts'

/** What does the operations of one turn. */
export type Turn = () => Promise<void> | void

export interface Pair {
  /** Operations in one turn. */
  readonly operations: number
  /** Where one of the two is so much slower that they cannot do as many. */
  readonly baselineOperations?: number
  readonly baseline: Turn
  readonly candidate: Turn
  /** Before each turn of the candidate, outside the time. */
  readonly prepare?: Turn
  /**
   * Nothing but this process takes part, so its own time on the processors is compared, and neighbours do not count.
   * @default false (the clock on the wall)
   */
  readonly alone?: boolean
}

export interface Compared {
  /** The candidate's speed over the baseline's: above 1 is faster. */
  readonly speed: Spread
  /** The candidate's time over the baseline's: above 1 is slower. */
  readonly time: Spread
  /** Milliseconds of one operation, in the median round. */
  readonly baselineMs: number
  readonly candidateMs: number
}

/** Warm up the compiler, and are not counted. */
const WARM_UP = 3

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void

export async function compare(pair: Pair, { rounds, cpu, profile }: Run): Promise<Compared> {
  const { operations, baselineOperations = operations, baseline, candidate, prepare, alone = false } = pair
  const timeOf = alone || cpu ? processorTimeOf : wallTimeOf
  const taken: { readonly baseline: number; readonly candidate: number }[] = []
  for (let round = -WARM_UP; round < rounds; round++) {
    const first = round % 2 === 0
    const before = first ? await timeOf(baseline) : 0
    await prepare?.()
    const own = await timeOf(candidate)
    const other = first ? before : await timeOf(baseline)
    if (round >= 0) taken.push({ baseline: other / baselineOperations, candidate: own / operations })
  }
  await profile?.(candidate, prepare)
  return {
    speed: spreadOf(taken.map(({ baseline, candidate }) => baseline / candidate)),
    time: spreadOf(taken.map(({ baseline, candidate }) => candidate / baseline)),
    baselineMs: median(taken.map(({ baseline }) => baseline)),
    candidateMs: median(taken.map(({ candidate }) => candidate)),
  }
}

async function wallTimeOf(turn: Turn): Promise<number> {
  collect({ type: 'minor' })
  const startedAt = performance.now()
  await collecting(turn)
  return performance.now() - startedAt
}

async function processorTimeOf(turn: Turn): Promise<number> {
  collect({ type: 'minor' })
  // Of the whole process: that of one thread is counted in ticks of 4 ms.
  const before = process.cpuUsage()
  await collecting(turn)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

/** A turn begins without what the other left in the young generation, and pays for what it leaves there itself. */
async function collecting(turn: Turn): Promise<void> {
  await turn()
  collect({ type: 'minor' })
}

type Paired = Pick<Case, 'name' | 'against'> & {
  readonly open: (stack: AsyncDisposableStack) => Promise<Pair> | Pair
}

/** A case whose speed should be at least so much of the baseline's; without a goal, a fact. */
export function atLeast(goal: number | undefined, { name, against, open }: Paired): Case {
  return {
    name,
    against,
    goal: goal === undefined ? '' : `≥ ${goal} ×`,
    async measure(run, stack) {
      const { speed, baselineMs, candidateMs } = await compare(await open(stack), run)
      return {
        figure: times(speed),
        ...(goal !== undefined && { kept: speed.median >= goal }),
        candidate: perSecond(1_000 / candidateMs),
        baseline: perSecond(1_000 / baselineMs),
      }
    },
  }
}

/** A case that should take at most so many times as long as the baseline. */
export function atMost(goal: number, { name, against, open }: Paired): Case {
  return {
    name,
    against,
    goal: `≤ ${goal} ×`,
    async measure(run, stack) {
      const { time, baselineMs, candidateMs } = await compare(await open(stack), run)
      return {
        figure: times(time),
        kept: time.median <= goal,
        candidate: milliseconds(candidateMs),
        baseline: milliseconds(baselineMs),
      }
    },
  }
}
