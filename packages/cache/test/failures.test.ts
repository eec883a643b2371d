/**
 * Every operation with its i-th Redis command failing, for every i, in both ways: refused, or done and its answer lost.
 *
 * The operation must give the right answer or a named error; nothing stale may be served afterwards, and nothing may be
 * left behind: no flight, no place in the bulkhead, no lease past its life.
 */

import { describe, expect, test } from 'vitest'

import { type Cache, type CacheError, createCache, type Resource } from '../src/index.ts'
import { ManualClock, RedisDouble } from '../src/testing.ts'

interface Product {
  readonly price: number
}

interface Scene {
  readonly clock: ManualClock
  readonly double: RedisDouble
  readonly cache: Cache
  readonly product: Resource<number, Product>
  readonly other: Resource<number, Product>
  /** What the source holds. */
  price: number
}

const BOUND = 500

async function scene(): Promise<Scene> {
  const clock = new ManualClock()
  const double = new RedisDouble()
  const made = { price: 1 } as { -readonly [K in keyof Scene]: Scene[K] }
  const open = (): { cache: Cache; product: Resource<number, Product> } => {
    const cache = createCache({ name: 'test', redis: double.open, clock, maxStaleness: BOUND })
    const product = cache.resource<number, Product>({
      name: 'product',
      version: 1,
      ttl: 10_000,
      jitter: 0,
      staleFor: 60_000,
      loadTimeout: 1_000,
      key: (id) => [id],
      tags: (id) => [`product:${id}`],
      tagsOf: () => ['late'],
      load: async () => ({ price: made.price }),
      loadMany: async (ids) => ids.map(() => ({ price: made.price })),
    })
    return { cache, product }
  }
  const [one, two] = [open(), open()]
  Object.assign(made, { clock, double, ...one, other: two.product })
  await clock.advance(100)
  // Both processes hold product 1, so that something could be served stale.
  await one.product.get(1)
  await two.product.get(1)
  return made
}

/** Each acts, and says what a read must give afterwards. */
const operations: [string, (scene: Scene) => Promise<unknown>][] = [
  ['a read from memory', ({ product }) => product.get(1)],
  ['a read that loads', ({ product }) => product.get(2)],
  ['a read of many', ({ product }) => product.getMany([1, 2, 3])],
  [
    'a read of a stale value',
    async (s) => {
      await s.clock.advance(10_500)
      const value = await s.product.get(1)
      await s.clock.advance(50)
      return value
    },
  ],
  [
    'an invalidation by tag',
    async (s) => {
      s.price = 2
      return s.cache.invalidateTags(['product:1'])
    },
  ],
  [
    'an invalidation of the late tag',
    async (s) => {
      s.price = 2
      return s.cache.invalidateTags(['late'])
    },
  ],
  [
    'an invalidation by key',
    async (s) => {
      s.price = 2
      return s.product.invalidate(1)
    },
  ],
  [
    'a write through the cache',
    (s) =>
      s.product.update(1, async () => {
        s.price = 2
        return { price: 2 }
      }),
  ],
  [
    'a value that is set',
    async (s) => {
      s.price = 2
      return s.product.set(1, { price: 2 })
    },
  ],
  ['a value that is expired', ({ product }) => product.expire(1)],
  ['an explanation', ({ product }) => product.explain(1)],
  ['a read with a position', async (s) => s.product.get(1, { after: `${s.cache.position()}9` })],
]

/** How many commands an operation sends when nothing fails. */
async function commandsOf(act: (scene: Scene) => Promise<unknown>): Promise<number> {
  const plain = await scene()
  const wire = plain.double.processes[0]
  const before = wire?.commands ?? 0
  await act(plain)
  return (wire?.commands ?? 0) - before
}

describe.each(operations)('%s', (_name, act) => {
  test.each(['refused', 'answer lost'] as const)('with each of its commands %s', async (how) => {
    const commands = await commandsOf(act)
    for (let i = 0; i < commands; i++) {
      const s = await scene()
      const wire = s.double.processes[0]
      if (!wire) throw new Error('no process')
      wire.failure = { at: wire.commands + i, how }
      const at = `command ${i} of ${commands}`

      await act(s).catch((error: CacheError) => expect(error.code, at).toMatch(/^CACHE_/))
      expect((await s.product.get(1))?.price, `${at}: read in the same process`).toBe(s.price)
      // Retries and the bus need their time; then no process serves what was before.
      await s.clock.advance(BOUND + 600)
      const reads = await Promise.all([s.product.get(1), s.other.get(1), s.product.get(2)])
      expect(
        reads.map((value) => value?.price),
        `${at}: read later, in both`,
      ).toEqual([s.price, s.price, expect.any(Number)])
      expect(s.cache.health(), at).toMatchObject({ flights: 0, loads: 0, pendingInvalidations: 0 })
      await s.clock.advance(1_500)
      const leases = [...s.double.memory.leases.values()].filter(({ endsAt }) => endsAt > s.clock.now())
      expect(leases, `${at}: leases that nobody ends`).toEqual([])
      await s.cache.close()
    }
    expect(commands).toBeGreaterThanOrEqual(0)
  })
})
