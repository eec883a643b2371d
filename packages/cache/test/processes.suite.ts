/**
 * Races of processes with each other: of loads, leases, writes and tags, each drawn above its test. Runs on the double and
 * on real Redis. Order is held by gates; P1, P2 and P3 are processes.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import type { Cache, CacheOptions, Resource, ResourceOptions } from '../src/index.ts'
import { GatedLoad } from '../src/testing.ts'
import { type Member, until, type World } from './world.ts'

interface Price {
  readonly price: number
}

type Prices = Resource<number, Price>

const KEY = 'price.1:1'

function prices(
  cache: Cache,
  options: Partial<ResourceOptions<number, Price>> & Pick<ResourceOptions<number, Price>, 'load'>,
): Resource<number, Price> {
  return cache.resource<number, Price>({
    name: 'price',
    version: 1,
    ttl: 60_000,
    jitter: 0,
    staleFor: 60_000,
    loadTimeout: 5_000,
    key: (id) => [id],
    tags: (id) => [`price:${id}`],
    tagsOf: () => ['late'],
    ...options,
  })
}

/** A write in the hand of the test: taken up, committed, and told to the cache, each when it says so. */
class Write {
  readonly #gate = new GatedLoad<undefined, Price>()
  readonly #ended: Promise<unknown>

  constructor(resource: Resource<number, Price>, id: number) {
    this.#ended = resource.update(id, () => this.#gate.load(undefined))
  }

  /** Its lease is taken: from here on the source may be written to. */
  begun(): Promise<void> {
    return this.#gate.called(1)
  }

  async end(price: number): Promise<void> {
    this.#gate.resolve(0, { price })
    await this.#ended
  }
}

/** All orders of three steps each of two writers, `a` and `b`. */
function orders(a = 3, b = 3): string[] {
  if (a + b === 0) return ['']
  return [
    ...(a > 0 ? orders(a - 1, b).map((rest) => `a${rest}`) : []),
    ...(b > 0 ? orders(a, b - 1).map((rest) => `b${rest}`) : []),
  ]
}

