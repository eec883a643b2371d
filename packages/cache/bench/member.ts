/**
 * One process of a fleet. It does what its parent says over IPC, one thing at a time: reads some keys for many callers at
 * once, or holds an entry in memory and notes when it has heard of what makes it void.
 */

import { setTimeout as wait } from 'node:timers/promises'

import { Redis } from 'ioredis'

import { createCache } from '../src/index.ts'
import { redis } from '../src/redis/index.ts'
import { type Answer, BARE_CHANNEL, HELD_TAG, LOAD_MS, machineMs, type Order } from './orders.ts'

const [, , url = ''] = process.argv
const answer = (message: Answer): void => void process.send?.(message)

let heard: PromiseWithResolvers<number> = Promise.withResolvers()
let loads: number[] = []

const cache = createCache({
  name: 'bench',
  // Deadlines and a bound that a busy machine does not miss: what is measured is the work.
  redis: redis({ url, commandTimeout: 5_000 }),
  maxStaleness: 5_000,
  onEvent: ({ type }) => {
    // What counts is not the message, but that memory does not serve the entry any more.
    if (type === 'applied' && held.peek('held') === undefined) heard.resolve(machineMs())
  },
})
const slow = cache.resource({
  name: 'slow',
  version: 1,
  ttl: 600_000,
  key: (id: string) => [id],
  tags: (id) => [`slow:${id}`],
  load: async (id) => {
    const startedAt = performance.now()
    await wait(LOAD_MS)
    loads.push(performance.now() - startedAt)
    return { id }
  },
})
const held = cache.resource({
  name: 'held',
  version: 1,
  ttl: 600_000,
  key: (id: string) => [id],
  tags: () => [HELD_TAG],
  load: async (id) => ({ id }),
})
const bare = new Redis(url)
bare.on('message', () => heard.resolve(machineMs()))

async function read({ at, callers, keys }: Order & { type: 'read' }): Promise<void> {
  loads = []
  await wait(Math.max(0, at - machineMs()))
  const waits = Array.from({ length: callers }, async (_, i) => {
    const startedAt = performance.now()
    await slow.get(keys[i % keys.length] ?? '')
    return performance.now() - startedAt
  })
  answer({ type: 'read', waits: await Promise.all(waits), loads })
}

async function hold(): Promise<void> {
  await held.get('held')
  if (held.peek('held') === undefined) throw new Error('memory does not hold the entry')
  heard = Promise.withResolvers()
  answer({ type: 'holding' })
}

process.on('message', async (order: Order) => {
  switch (order.type) {
    case 'read':
      return read(order)
    case 'hold':
      return hold()
    case 'hear':
      return answer({ type: 'heard', at: await heard.promise })
    default:
      order satisfies never
  }
})
process.on('disconnect', () => process.exit())

await bare.subscribe(BARE_CHANNEL)
if (!(await cache.ready({ timeout: 20_000 }))) throw new Error('not ready')
answer({ type: 'ready' })
