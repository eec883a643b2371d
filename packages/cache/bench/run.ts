/**
 * `npm run bench`: what the cache costs, as ratios to the barest code that does the same, in one run.
 *
 * Each case says its baseline and its goal. Redis is a server of its own on this machine. How it is measured, the results
 * and what was learnt from them are in findings.md.
 */

import { availableParallelism, loadavg } from 'node:os'
import { setTimeout } from 'node:timers/promises'

import { argumentsOf } from './arguments.ts'
import { type Case, HEAD, lineOf, rowOf } from './case.ts'
import { FLOOR_CASES } from './cases/floors.ts'
import { HEAP_CASES } from './cases/heap.ts'
import { INVALIDATION_CASES } from './cases/invalidation.ts'
import { MEMORY_CASES } from './cases/memory.ts'
import { NOISE_CASES } from './cases/noise.ts'
import { OUTAGE_CASES } from './cases/outage.ts'
import { REDIS_CASES } from './cases/redis.ts'
import { STAMPEDE_CASES } from './cases/stampede.ts'
import { lineOfPeer, PEERS_HEAD } from './peers/compare.ts'
import { PEERS } from './peers/list.ts'
import { profileOf } from './profile.ts'

const CASES: readonly Case[] = [
  ...MEMORY_CASES,
  ...REDIS_CASES,
  ...STAMPEDE_CASES,
  ...INVALIDATION_CASES,
  ...OUTAGE_CASES,
  ...HEAP_CASES,
  ...FLOOR_CASES,
  ...NOISE_CASES,
]

/** A case that takes longer than these, with so much for each round, hangs. */
const LIMIT_MS = 120_000
const ROUND_LIMIT_MS = 2_000

const say = (line: string): void => console.log(line.trimEnd())

const { only, rounds, cpu, peers, profile } = argumentsOf(process.argv.slice(2))
const chosen = CASES.filter(({ name }) => name.toLowerCase().includes(only.toLowerCase()))
if (chosen.length === 0) {
  console.error(`No case has "${only}" in its name. There are:\n${CASES.map(({ name }) => `  ${name}`).join('\n')}`)
  process.exit(2)
}

let current: AsyncDisposableStack | undefined
let stopping = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop())

const startedAt = performance.now()
const [load = 0] = loadavg()
say(
  `Node ${process.version}, ${availableParallelism()} processors, load ${load.toFixed(2)}; ${rounds} rounds${cpu ? ', time on the processors' : ''}\n`,
)
say(lineOf(HEAD))
let [kept, goals, failures] = [0, 0, 0]
for (const one of chosen) {
  const measured = await attempt(one.name, (stack) =>
    one.measure({ rounds, cpu, profile: profile ? profileOf(say) : undefined }, stack),
  )
  if (!measured) continue
  if (measured.kept !== undefined) goals++
  if (measured.kept) kept++
  say(lineOf(rowOf(one, measured)))
}
say(`\n${kept} of ${goals} goals kept, in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`)
if (peers) {
  say(PEERS_HEAD)
  for (const peer of PEERS) {
    const line = await attempt(peer.name, (stack) => lineOfPeer(peer, { rounds, cpu, profile: undefined }, stack))
    if (line) say(line)
  }
}
process.exit(failures > 0 ? 2 : kept === goals ? 0 : 1)

/** What cannot be measured is said, and the others are. */
async function attempt<R>(name: string, act: (stack: AsyncDisposableStack) => Promise<R>): Promise<R | undefined> {
  await using stack = new AsyncDisposableStack()
  current = stack
  const limitMs = LIMIT_MS + rounds * ROUND_LIMIT_MS
  const over = setTimeout(limitMs, undefined, { ref: false }).then(() => {
    throw new Error(`it took longer than ${limitMs / 1_000} s`)
  })
  try {
    return await Promise.race([act(stack), over])
  } catch (error) {
    if (stopping) await new Promise(() => undefined)
    failures++
    say(`✘  ${name}: not measured: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

/** The servers live in sessions of their own: they would stay. */
async function stop(): Promise<void> {
  stopping = true
  process.on('uncaughtException', () => undefined)
  await current?.disposeAsync()
  process.exit(130)
}