/** `patient` gives a process deadlines that a burst of commands does not miss. */
export function processesSuite<W extends World>(
  name: string,
  open: () => Promise<W>,
  patient: (world: W) => Partial<CacheOptions>,
): void {
  describe(`on ${name}`, () => {
    let world: W

    beforeAll(async () => {
      world = await open()
    })
    afterEach(async () => {
      await world.closeMembers()
      await world.flushAll()
    })
    afterAll(() => world.close())

    const openOne = (options: Partial<CacheOptions> = {}): Promise<Member> =>
      world.open({ ...patient(world), ...options })
    const noted = ({ events }: Member): number => events.filter(({ type }) => type === 'applied').length

    describe('an invalidation during', () => {
      // P1   load (1) ........................................ fill: refused, by whatever way the load came about
      // P2               price = 2, invalidate ▲ heard by P1, or lost to it
      // P3                                                     2
      type Path = (resource: Resource<number, Price>, gate: GatedLoad<number, Price>) => Promise<unknown>
      const paths: [string, Path][] = [
        ['a read', async (resource) => resource.get(1)],
        [
          'a reload in the background',
          async (resource, gate) => {
            const first = resource.get(1)
            await gate.called(1)
            gate.resolve(0, { price: 0 })
            await first
            await resource.expire(1)
            expect(await resource.get(1)).toEqual({ price: 0 })
          },
        ],
        ['a getMany', async (resource) => resource.getMany([1, 2])],
        ['a write-through', async (resource, gate) => resource.update(1, () => gate.load(1))],
      ]
      const invalidations: [string, (cache: Cache, resource: Resource<number, Price>) => Promise<boolean>][] = [
        ['by key', (_cache, resource) => resource.invalidate(1)],
        ['by a known tag', (cache) => cache.invalidateTags(['price:1'])],
        ['by a tag of the value', (cache) => cache.invalidateTags(['late'])],
        ['by clear', (_cache, resource) => resource.clear()],
      ]
      const all = paths.flatMap(([path, begin]) =>
        invalidations.flatMap(([how, invalidate]) =>
          ['heard', 'lost'].map((message) => [path, how, message, begin, invalidate] as const),
        ),
      )
      test.each(all)(
        '%s, %s, %s, keeps what was loaded out of every tier',
        async (path, _how, message, begin, invalidate) => {
          const [p1, p2, p3] = [await openOne(), await openOne(), await openOne()]
          const gate = new GatedLoad<number, Price>()
          const calls = path === 'a read' || path === 'a write-through' ? 1 : 2
          const load = async (id: number): Promise<Price | undefined> =>
            gate.calls < calls ? gate.load(id) : { price: 2 }
          const loadMany = (ids: readonly number[]): Promise<(Price | undefined)[]> => Promise.all(ids.map(load))
          const r1 = prices(p1.cache, { load, loadMany })
          const current = { load: async () => ({ price: 2 }) }
          const [r2, r3] = [prices(p2.cache, current), prices(p3.cache, current)]
          // All tags are there before: one that is first seen afterwards would keep the value out by itself.
          await Promise.all([r3.get(9), prices(p3.cache, { ...current, name: 'other' }).get(1)])

          const old = begin(r1, gate)
          await gate.called(calls)
          const applied = noted(p1)
          const end = async (): Promise<void> => {
            for (let call = 0; call < calls; call++) gate.resolve(call, { price: 1 })
            await old
            await until('P1 is done', () => p1.cache.health().flights === 0)
          }
          if (message === 'lost') {
            await world.whileDeaf(async () => {
              expect(await invalidate(p2.cache, r2)).toBe(true)
              await end()
            })
          } else {
            expect(await invalidate(p2.cache, r2)).toBe(true)
            await end()
            await until('P1 has heard', () => noted(p1) > applied)
          }

          // Who has not heard of it may serve what it knows until the bound, and no longer.
          for (const [i, resource] of [r3, r1].entries()) {
            if (message === 'lost') await until(`${i} knows`, async () => (await resource.get(1))?.price === 2)
            else expect((await resource.get(1))?.price).toBe(2)
          }
        },
      )
    })

    // P1   claim a --- load (1) --------------------------------------------------- fill a: refused
    // Redis                      a ends by itself
    // P2                             price = 2   claim b --- load (2) --- fill b: stored
    test('a lease that ends while its loader runs is no fence for what that brings', async () => {
      const [p1, p2, p3] = [await openOne(), await openOne(), await openOne()]
      const gate = new GatedLoad<number, Price>()
      const [r1, r2, r3] = [p1, p2, p3].map(({ cache }) => prices(cache, gate)) as [Prices, Prices, Prices]
      const old = r1.get(1)
      await gate.called(1)
      await world.endLease(KEY)
      const current = r2.get(1)
      await gate.called(2)
      gate.resolve(1, { price: 2 })
      expect((await current)?.price).toBe(2)
      gate.resolve(0, { price: 1 })
      await old
      expect((await r3.get(1))?.price).toBe(2)
      expect((await r1.get(1))?.price).toBe(2)
      expect(gate.calls).toBe(2)
    })

    // P1   claim a --- load (1) ------------------------------ fill a: refused, though nobody else has the lease
    // Redis                  a ends   price = 2, nobody is told
    // P2                                                            loads 2
    test('a slow fill whose lease has ended is refused also when nobody took it', async () => {
      const [p1, p2] = [await openOne(), await openOne()]
      const gate = new GatedLoad<number, Price>()
      const [r1, r2] = [p1, p2].map(({ cache }) => prices(cache, gate)) as [Prices, Prices]
      const old = r1.get(1)
      await gate.called(1)
      await world.endLease(KEY)
      gate.resolve(0, { price: 1 })
      await old
      const current = r2.get(1)
      await gate.called(2)
      gate.resolve(1, { price: 2 })
      expect((await current)?.price).toBe(2)
    })

    describe('a negative entry', () => {
      const negativeTtl = 60_000

      // P1   load: no such row -------------------------------- fill: refused
      // P2           creates the row, invalidates its tag ▲              found
      test('loaded before the row was created does not hide it', async () => {
        const [p1, p2] = [await openOne(), await openOne()]
        const gate = new GatedLoad<number, Price>()
        const [r1, r2] = [p1, p2].map(({ cache }) => prices(cache, { load: gate.load, negativeTtl })) as [
          Prices,
          Prices,
        ]
        const none = r1.get(1)
        await gate.called(1)
        const applied = noted(p1)
        expect(await p2.cache.invalidateTags(['price:1'])).toBe(true)
        gate.resolve(0, undefined)
        expect(await none).toBeUndefined()
        const found = r2.get(1)
        await gate.called(2)
        gate.resolve(1, { price: 2 })
        expect((await found)?.price).toBe(2)
        await until('P1 has heard', () => noted(p1) > applied)
        expect((await r1.get(1))?.price).toBe(2)
      })

      // P1   holds: no such row          hears ▼   found
      // P2   creates the row, invalidates its tag, which the negative entry carries
      test('that is held in memory and in Redis ends with the write that creates the row', async () => {
        const [p1, p2] = [await openOne(), await openOne()]
        let row: Price | undefined
        const [r1, r2] = [p1, p2].map(({ cache }) => prices(cache, { load: async () => row, negativeTtl })) as [
          Prices,
          Prices,
        ]
        expect([await r1.get(1), await r2.get(1)]).toEqual([undefined, undefined])
        expect((await r1.explain(1)).redis).toMatchObject({ absent: true, verdict: 'serve' })
        const applied = noted(p1)
        row = { price: 2 }
        expect(await p2.cache.invalidateTags(['price:1'])).toBe(true)
        expect((await r2.get(1))?.price).toBe(2)
        await until('P1 has heard', () => noted(p1) > applied)
        expect((await r1.get(1))?.price).toBe(2)
      })
    })

    // P1   stale: served, claim: granted --- reload ---------- fill
    // P2   stale: served, claim: busy ........................ takes what P1 brought; reloads nothing
    test('two that find a value stale at once reload it once', async () => {
      const [p1, p2] = [await openOne(), await openOne()]
      const gate = new GatedLoad<number, Price>()
      const [r1, r2] = [p1, p2].map(({ cache }) => prices(cache, gate)) as [Prices, Prices]
      const first = r1.get(1)
      await gate.called(1)
      gate.resolve(0, { price: 1 })
      await first
      await r2.get(1)
      expect(await r1.expire(1)).toBe(true)
      const isStale = async (resource: Prices): Promise<boolean> =>
        ((await resource.explain(1)).memory?.ttlMs ?? 1) <= 0
      await until('stale in both', async () => (await isStale(r1)) && (await isStale(r2)))
      expect(await Promise.all([r1.get(1), r2.get(1)])).toEqual([{ price: 1 }, { price: 1 }])
      await gate.called(2)
      await until('the other waits', () => p1.cache.health().flights + p2.cache.health().flights === 2)
      gate.resolve(1, { price: 2 })
      await until('both are done', () => p1.cache.health().flights + p2.cache.health().flights === 0)
      // Without another read.
      await until('both hold it', () => r1.peek(1)?.price === 2 && r2.peek(1)?.price === 2)
      expect(gate.calls).toBe(2)
    })

    // P1, P2, P3, P4   tag missing: mint --- load --- fill     one minting; the others find it
    test('several that mint one tag at once end with one nonce, which each entry carries', async () => {
      let price = 1
      const members = await Promise.all([1, 2, 3, 4].map(() => openOne()))
      const load = async (): Promise<Price> => ({ price })
      const resources = members.map(({ cache }) => prices(cache, { load, tags: () => ['shared'] }))
      await Promise.all(resources.map((resource, i) => resource.get(i)))
      const stamps = await Promise.all(
        resources.map(async (resource, i) =>
          (await resource.explain(i)).redis?.tags.find(({ tag }) => tag === 'shared'),
        ),
      )
      expect(new Set(stamps.map((stamp) => stamp?.stamped)).size).toBe(1)
      expect(stamps.map((stamp) => stamp?.stamped)).toEqual(stamps.map((stamp) => stamp?.current))
      price = 2
      expect(await members[0]?.cache.invalidateTags(['shared'])).toBe(true)
      for (const [i, resource] of resources.entries())
        await until(`P${i + 1} has heard`, async () => (await resource.get(i))?.price === 2)
    })

    // P1   holds (1, cell of price:1)   other tags take the place of its cell
    // P2                                    price = 2, invalidate: no cell in P1 takes it
    test('a cell evicted under a live entry takes the entry with it', async () => {
      let price = 1
      const load = async (): Promise<Price> => ({ price })
      const [p1, p2] = [await openOne({ memory: { maxTags: 3 } }), await openOne()]
      const r1 = prices(p1.cache, { load })
      for (const id of [1, 2, 3, 4]) await r1.get(id)
      const applied = noted(p1)
      price = 2
      expect(await p2.cache.invalidateTags(['price:1'])).toBe(true)
      await until('P1 has heard', () => noted(p1) > applied)
      expect((await r1.get(1))?.price).toBe(2)
    })

    describe('of two writes through the cache', () => {
      // Each takes the lease, commits, and tells the cache; their six steps in one order of twenty:
      //
      //     P1   seize a ---------- commit 1 -------------------------- fill a
      //     P2            seize b ------------- commit 2 --- fill b
      test.each(orders())('the entry is never the earlier one, in order %s', async (order) => {
        const [p1, p2, p3] = [await openOne(), await openOne(), await openOne()]
        let price = 0
        const load = async (): Promise<Price> => ({ price })
        const [r1, r2, r3] = [p1, p2, p3].map(({ cache }) => prices(cache, { load })) as [Prices, Prices, Prices]
        await r1.get(1)
        await r2.get(1)
        const writes: Record<string, { resource: Prices; own: number; steps: number; write?: Write }> = {
          a: { resource: r1, own: 1, steps: 0 },
          b: { resource: r2, own: 2, steps: 0 },
        }
        for (const letter of order) {
          const writer = writes[letter]
          if (!writer) throw new Error(`no writer ${letter}`)
          const step = writer.steps++
          if (step === 0) {
            writer.write = new Write(writer.resource, 1)
            await writer.write.begun()
          } else if (step === 1) price = writer.own
          else await writer.write?.end(writer.own)
        }
        const last = order.endsWith('a') ? r1 : r2
        expect((await last.get(1))?.price).toBe(price)
        expect((await r3.get(1))?.price).toBe(price)
        await until('P1 as well', async () => (await r1.get(1))?.price === price)
        await until('P2 as well', async () => (await r2.get(1))?.price === price)
      })
    })

    // P1   seize --- writes 2, not yet committed ........... commit --- fill
    // P2         claim: busy, waits; its source would still say 1 ........ finds 2
    test('what is written is in no tier before its commit, and nobody loads what was before it', async () => {
      const [p1, p2] = [await openOne(), await openOne()]
      const gate = new GatedLoad<number, Price>()
      const [r1, r2] = [p1, p2].map(({ cache }) => prices(cache, gate)) as [Prices, Prices]
      const write = new Write(r1, 1)
      await write.begun()
      const waiting = r2.get(1)
      await until('P2 reads', () => p2.cache.health().flights === 1)
      expect((await r1.explain(1)).redis).toBeUndefined()
      await write.end(2)
      expect((await waiting)?.price).toBe(2)
      expect(gate.calls).toBe(0)
    })

    // P1   seize --- commit ✗ a conflict: told to its caller      P1, P2   read: lease busy, wait ....... load for themselves
    test('a write that fails fails no read that waits for it', async () => {
      const [p1, p2] = [await openOne(), await openOne()]
      const gate = new GatedLoad<number, Price>()
      const [r1, r2] = [p1, p2].map(({ cache }) => prices(cache, { load: async () => ({ price: 1 }) })) as [
        Prices,
        Prices,
      ]
      const write = r1.update(1, () => gate.load(1)).catch((error: Error) => error.message)
      await gate.called(1)
      const reads = [r1.get(1), r2.get(1)]
      await until('both read', () => p1.cache.health().flights === 1 && p2.cache.health().flights === 1)
      gate.reject(0, new TypeError('a conflict'))
      expect(await write).toBe('a conflict')
      expect(await Promise.all(reads)).toEqual([{ price: 1 }, { price: 1 }])
    })

    // P1   holds 1   seize --- writes 2, not yet committed: 1 ......... rolled back: what the source has
    // P2   holds 1             may still read 1                          1
    test('a write that is rolled back leaves nothing of itself in any tier', async () => {
      const [p1, p2, p3] = [await openOne(), await openOne(), await openOne()]
      const load = async (): Promise<Price> => ({ price: 1 })
      const [r1, r2, r3] = [p1, p2, p3].map(({ cache }) => prices(cache, { load })) as [Prices, Prices, Prices]
      await r2.get(1)
      const failed = r1.update(1, () => Promise.reject(new TypeError('rolled back')))
      await expect(failed).rejects.toThrow('rolled back')
      const values = await Promise.all([r1, r2, r3].map((resource) => resource.get(1)))
      expect(values).toEqual([{ price: 1 }, { price: 1 }, { price: 1 }])
    })

    // P1, P2   10 000 keys, all missing: each is claimed by one of them, and the other waits for it
    test('10 000 keys that expire at once are loaded once each in the fleet', async () => {
      const [p1, p2] = [await openOne(), await openOne()]
      const loads = new Map<number, number>()
      const loadMany = async (ids: readonly number[]): Promise<Price[]> => {
        for (const id of ids) loads.set(id, (loads.get(id) ?? 0) + 1)
        return ids.map((price) => ({ price }))
      }
      const resources = [p1, p2].map(({ cache }) =>
        prices(cache, { load: async (price) => ({ price }), loadMany, tagsOf: () => [], loadTimeout: 60_000 }),
      )
      const ids = Array.from({ length: 10_000 }, (_, id) => id)
      const values = await Promise.all(resources.map((resource) => resource.getMany(ids)))
      for (const all of values) expect(all.map((value) => value?.price)).toEqual(ids)
      expect(loads.size).toBe(10_000)
      expect(Math.max(...loads.values())).toBe(1)
    })
  })
}
