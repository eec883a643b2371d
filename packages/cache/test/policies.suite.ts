/**
 * Strategies over the protocol: stale while it is reloaded, fail-safe, refresh-ahead, write-through, and what goes with
 * them. Runs on the double and on real Redis.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { type Clock, type Monotonic, systemClock } from '../src/clock.ts'
import { type Cache, NOT_MODIFIED, type Resource, type ResourceOptions, type StoredText } from '../src/index.ts'
import { GatedLoad } from '../src/testing.ts'
import { BOUND, until, type World } from './world.ts'

interface Product {
  readonly price: number
}

function products(
  cache: Cache,
  options: Partial<ResourceOptions<number, Product>> & Pick<ResourceOptions<number, Product>, 'load'>,
) {
  return cache.resource<number, Product>({
    name: 'product',
    version: 1,
    ttl: 60_000,
    jitter: 0,
    loadTimeout: 2_000,
    key: (id) => [id],
    tags: (id) => [`product:${id}`],
    ...options,
  })
}

/** A source; spread, it is its loader and nothing else. */
class Source {
  readonly load = async (): Promise<Product> => {
    this.#loads++
    return { price: this.#price }
  }

  #loads = 0
  #price = 1

  get loads(): number {
    return this.#loads
  }

  get price(): number {
    return this.#price
  }

  set price(price: number) {
    this.#price = price
  }
}

const count = (): Source => new Source()

export function policiesSuite(name: string, open: () => Promise<World>): void {
  describe(`on ${name}`, () => {
    let world: World
    beforeEach(async () => {
      world = await open()
    })
    afterEach(() => world.close())

    describe('stale while it is reloaded', () => {
      test('a stale value is served at once, and reloaded once in the fleet', async () => {
        const source = count()
        const [p1, p2] = [await world.open(), await world.open()]
        const options = { load: source.load, ttl: 100, staleFor: 60_000 }
        const [r1, r2] = [products(p1.cache, options), products(p2.cache, options)]
        await r1.get(1)
        await r2.get(1)
        source.price = 2
        await until('stale', async () => (await r1.explain(1)).redis?.verdict === 'serve-and-reload')
        expect((await Promise.all([r1.get(1), r2.get(1), r1.get(1)])).map((value) => value?.price)).toEqual([1, 1, 1])
        await until('reloaded', async () => (await r1.get(1))?.price === 2)
        await until('known to both', async () => (await r2.get(1))?.price === 2)
        expect(p1.cache.stats().stale + p2.cache.stats().stale).toBeGreaterThanOrEqual(3)
      })

      test('a process that finds it stale in Redis serves it too', async () => {
        const source = count()
        const p1 = await world.open()
        const options = { load: source.load, ttl: 50, staleFor: 60_000 }
        const r1 = products(p1.cache, options)
        await r1.get(1)
        source.price = 2
        await until('stale', async () => ((await r1.explain(1)).redis?.ttlMs ?? 1) < 0)
        const p2 = await world.open()
        expect((await products(p2.cache, options).get(1))?.price).toBe(1)
        await until('reloaded', async () => (await products(p2.cache, options).get(1))?.price === 2)
      })

      test('an invalidated value is not served, however young', async () => {
        const source = count()
        const p1 = await world.open()
        const r1 = products(p1.cache, { load: source.load, ttl: 50, staleFor: 60_000, failSafeFor: 60_000 })
        await r1.get(1)
        source.price = 2
        await p1.cache.invalidateTags(['product:1'])
        expect((await r1.get(1))?.price).toBe(2)
      })

      test('expire makes it stale in every process, and no more than that', async () => {
        const source = count()
        const [p1, p2] = [await world.open(), await world.open()]
        const options = { load: source.load, staleFor: 60_000 }
        const [r1, r2] = [products(p1.cache, options), products(p2.cache, options)]
        await r1.get(1)
        await r2.get(1)
        source.price = 2
        expect(await r1.expire(1)).toBe(true)
        expect((await r1.get(1))?.price).toBe(1)
        await until('reloaded', async () => (await r1.get(1))?.price === 2)
        await until('in the other too', async () => (await r2.get(1))?.price === 2)
        expect(source.loads).toBe(2)
      })
    })

    describe('fail-safe', () => {
      test('a failing source is covered by the last value, until failSafeFor is over', async () => {
        const p1 = await world.open()
        let failing = false
        const load = async (): Promise<Product> => {
          if (failing) throw new TypeError('the source is down')
          return { price: 1 }
        }
        const resource = products(p1.cache, { load, ttl: 50, failSafeFor: 400 })
        await resource.get(1)
        failing = true
        await until('stale', async () => ((await resource.explain(1)).redis?.ttlMs ?? 1) < 0)
        expect((await resource.get(1))?.price).toBe(1)
        expect(p1.cache.stats().stale).toBe(1)
        await until('over', async () => (await resource.explain(1)).redis === undefined)
        await expect(resource.get(1)).rejects.toThrow('the source is down')
      })

      // get: load fails ............ in between: invalidated. What is invalidated covers nothing.
      test('an invalidation during the load that fails leaves nothing to fall back on', async () => {
        const [p1, p2] = [await world.open(), await world.open()]
        const gate = new GatedLoad<number, Product>()
        const resource = products(p1.cache, { load: gate.load, ttl: 50, failSafeFor: 60_000 })
        const first = resource.get(1)
        await gate.called(1)
        gate.resolve(0, { price: 1 })
        await first
        await until('stale', async () => ((await resource.explain(1)).redis?.ttlMs ?? 1) < 0)
        const second = resource.get(1)
        await gate.called(2)
        await p2.cache.invalidateTags(['product:1'])
        await until('applied', () => p1.events.some((event) => event.type === 'applied'))
        gate.reject(1, new TypeError('the source is down'))
        await expect(second).rejects.toThrow('the source is down')
      })

      test('a slow source is covered after softTimeout, and its value is stored when it comes', async () => {
        const p1 = await world.open()
        const gate = new GatedLoad<number, Product>()
        const resource = products(p1.cache, { load: gate.load, ttl: 50, failSafeFor: 60_000, softTimeout: 30 })
        const first = resource.get(1)
        await gate.called(1)
        gate.resolve(0, { price: 1 })
        await first
        await until('stale', async () => ((await resource.explain(1)).redis?.ttlMs ?? 1) < 0)
        const slow = resource.get(1)
        await gate.called(2)
        expect((await slow)?.price).toBe(1)
        gate.resolve(1, { price: 2 })
        await until(
          'stored',
          () => resource.peek(1)?.price === 2 || p1.events.some((e) => e.type === 'load' && e.stored === 'shared'),
        )
        expect(gate.calls).toBe(2)
      })
    })

    // No machine is so busy that nobody reads in the minute in which the value is due and not yet stale.
    test.each([[0.01], ['xfetch' as const]])(
      'refreshAhead %s: a hot value is reloaded before it goes stale, and nobody waits',
      async (refreshAhead) => {
        const source = count()
        // By its clock each load takes a fifth of the ttl, so that xfetch has a reason to begin early.
        let loadedMs = 0
        const clock: Clock = { ...systemClock, now: () => (systemClock.now() + loadedMs) as Monotonic }
        const p1 = await world.open({ clock })
        const load = async () => {
          loadedMs += 12_000
          return source.load()
        }
        const resource = products(p1.cache, { load, ttl: 60_000, loadTimeout: 60_000, refreshAhead })
        await resource.get(1)
        source.price = 2
        await until('reloaded', async () => (await resource.get(1))?.price === 2)
        expect(p1.cache.stats().misses).toBe(1)
        expect(p1.cache.stats().stale).toBe(0)
      },
    )

    describe('write-through', () => {
      test('what was written is read here at once, elsewhere soon, and nobody loads it', async () => {
        const source = count()
        const [p1, p2] = [await world.open(), await world.open()]
        const [r1, r2] = [products(p1.cache, source), products(p2.cache, source)]
        await r1.get(1)
        await r2.get(1)
        const written = await r1.update(1, async () => {
          source.price = 2
          return { price: 2 }
        })
        expect(written).toEqual({ price: 2 })
        expect((await r1.get(1))?.price).toBe(2)
        await until('P2 sees it', async () => (await r2.get(1))?.price === 2)
        expect(source.loads).toBe(1)
      })

      // P1   load (1) ------------------------------------------ fill: refused
      // P2        seize --- write 2, commit --- fill: stored
      test('a load that began before it does not overwrite it', async () => {
        const [p1, p2] = [await world.open(), await world.open()]
        const gate = new GatedLoad<number, Product>()
        const [r1, r2] = [products(p1.cache, gate), products(p2.cache, gate)]
        const old = r1.get(1)
        await gate.called(1)
        await r2.update(1, async () => ({ price: 2 }))
        gate.resolve(0, { price: 1 })
        await old
        const p3 = await world.open()
        expect((await products(p3.cache, gate).get(1))?.price).toBe(2)
        await until('P1 as well', async () => (await r1.get(1))?.price === 2)
        expect(gate.calls).toBe(1)
      })

      // P1   seize a --- write 1, commit ------------------------- fill a: refused, invalidated
      // P2        seize b --- write 2, commit --- fill b: stored
      test('of two writes the entry is never the earlier one', async () => {
        const source = count()
        const [p1, p2] = [await world.open(), await world.open()]
        const [r1, r2] = [products(p1.cache, source), products(p2.cache, source)]
        const gate = new GatedLoad<number, Product>()
        const first = r1.update(1, () => gate.load(1))
        await gate.called(1)
        await r2.update(1, async () => {
          source.price = 2
          return { price: 2 }
        })
        // It committed first, and hears of it late.
        gate.resolve(0, { price: 1 })
        await first
        expect((await r1.get(1))?.price).toBe(2)
        await until('P2 too', async () => (await r2.get(1))?.price === 2)
      })

      // P1   seize --- write 1, commit ----------------------- fill: refused, the tag has changed
      // P2                    write 2 elsewhere, invalidate ▲
      test('an invalidation between its commit and its fill keeps it out', async () => {
        const source = count()
        const [p1, p2] = [await world.open(), await world.open()]
        const [r1, r2] = [products(p1.cache, source), products(p2.cache, source)]
        const gate = new GatedLoad<number, Product>()
        const first = r1.update(1, () => gate.load(1))
        await gate.called(1)
        source.price = 2
        await p2.cache.invalidateTags(['product:1'])
        gate.resolve(0, { price: 1 })
        await first
        expect((await r2.get(1))?.price).toBe(2)
        expect((await r1.get(1))?.price).toBe(2)
      })

      test('a write that fails is told, and what was cached is not believed any more', async () => {
        const source = count()
        const p1 = await world.open()
        const resource = products(p1.cache, source)
        await resource.get(1)
        source.price = 2
        const failed = resource.update(1, () => Promise.reject(new TypeError('connection lost')))
        await expect(failed).rejects.toThrow('connection lost')
        expect((await resource.get(1))?.price).toBe(2)
      })

      test('set caches what is known, and a removed value as absent', async () => {
        const source = count()
        const p1 = await world.open()
        const resource = products(p1.cache, { ...source, negativeTtl: 10_000 })
        expect(await resource.set(1, { price: 7 })).toBe(true)
        expect((await resource.get(1))?.price).toBe(7)
        await resource.set(1, undefined)
        expect(await resource.get(1)).toBeUndefined()
        expect(source.loads).toBe(0)
      })
    })

    test('a read with the position of a write in another process sees it, whatever its own process has heard', async () => {
      const source = count()
      const [p1, p2] = [await world.open(), await world.open()]
      const [r1, r2] = [products(p1.cache, source), products(p2.cache, source)]
      await r1.get(1)
      await r2.get(1)
      await world.whileDeaf(async () => {
        source.price = 2
        await p1.cache.invalidateTags(['product:1'])
        const after = p1.cache.position()
        expect((await r2.get(1, { after }))?.price).toBe(2)
      })
    })

    test('clear makes every value of the resource not current, and of no other', async () => {
      const source = count()
      const [p1, p2] = [await world.open(), await world.open()]
      const [r1, r2] = [products(p1.cache, source), products(p2.cache, source)]
      const other = products(p1.cache, { ...source, name: 'other' })
      await Promise.all([r1.get(1), r1.get(2), other.get(1)])
      await r2.get(1)
      source.price = 2
      expect(await r1.clear()).toBe(true)
      expect([(await r1.get(1))?.price, (await r1.get(2))?.price, (await other.get(1))?.price]).toEqual([2, 2, 1])
      await until('P2 as well', async () => (await r2.get(1))?.price === 2)
    })

    test('kept as bytes, a hit is the bytes that are stored, with their hash', async () => {
      const source = count()
      const p1 = await world.open()
      const resource = products(p1.cache, { ...source, keep: 'bytes' })
      const [first, second] = [await resource.getBytes(1), await resource.getBytes(1)]
      expect(first?.bytes.toString()).toBe('{"price":1}')
      expect(second?.bytes).toEqual(first?.bytes)
      expect(second?.hash).toMatch(/^[\w-]{22}$/)
      // What a caller gets is its own: whoever writes into it changes nothing that is kept.
      second?.bytes.fill(0)
      expect((await resource.getBytes(1))?.bytes.toString()).toBe('{"price":1}')
      expect((await resource.get(1))?.price).toBe(1)
      await expect(products(p1.cache, source).getBytes(1)).rejects.toMatchObject({ code: 'CACHE_OPTION_INVALID' })
    })

    test('hit answers what memory can serve at once, and begins nothing when it cannot', async () => {
      const source = count()
      const [p1, p2] = [await world.open(), await world.open()]
      const [r1, r2] = [p1, p2].map(({ cache }) =>
        products(cache, { ...source, keep: 'both', negativeTtl: 60_000, tagsOf: () => ['late'] }),
      ) as [Resource<number, Product>, Resource<number, Product>]
      let prepared = 0
      const prepare = ({ latin1, hash, tags }: StoredText) => ({ latin1, hash, tags, times: ++prepared })

      expect(r1.hit(1, prepare)).toBeUndefined()
      expect([source.loads, p1.cache.stats().requests]).toEqual([0, 0])
      const bytes = await r1.getBytes(1)
      const first = r1.hit(1, prepare)
      expect(first?.prepared).toEqual({ latin1: '{"price":1}', hash: bytes?.hash, tags: bytes?.tags, times: 1 })
      expect(first?.ttlMs).toBeGreaterThan(0)
      expect(r1.hit(1, prepare)?.prepared).toBe(first?.prepared)
      expect(p1.cache.stats()).toMatchObject({ requests: 3, memoryHits: 2 })

      await r1.set(2, undefined)
      // The announcement of the write comes back over the bus, and may let go of what was read after it once more.
      await until('its absence is read from memory', async () => {
        const { memoryHits } = p1.cache.stats()
        expect(await r1.get(2)).toBeUndefined()
        return p1.cache.stats().memoryHits === memoryHits + 1
      })
      const { requests } = p1.cache.stats()
      expect(r1.hit(2, prepare)).toBeUndefined()
      expect(p1.cache.stats().requests).toBe(requests)
      source.price = 2
      await r2.invalidate(1)
      await until('P1 lets go of it', () => Promise.resolve(r1.hit(1, prepare) === undefined))
      await r1.getBytes(1)
      expect(r1.hit(1, prepare)?.prepared).toMatchObject({ latin1: '{"price":2}', times: 2 })
    })

    test('hit serves nothing whose tag was invalidated, and nothing without proof', async () => {
      const source = count()
      const [p1, p2] = [await world.open(), await world.open()]
      const resource = products(p1.cache, { ...source, keep: 'both' })
      const seen = () => resource.hit(1, ({ latin1 }) => latin1)?.prepared
      await resource.getBytes(1)
      expect(seen()).toBe('{"price":1}')

      source.price = 2
      await p1.cache.invalidateTags(['product:1'])
      expect(seen()).toBeUndefined()
      await resource.getBytes(1)
      expect(seen()).toBe('{"price":2}')

      await world.whileDeaf(async () => {
        source.price = 3
        await p2.cache.invalidateTags(['product:1'])
        const acknowledgedAt = performance.now()
        await until('the bound has passed', () => performance.now() - acknowledgedAt > BOUND)
        expect(seen()).toBeUndefined()
      })
    })

    test('kept as both, a hit is either, here and where another process has loaded it', async () => {
      const source = count()
      const [p1, p2] = [await world.open(), await world.open()]
      const [r1, r2] = [p1, p2].map(({ cache }) =>
        products(cache, { ...source, keep: 'both', negativeTtl: 60_000, tagsOf: () => ['late'] }),
      )
      for (const resource of [r1, r2, r1, r2]) {
        expect((await resource?.getBytes(1))?.bytes.toString()).toBe('{"price":1}')
        expect(await resource?.get(1)).toBe(await resource?.get(1)) // The same object: nothing is parsed.
        expect((await resource?.getBytes(1))?.tags).toContain('late')
      }
      expect(source.loads).toBe(1)
      expect(p2.cache.stats()).toMatchObject({ redisHits: 1, memoryHits: 7 })
      expect(p1.cache.health().bytes).toBeGreaterThan(2 * '{"price":1}'.length)

      await r1?.set(2, undefined)
      expect([await r1?.get(2), await r1?.getBytes(2), await r2?.getBytes(2)]).toEqual([
        undefined,
        undefined,
        undefined,
      ])
    })

    test('a reload may say that the previous value still stands', async () => {
      const p1 = await world.open()
      const seen: (string | undefined)[] = []
      const resource = products(p1.cache, {
        ttl: 50,
        staleFor: 60_000,
        load: async () => ({ price: 1 }),
        reload: async (_id, previous) => {
          seen.push(previous.hash)
          return NOT_MODIFIED
        },
      })
      await resource.get(1)
      const hash = (await resource.explain(1)).redis?.hash
      await until('stale', async () => ((await resource.explain(1)).redis?.ttlMs ?? 1) < 0)
      await until('asked again', async () => (await resource.get(1)) !== undefined && seen.length > 0)
      expect((await resource.get(1))?.price).toBe(1)
      expect(seen[0]).toBe(hash)
    })

    test('peek answers from memory and never loads', async () => {
      const source = count()
      const p1 = await world.open()
      const resource = products(p1.cache, source)
      expect(resource.peek(1)).toBeUndefined()
      await resource.get(1)
      expect(resource.peek(1)?.price).toBe(1)
      await p1.cache.invalidateTags(['product:1'])
      expect(resource.peek(1)).toBeUndefined()
      expect(source.loads).toBe(1)
    })

    test('warming is bounded, tells how far it is, and counts what fails', async () => {
      const p1 = await world.open()
      let running = 0
      let most = 0
      const load = async (id: number): Promise<Product> => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, 1))
        running--
        if (id % 10 === 0) throw new TypeError('no such thing')
        return { price: id }
      }
      const resource = products(p1.cache, { load })
      const progress: number[] = []
      const ids = Array.from({ length: 40 }, (_, i) => i + 1)
      const warmed = await resource.warm(ids, {
        concurrent: 5,
        onProgress: ({ done, failed }) => progress.push(done + failed),
      })
      expect(warmed).toMatchObject({ done: 36, failed: 4, error: expect.any(Error) })
      expect(progress).toEqual(ids)
      expect(most).toBeLessThanOrEqual(5)
      expect(resource.peek(7)?.price).toBe(7)
    })

    test('explain says where an entry lives and why it would not be served', async () => {
      const source = count()
      const p1 = await world.open()
      const resource = products(p1.cache, source)
      expect(await resource.explain(1)).toMatchObject({
        key: 'product.1:1',
        memory: undefined,
        redis: undefined,
        reading: false,
      })
      await resource.get(1)
      expect(await resource.explain(1)).toMatchObject({ memory: { verdict: 'serve' }, redis: { verdict: 'serve' } })
      await p1.cache.invalidateTags(['product:1'])
      const explained = await resource.explain(1)
      expect(explained).toMatchObject({ memory: { verdict: 'invalidated' }, redis: { verdict: 'invalidated' } })
      const tag = explained.redis?.tags.find((one) => one.tag === 'product:1')
      expect(tag?.stamped).not.toBe(tag?.current)
    })
  })
}
