/** What goes through Redis, against the commands that a bare client would send for it. */

import type { Cache } from '../../src/cache.ts'
import type { Case } from '../case.ts'
import { flying, type Ground, numbers, openGround, PRODUCT, PRODUCT_TEXT, products } from '../ground.ts'
import { atLeast } from '../paired.ts'

const KEYS = 10_000
const MISSES = 3_000
const MANY = 100
const CALLS = 100

/** Entries for the cache, and the same values for the bare client, in one Redis. */
async function filledGround(stack: AsyncDisposableStack): Promise<Ground> {
  const ground = await openGround(stack)
  await products(await ground.open(), { keep: 'nothing' }).warm(numbers(KEYS), { concurrent: 32 })
  await flying(KEYS, (id) => ground.bare.set(`bare:${id}`, PRODUCT_TEXT))
  return ground
}

const getAndParse = (ground: Ground) => () =>
  flying(KEYS, async (id) => JSON.parse((await ground.bare.get(`bare:${id}`)) ?? ''))

export const REDIS_CASES: readonly Case[] = [
  atLeast(0.9, {
    name: 'L2 hit, JSON, 3 tags known here',
    against: 'GET and parse',
    async open(stack) {
      const ground = await filledGround(stack)
      const resource = products(await ground.open(), { keep: 'nothing' })
      return {
        operations: KEYS,
        baseline: getAndParse(ground),
        candidate: () => flying(KEYS, (id) => resource.get(id)),
      }
    },
  }),
  atLeast(0.6, {
    // A process that has just begun: it knows no tag, and reads each key once.
    name: 'L2 hit, JSON, tags never seen here',
    against: 'GET and parse',
    async open(stack) {
      const ground = await filledGround(stack)
      let cache: Cache | undefined
      let resource: ReturnType<typeof products> | undefined
      return {
        operations: KEYS,
        baseline: getAndParse(ground),
        prepare: async () => {
          await cache?.close()
          cache = await ground.open()
          resource = products(cache, { keep: 'nothing' })
        },
        candidate: () => flying(KEYS, async (id) => resource?.get(id)),
      }
    },
  }),
  atLeast(1.1, {
    // Memory has no room for a single entry, so each read goes to Redis and is offered to memory, as in life.
    name: 'L2 hit, bytes',
    against: 'GET and parse',
    async open(stack) {
      const ground = await filledGround(stack)
      const resource = products(await ground.open({ memory: { maxBytes: 1_024 } }), { keep: 'bytes' })
      return {
        operations: KEYS,
        baseline: getAndParse(ground),
        candidate: () => flying(KEYS, (id) => resource.getBytes(id)),
      }
    },
  }),
  atLeast(0.5, {
    name: 'miss and fenced store',
    against: 'GET and SET',
    async open(stack) {
      const { bare, open } = await openGround(stack)
      // Each miss has a tag of its own; what is measured is not how the oldest are forgotten.
      const resource = products(await open({ memory: { maxTags: 1_000_000 } }))
      let [missedHere, missedThere] = [0, 0]
      return {
        operations: MISSES,
        baseline: () =>
          flying(MISSES, async () => {
            const key = `bare:${missedThere++}`
            if (!(await bare.get(key))) await bare.set(key, JSON.stringify(PRODUCT), 'PX', 3_600_000)
          }),
        candidate: () => flying(MISSES, () => resource.get(missedHere++)),
      }
    },
  }),
  atLeast(0.8, {
    name: 'getMany of 100, all in L2',
    against: 'MGET and parse',
    async open(stack) {
      const ground = await filledGround(stack)
      const resource = products(await ground.open(), { keep: 'nothing' })
      const ids = numbers(MANY)
      const keys = ids.map((id) => `bare:${id}`)
      return {
        operations: CALLS * MANY,
        baseline: async () => {
          for (let i = 0; i < CALLS; i++) for (const text of await ground.bare.mget(keys)) JSON.parse(text ?? '')
        },
        candidate: async () => {
          for (let i = 0; i < CALLS; i++) await resource.getMany(ids)
        },
      }
    },
  }),
]
