/**
 * The same questions to each peer, in one run: what a hit costs against the same baselines as in the cases, and facts
 * about what is given for it.
 */

import { fork } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'

import { LRUCache } from 'lru-cache'

import type { Run } from '../case.ts'
import { milliseconds, type Spread, times } from '../figures.ts'
import { flying, type Ground, numbers, openGround, PRODUCT, PRODUCT_TEXT, type Product } from '../ground.ts'
import { messageOf } from '../message.ts'
import { machineMs } from '../orders.ts'
import { compare } from '../paired.ts'
import { type Installed, importerOf, install } from './install.ts'
import { type Import, keyOf, type Opened, type Peer, type Setting } from './peer.ts'

const KEYS = 1_000
const READS = 1_000
const CALLERS = 10_000
const PROCESSES = 4
const LOAD_MS = 100
/** One turn of a peer takes about this long. */
const TURN_MS = 20
const BASELINE_HITS = 50_000
const TAGS = ['a', 'b', 'c']
/** How long a load goes on after an invalidation. */
const REST_MS = 20
/** What a peer does in the background is done after this. */
const QUIET_MS = 100
const AHEAD_MS = 50

const source = async () => PRODUCT

interface Asked {
  readonly peer: Peer
  readonly from: Import
  readonly folder: string
  readonly ground: Ground
  readonly run: Run
}

/** An instance for one question, on a Redis that is empty. */
async function asking<R>(
  { peer, from, ground }: Asked,
  setting: Partial<Setting>,
  ask: (opened: Opened) => Promise<R>,
): Promise<R> {
  await ground.bare.flushall()
  const opened = await peer.open(from, { url: ground.url, tiers: 'both', tags: [], source, ...setting })
  try {
    return await ask(opened)
  } finally {
    await opened.close()
  }
}

function memoryHit(asked: Asked, tags: readonly string[]): Promise<Spread> {
  return asking(asked, { tags }, async ({ get }) => {
    const map = new LRUCache<string, Product>({ max: 10 * KEYS })
    for (const i of numbers(KEYS)) {
      map.set(keyOf(i), JSON.parse(PRODUCT_TEXT))
      await get(i)
    }
    const hits = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await get(i % KEYS)
    }
    const operations = await countFor(hits)
    const { speed } = await compare(
      {
        operations,
        alone: true,
        baselineOperations: BASELINE_HITS,
        baseline: async () => {
          for (let i = 0; i < BASELINE_HITS; i++) await map.get(keyOf(i % KEYS))
        },
        candidate: () => hits(operations),
      },
      asked.run,
    )
    return speed
  })
}

/** How many take about a turn. */
async function countFor(run: (count: number) => Promise<void>): Promise<number> {
  let count = 100
  for (;;) {
    const startedAt = performance.now()
    await run(count)
    const took = performance.now() - startedAt
    if (took > TURN_MS / 2) return Math.ceil((count * TURN_MS) / took)
    count *= 2
  }
}

function redisHit(asked: Asked): Promise<Spread> {
  return asking(asked, { tiers: 'redis' }, async ({ get, forget }) => {
    const { bare } = asked.ground
    await flying(READS, (i) => bare.set(`bare:${i}`, PRODUCT_TEXT))
    await flying(READS, get)
    const { speed } = await compare(
      {
        operations: READS,
        baseline: () => flying(READS, async (i) => JSON.parse((await bare.get(`bare:${i}`)) ?? '')),
        prepare: async () => void (await forget?.()),
        candidate: () => flying(READS, get),
      },
      asked.run,
    )
    return speed
  })
}

function callers(asked: Asked): Promise<string> {
  let [loads, endedAt] = [0, 0]
  const load = async () => {
    loads++
    await wait(LOAD_MS)
    endedAt = performance.now()
    return PRODUCT
  }
  return asking(asked, { source: load }, async ({ get }) => {
    await get(0)
    loads = 0
    await Promise.all(numbers(CALLERS).map(() => get(1)))
    return `${loads}, ${milliseconds(performance.now() - endedAt)}`
  })
}

/**
 *     get: load (old) ------------------- old
 *              written: new, invalidated        get: old or new?
 */
function invalidatedDuringLoad(asked: Asked, tags: readonly string[]): Promise<string> {
  const begun = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  let current = { ...PRODUCT, name: 'old' }
  const gated = async () => {
    const read = current
    begun.resolve()
    await gate.promise
    return read
  }
  return asking(asked, { source: gated, tags }, async ({ get, invalidate }) => {
    const loading = get(1)
    await begun.promise
    current = { ...PRODUCT, name: 'new' }
    await Promise.race([invalidate(1), wait(1_000)])
    // The load goes on for a while: an entry made in the same millisecond could not be told from an older one.
    await wait(REST_MS)
    gate.resolve()
    await loading
    await wait(QUIET_MS)
    const { name } = (await get(1)) as Product
    return name
  })
}

async function loadsOfFleet({ peer, folder, ground }: Asked): Promise<string> {
  await ground.bare.flushall()
  const args = [peer.name, folder, ground.url, String(CALLERS / PROCESSES), String(LOAD_MS)]
  const members = numbers(PROCESSES).map(() =>
    fork(new URL('./member.ts', import.meta.url), args, {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }),
  )
  try {
    await Promise.all(members.map(messageOf))
    const at = machineMs() + AHEAD_MS
    const answers = members.map((member) => {
      member.send(at)
      return messageOf(member) as Promise<number>
    })
    return String((await Promise.all(answers)).reduce((sum, loads) => sum + loads, 0))
  } finally {
    for (const member of members) member.kill('SIGKILL')
  }
}

const COLUMNS = [
  'library',
  'L1 hit',
  'L1 hit, 3 tags',
  'L2 hit',
  `${CALLERS} callers`,
  `${PROCESSES} processes`,
  'invalidated during the load, then read',
]
const WIDTHS = [26, 22, 26, 22, 16, 12]
const NONE = '–'

const lineOf = (cells: readonly string[]): string => cells.map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0)).join('  ')

export const PEERS_HEAD = `
L1 hits against an awaited lru-cache get, L2 hits against GET and parse; loads, and time from the end of the load to the last caller
${lineOf(COLUMNS)}`

/** Rejects when the peer cannot be installed. */
export async function lineOfPeer(peer: Peer, run: Run, stack: AsyncDisposableStack): Promise<string> {
  const { folder, version } = peer.packages.length > 0 ? await install(peer) : OURS
  const asked: Asked = { peer, from: importerOf(folder), folder, ground: await openGround(stack), run }
  const after = [`by key: ${await invalidatedDuringLoad(asked, [])}`]
  if (peer.hasTags) after.push(`by tag: ${await invalidatedDuringLoad(asked, TAGS)}`)
  return lineOf([
    `${peer.name} ${version}`,
    times(await memoryHit(asked, [])),
    peer.hasTags ? times(await memoryHit(asked, TAGS)) : NONE,
    times(await redisHit(asked)),
    await callers(asked),
    await loadsOfFleet(asked),
    after.join(', '),
  ])
}

/** Nothing has to be installed. */
const OURS: Installed = { folder: '', version: '' }
