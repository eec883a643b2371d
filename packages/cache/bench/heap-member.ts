/**
 * A process that fills Redis with entries, or one that keeps them in memory and says what each costs: heap and what lies
 * outside it (of which Node's `external` is all, array buffers included), after full collections.
 *
 * The entries come from Redis, as they do in a process that begins. What is said is the median of the cost in equal
 * steps, so neither what the first bring with them counts, nor what a step leaves to the next.
 */

import { setTimeout as wait } from 'node:timers/promises'

import { createCache } from '../src/index.ts'
import { redis } from '../src/redis/index.ts'
import { median } from './figures.ts'
import { numbers } from './ground.ts'

const [, , role = '', url = '', ownTags = ''] = process.argv

const STEPS = 6
const STEP = 10_000
const PAYLOAD_BYTES = 1_024

const cache = createCache({
  name: 'heap',
  redis: redis({ url, commandTimeout: 5_000 }),
  maxStaleness: 5_000,
  memory: { maxBytes: 1_073_741_824 },
})
const item = cache.resource({
  name: 'item',
  version: 1,
  ttl: 3_600_000,
  keep: role === 'fill' ? 'nothing' : 'bytes',
  key: (id: number) => [id],
  tags: (id) => (ownTags ? [`item:${id}`, 'items'] : ['items']),
  // As JSON, of the bytes that are counted.
  load: async (id) => String(id).padEnd(PAYLOAD_BYTES - 2, 'x'),
})

const ids = (step: number): number[] => numbers(STEP).map((id) => step * STEP + id)

async function usedBytes(): Promise<number> {
  // What is outside the heap is given back a little after its object.
  for (let turn = 0; turn < 4; turn++) {
    globalThis.gc?.()
    await wait(50)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function hold(): Promise<number> {
  const used: number[] = []
  for (const step of numbers(STEPS)) {
    await item.warm(ids(step))
    used.push(await usedBytes())
  }
  const { entries } = cache.health()
  const { bytes } = (await item.getBytes(0)) ?? {}
  if (entries !== STEPS * STEP) throw new Error(`${entries} entries are held`)
  if (bytes?.length !== PAYLOAD_BYTES) throw new Error(`an entry has ${bytes?.length} bytes`)
  return median(used.slice(1).map((bytes, i) => (bytes - (used[i] ?? 0)) / STEP))
}

process.once('disconnect', () => process.exit())
if (!(await cache.ready({ timeout: 10_000 }))) throw new Error('not ready')
if (role === 'fill') for (const step of numbers(STEPS)) await item.warm(ids(step), { concurrent: 32 })
process.send?.(role === 'fill' ? 0 : await hold())
