/**
 * `npm run bench`: what the cache costs, as ratios to the barest code that does the same, in one run.
 *
 * Each case states its baseline. Redis is a server of its own on this machine; 64 operations are in flight where Redis
 * takes part. Results and what was learnt from them are in findings.md.
 */

import { join } from 'node:path'

import { startRedis, temporaryDirectory } from '@shop/local-stack'
import { Redis } from 'ioredis'
import { LRUCache } from 'lru-cache'

import { createCache } from '../src/index.ts'
import { redis } from '../src/redis/index.ts'
import { type Case, measure } from './paired.ts'

const ROUNDS = Number(process.argv[2] ?? 9)
const IN_FLIGHT = 64
const VALUE = {
  id: 1,
  name: 'Casa Brio Heritage Copper Skillet',
  text: 'x'.repeat(780),
  price: { amount: 1999, currency: 'EUR' },
}
const TEXT = JSON.stringify(VALUE)

const directory = await temporaryDirectory('bench')
const server = await startRedis({ dir: join(directory.path, 'redis') })
const bare = new Redis(server.url, { enableAutoPipelining: true })
const open = (keep: 'value' | 'bytes' | 'nothing') => {
  const cache = createCache({
    name: `bench-${keep}`,
    redis: redis({ url: server.url, commandTimeout: 5_000 }),
    maxStaleness: 5_000,
  })
  const resource = cache.resource<number, typeof VALUE>({
    name: 'product',
    version: 1,
    ttl: 600_000,
    keep,
    key: (id) => [id],
    tags: (id) => [`product:${id}`, 'products'],
    load: async () => VALUE,
  })
  return { cache, resource }
}
const [memory, through, bytes] = [open('value'), open('nothing'), open('bytes')]
for (const { cache } of [memory, through, bytes]) await cache.ready({ timeout: 5_000 })

const KEYS = 1_000
const lru = new LRUCache<string, object>({ max: 10_000 })
for (let id = 0; id < KEYS; id++) lru.set(`product.1:${id}`, VALUE)
await Promise.all(Array.from({ length: KEYS }, (_, id) => bare.set(`bare:${id}`, TEXT)))
for (const { resource } of [memory, through, bytes])
  await resource.warm(
    Array.from({ length: KEYS }, (_, id) => id),
    { concurrent: 32 },
  )

/** `count` operations, so many in flight. */
async function flying(count: number, operation: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await operation(next++)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
}

let missed = 0
const HITS = 200_000
const READS = 20_000
const cases: Case[] = [
  {
    name: 'L1 hit, awaited, 3 tags, proof read / awaited lru-cache get',
    goal: 0.6,
    operations: HITS,
    baseline: async () => {
      for (let i = 0; i < HITS; i++) await Promise.resolve(lru.get(`product.1:${i % KEYS}`))
    },
    candidate: async () => {
      for (let i = 0; i < HITS; i++) await memory.resource.get(i % KEYS)
    },
  },
  {
    name: 'peek, 3 tags, proof read / lru-cache get',
    goal: 0.35,
    operations: HITS,
    baseline: () => {
      for (let i = 0; i < HITS; i++) lru.get(`product.1:${i % KEYS}`)
    },
    candidate: () => {
      for (let i = 0; i < HITS; i++) memory.resource.peek(i % KEYS)
    },
  },
  {
    name: 'L2 hit, JSON, 3 tags known / GET and parse',
    goal: 0.9,
    operations: READS,
    baseline: () => flying(READS, async (i) => JSON.parse((await bare.get(`bare:${i % KEYS}`)) ?? '')),
    candidate: () => flying(READS, (i) => through.resource.get(i % KEYS)),
  },
  {
    name: 'miss and fenced store / GET and SET',
    goal: 0.5,
    operations: READS / 4,
    baseline: () =>
      flying(READS / 4, async (i) => {
        if (!(await bare.get(`absent:${i}`))) await bare.set(`new:${i}`, JSON.stringify(VALUE), 'PX', 600_000)
      }),
    candidate: () => flying(READS / 4, () => memory.resource.get(1_000_000 + missed++)),
  },
  {
    name: 'getMany of 100, all in L2 / MGET and parse',
    goal: 0.8,
    operations: 20_000,
    baseline: async () => {
      const keys = Array.from({ length: 100 }, (_, i) => `bare:${i}`)
      for (let i = 0; i < 200; i++) for (const text of await bare.mget(keys)) JSON.parse(text ?? '')
    },
    candidate: async () => {
      const ids = Array.from({ length: 100 }, (_, i) => i)
      for (let i = 0; i < 200; i++) await through.resource.getMany(ids)
    },
  },
]

const failed: string[] = []
for (const one of cases) {
  const { name, goal, ratio, baseline, candidate } = await measure(one, ROUNDS)
  const kept = ratio >= goal
  if (!kept) failed.push(name)
  const speed = (perSecond: number): string => `${(perSecond / 1_000).toFixed(0)} k/s`.padStart(9)
  console.log(
    `${kept ? '✔' : '✘'} ${ratio.toFixed(2)}  (goal ${goal})  ${speed(candidate)} against ${speed(baseline)}   ${name}`,
  )
}
await Promise.all([memory, through, bytes].map(({ cache }) => cache.close()))
bare.disconnect()
await server.stop()
await directory.remove()
process.exit(failed.length === 0 ? 0 : 1)
