/**
 * Every queue, table and wait has a number, and its overflow a name: an error by code, an event, or an answer that is not
 * kept. docs/proof.md lists them all; here is each that has no test elsewhere.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import {
  type Cache,
  type CacheEvent,
  type CacheOptions,
  createCache,
  observeReads,
  type ReadEvent,
  type Resource,
  type ResourceOptions,
} from '../src/index.ts'
import type { ProcessDouble } from '../src/redis-double.ts'
import { GatedLoad, ManualClock, RedisDouble } from '../src/testing.ts'
import { checkCounters, type Member } from './world.ts'

interface Price {
  readonly price: number
}

/** Of one command, in the double. */
const COMMAND_DEADLINE = 100
/** A lease outlives the load it is for by so much. */
const LEASE_MARGIN = 250

let clock: ManualClock
let double: RedisDouble
let members: Member[]

beforeEach(() => {
  clock = new ManualClock()
  double = new RedisDouble()
  members = []
})
afterEach(async () => {
  for (const { cache } of members) await cache.close()
  for (const member of members) checkCounters(member)
})

/** One more process; in time that only the test moves, and with Redis unless it says otherwise. */
async function open(options: Partial<CacheOptions> = {}): Promise<Cache> {
  const events: CacheEvent[] = []
  const cache = createCache({
    name: 'test',
    redis: double.open,
    clock,
    onEvent: (event) => events.push(event),
    ...options,
  })
  members.push({ cache, events })
  await clock.advance(100)
  return cache
}

function events<T extends CacheEvent['type']>(type: T, member = 0): (CacheEvent & { type: T })[] {
  const all = members[member]?.events ?? []
  return all.filter((event): event is CacheEvent & { type: T } => event.type === type)
}

function prices(
  cache: Cache,
  options: Partial<ResourceOptions<number, Price>> & Pick<ResourceOptions<number, Price>, 'load'>,
): Resource<number, Price> {
  return cache.resource<number, Price>({
    name: 'price',
    version: 1,
    ttl: 60_000,
    jitter: 0,
    loadTimeout: 1_000,
    key: (id) => [id],
    tags: (id) => [`price:${id}`],
    ...options,
  })
}

const load = async (price: number): Promise<Price> => ({ price })
const ids = (count: number): number[] => Array.from({ length: count }, (_, id) => id)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('loads', () => {
  test('so many run and so many wait; the next is refused by name, and a value at hand is served instead', async () => {
    const cache = await open({ loads: { concurrent: 2, waiting: 3 } })
    const gate = new GatedLoad<number, Price>()
    const resource = prices(cache, { load: gate.load, ttl: 1_000, failSafeFor: 60_000 })
    const kept = resource.get(9)
    await gate.called(1)
    gate.resolve(0, { price: 9 })
    await kept
    await clock.advance(1_500)

    const reads = ids(6).map((id) => resource.get(id).catch((error: { code: string }) => error.code))
    await gate.called(3)
    expect(await reads[5]).toBe('CACHE_LOAD_SHED')
    expect(await resource.get(9)).toEqual({ price: 9 })
    expect(gate.calls).toBe(3)
    for (let call = 1; call <= 5; call++) {
      await gate.called(call + 1)
      gate.resolve(call, { price: call })
    }
    expect(await Promise.all(reads.slice(0, 5))).toHaveLength(5)
    expect(cache.health()).toMatchObject({ loads: 0, flights: 0 })
    expect(cache.stats()).toMatchObject({ errors: 1, stale: 1 })
  })

  // a loader that does not heed its signal ------------------------------------- still there
  //                    its deadline: the reader is told; nobody has its place
  test('that do not end keep their places, so that a source that hangs is asked for no more', async () => {
    const cache = await open({ loads: { concurrent: 1, waiting: 1 } })
    const gate = new GatedLoad<number, Price>()
    const resource = prices(cache, { load: gate.load })
    for (const id of [1, 2]) {
      const read = expect(resource.get(id)).rejects.toMatchObject({ code: 'CACHE_LOAD_TIMEOUT' })
      await turn()
      await clock.advance(1_000)
      await read
    }
    expect(gate.calls).toBe(1)
    expect(cache.health()).toMatchObject({ loads: 1, flights: 0 })
    gate.resolve(0, { price: 1 })
    await turn()
    expect(cache.health().loads).toBe(0)
  })

  // P1   full: the load is refused here        P2   has room: loads it
  test('that are refused here are not told elsewhere as failures of the loader', async () => {
    const [p1, p2] = [await open({ loads: { concurrent: 1, waiting: 0 } }), await open()]
    const gate = new GatedLoad<number, Price>()
    const r1 = prices(p1, gate)
    const one = r1.get(1)
    await gate.called(1)
    const shed = r1.get(2).catch((error: { code: string }) => error.code)
    const other = prices(p2, { load }).get(2)
    expect(await shed).toBe('CACHE_LOAD_SHED')
    expect(await other).toEqual({ price: 2 })
    gate.resolve(0, { price: 1 })
    await one
  })

  test('in the background are so many; past that a stale value is served and an event says so', async () => {
    const cache = await open({ loads: { reloads: 2 } })
    const gate = new GatedLoad<number, Price>()
    let stale = false
    const resource = prices(cache, {
      load: async (id) => (stale ? gate.load(id) : { price: id }),
      ttl: 1_000,
      staleFor: 60_000,
    })
    await resource.getMany(ids(5))
    await clock.advance(1_200)
    stale = true
    expect(await Promise.all(ids(5).map((id) => resource.get(id)))).toEqual(ids(5).map((price) => ({ price })))
    await turn()
    expect(gate.calls).toBe(2)
    expect(events('reload-dropped')).toHaveLength(3)
    gate.resolve(0, { price: 10 })
    await turn()
    await clock.advance(1)
    await resource.get(4)
    await turn()
    expect(gate.calls).toBe(3)
    gate.resolve(1, { price: 11 })
    gate.resolve(2, { price: 12 })
    await turn()
  })

  test('in the background are so many of all resources together, and each tells when it fails', async () => {
    const cache = await open({ loads: { reloads: 4 } })
    const gate = new GatedLoad<number, Price>()
    let stale = false
    const options = {
      load: async (id: number) => (stale ? gate.load(id) : { price: id }),
      ttl: 1_000,
      staleFor: 60_000,
    }
    await prices(cache, options).getMany(ids(20))
    await clock.advance(1_200)
    stale = true
    // One declaration for each read, as where a route declares its own.
    for (const id of ids(20)) expect(await prices(cache, options).get(id)).toEqual({ price: id })
    await turn()
    expect(gate.calls).toBe(4)
    expect(events('reload-dropped')).toHaveLength(16)
    for (let call = 0; call < 4; call++) gate.reject(call, new TypeError('the source is down'))
    await turn()
    expect(events('reload-failed')).toHaveLength(4)
  })

  // P2   memory empty: finds them stale in Redis, serves them, and reloads four
  test('of what is found stale in Redis count as well', async () => {
    const [p1, p2] = [await open(), await open({ loads: { reloads: 4 } })]
    const gate = new GatedLoad<number, Price>()
    const options = { ttl: 1_000, staleFor: 60_000 }
    await prices(p1, { ...options, load }).getMany(ids(20))
    await clock.advance(1_200)
    const resource = prices(p2, { ...options, load: gate.load })
    expect(await Promise.all(ids(20).map((id) => resource.get(id)))).toEqual(ids(20).map((price) => ({ price })))
    await turn()
    await turn()
    expect(gate.calls).toBe(4)
    expect(events('reload-dropped', 1)).toHaveLength(16)
    for (let call = 0; call < 4; call++) gate.reject(call, new TypeError('the source is down'))
    await turn()
    expect(events('reload-failed', 1)).toHaveLength(4)
  })

  test('of one key are one, also for readers with a position and without Redis', async () => {
    const cache = await open()
    const gate = new GatedLoad<number, Price>()
    const resource = prices(cache, { load: gate.load })
    const after = `${cache.position()}9`
    double.kill()
    const reads = ids(500).map(() => resource.get(1, { after }))
    await gate.called(1)
    await turn()
    expect(gate.calls).toBe(1)
    gate.resolve(0, { price: 1 })
    expect(new Set((await Promise.all(reads)).map((value) => value?.price))).toEqual(new Set([1]))
  })

  test('of 10 000 stale values at once all are served, none waits, and the source is asked for few', async () => {
    const cache = await open()
    const gate = new GatedLoad<number, Price>()
    let stale = false
    const resource = prices(cache, {
      load: async (id) => (stale ? gate.load(id) : { price: id }),
      loadMany: async (all) => all.map((price) => ({ price })),
      ttl: 1_000,
      staleFor: 60_000,
    })
    await resource.getMany(ids(10_000))
    await clock.advance(1_100)
    stale = true
    const reads = await Promise.all(ids(10_000).map((id) => resource.get(id)))
    expect(reads.map((value) => value?.price)).toEqual(ids(10_000))
    await turn()
    expect(gate.calls).toBe(32)
    expect(cache.health().flights).toBeLessThanOrEqual(64)
    expect(events('reload-dropped')).toHaveLength(10_000 - 64)
    expect(cache.stats()).toMatchObject({ stale: 10_000, errors: 0 })
    for (let call = 0; call < 64; call++) {
      await gate.called(call + 1)
      gate.resolve(call, { price: 0 })
    }
    await turn()
    expect(cache.health().flights).toBe(0)
  })
})

// loaded at once |--------------------- fresh ---------------------|  10 000 going stale over the last tenth of the ttl
test('10 000 values that were loaded together do not go stale together', async () => {
  const cache = await open()
  const resource = prices(cache, {
    load,
    loadMany: async (all) => all.map((price) => ({ price })),
    ttl: 100_000,
    jitter: 0.1,
  })
  await resource.getMany(ids(10_000))
  const fresh = (): number => ids(10_000).filter((id) => resource.peek(id) !== undefined).length
  await clock.advance(90_000 - 1)
  let before = fresh()
  expect(before).toBe(10_000)
  for (let second = 1; second <= 10; second++) {
    await clock.advance(1_000)
    const now = fresh()
    // A tenth of them each second, give or take what chance does once in a lifetime.
    expect(before - now).toBeGreaterThan(800)
    expect(before - now).toBeLessThan(1_200)
    before = now
  }
  await clock.advance(1)
  expect(fresh()).toBe(0)
})

describe('memory', () => {
  test('holds so many bytes, and lets the least used go', async () => {
    const cache = await open({ memory: { maxBytes: 20_000 } })
    let loads = 0
    const resource = cache.resource({
      name: 'text',
      version: 1,
      ttl: 60_000,
      key: (id: number) => [id],
      load: async (id) => {
        loads++
        return `${id}`.padEnd(800, '.')
      },
    })
    for (const id of ids(200)) {
      await resource.get(id)
      expect(cache.health().bytes).toBeLessThanOrEqual(20_000)
      expect(resource.peek(id)).toBeDefined()
    }
    expect(cache.health().entries).toBeGreaterThan(10)
    expect(resource.peek(0)).toBeUndefined()
    await resource.get(0)
    expect(loads).toBe(200)
  })

  test('holds nothing that is larger than all of it', async () => {
    const cache = await open({ memory: { maxBytes: 2_000 } })
    const resource = cache.resource({
      name: 'text',
      version: 1,
      ttl: 60_000,
      key: (length: number) => [length],
      load: async (length) => '.'.repeat(length),
    })
    await resource.get(100)
    expect(await resource.get(5_000)).toHaveLength(5_000)
    expect(resource.peek(5_000)).toBeUndefined()
    expect(resource.peek(100)).toBeDefined()
    expect((await resource.explain(5_000)).redis?.verdict).toBe('serve')
  })

  test('counts what tags cost', async () => {
    const cache = await open({ memory: { maxBytes: 100_000 } })
    const resource = prices(cache, { load, tags: () => ids(60).map((i) => `tag:${i}`) })
    for (const id of ids(100)) await resource.get(id)
    // An entry with sixty tags takes about three kilobytes, however small its value.
    expect(cache.health().entries).toBeLessThan(60)
  })

  // tags   ~price, which every entry carries | price:0 price:1 …: room for a hundred, and the first is the oldest
  test('does not forget the tag of a whole resource before those of single entries', async () => {
    const cache = await open({ memory: { maxTags: 100 } })
    const resource = prices(cache, { load })
    for (const id of ids(300)) {
      await resource.get(id)
      if (id < 50) continue
      expect(ids(300).filter((each) => resource.peek(each) !== undefined).length).toBeGreaterThan(30)
    }
  })

  test('keeps track of so many tags, and serves nothing whose tags it has forgotten', async () => {
    const cache = await open({ memory: { maxTags: 50 } })
    const resource = prices(cache, { load })
    let most = 0
    for (const id of ids(200)) {
      await resource.get(id)
      most = Math.max(most, ids(200).filter((each) => resource.peek(each) !== undefined).length)
    }
    expect(most).toBeGreaterThan(20)
    expect(most).toBeLessThan(50)
  })
})

describe('sizes', () => {
  test.each([
    [1_048_576 - 2, 'shared'],
    [1_048_576 - 1, 'no'],
  ] as const)('a value of %d letters and two quotes is answered, and stored: %s', async (length, stored) => {
    const cache = await open()
    const resource = cache.resource({
      name: 'text',
      version: 1,
      ttl: 60_000,
      key: () => [],
      load: async () => 'x'.repeat(length),
    })
    expect(await resource.get(undefined)).toHaveLength(length)
    expect(events('load')[0]?.stored).toBe(stored)
    expect(double.memory.entries.size).toBe(stored === 'shared' ? 1 : 0)
    expect(resource.peek(undefined)?.length).toBe(stored === 'shared' ? length : undefined)
  })

  test('getMany takes 10 000 keys', async () => {
    const resource = prices(await open(), { load, loadMany: async (all) => all.map((price) => ({ price })) })
    expect(await resource.getMany(ids(10_000))).toHaveLength(10_000)
    await expect(resource.getMany(ids(10_001))).rejects.toMatchObject({ code: 'CACHE_KEY_INVALID' })
  })

  test('a tag has 256 bytes, whatever its letters, and is not empty', async () => {
    const cache = await open()
    let id = 0
    const tagged = (tag: string) => prices(cache, { load, tags: () => [tag] }).get(++id)
    const late = (tag: string) => prices(cache, { load, tagsOf: () => [tag] }).get(++id)
    expect(await tagged('x'.repeat(256))).toEqual({ price: 1 })
    expect(await cache.invalidateTags(['ö'.repeat(128)])).toBe(true)
    for (const tag of ['', 'x'.repeat(257), 'ö'.repeat(129), '\ud800']) {
      await expect(tagged(tag), tag).rejects.toMatchObject({ code: 'CACHE_TAG_INVALID' })
      await expect(late(tag), tag).rejects.toMatchObject({ code: 'CACHE_TAG_INVALID' })
      await expect(cache.invalidateTags([tag]), tag).rejects.toMatchObject({ code: 'CACHE_TAG_INVALID' })
    }
    expect(cache.health()).toMatchObject({ flights: 0, loads: 0 })
  })

  test('an entry has no more tags than it may, and says so by name', async () => {
    const cache = await open()
    const many = (count: number): string[] => ids(count).map((i) => `tag:${i}`)
    // One of the 64 is the resource's own.
    for (const tags of [
      { tags: () => many(64) },
      { tagsOf: () => many(64) },
      { tags: () => many(40), tagsOf: () => many(80).slice(40) },
    ]) {
      const resource = prices(cache, { load, ...tags })
      await expect(resource.get(1)).rejects.toMatchObject({ code: 'CACHE_TAG_INVALID' })
    }
    const most = prices(cache, { load, tags: () => many(40), tagsOf: () => many(63) })
    expect(await most.get(1)).toEqual({ price: 1 })
    expect((await most.explain(1)).redis?.tags).toHaveLength(64)
  })

  test('one invalidation names 10 000 tags, and all of them are invalidated', async () => {
    const cache = await open()
    const resource = prices(cache, { load })
    await resource.getMany([0, 499, 500, 9_999])
    const tags = ids(10_000).map((id) => `price:${id}`)
    await expect(cache.invalidateTags([...tags, 'one more'])).rejects.toMatchObject({ code: 'CACHE_TAG_INVALID' })
    expect(resource.peek(0)).toBeDefined()
    expect(await cache.invalidateTags(tags)).toBe(true)
    expect([0, 499, 500, 9_999].map((id) => resource.peek(id))).toEqual([undefined, undefined, undefined, undefined])
    expect(await cache.invalidateTags([...tags, ...tags])).toBe(true)
  })
})

test('who observes reads is told of the first thousand', async () => {
  const cache = await open()
  const resource = prices(cache, { load })
  const reads: ReadEvent[] = []
  await observeReads(reads, async () => {
    for (let i = 0; i < 1_100; i++) await resource.get(1)
  })
  expect(reads).toHaveLength(1_000)
  expect(cache.stats().requests).toBe(1_100)
})

test('warming reads eight at once unless it is told otherwise', async () => {
  const cache = await open()
  const gate = new GatedLoad<number, Price>()
  const warming = prices(cache, { load: gate.load }).warm(ids(20))
  await gate.called(8)
  await turn()
  expect(gate.calls).toBe(8)
  for (let call = 0; call < 20; call++) {
    await gate.called(call + 1)
    gate.resolve(call, { price: call })
  }
  expect(await warming).toEqual({ done: 20, failed: 0 })
  for (const concurrent of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const refused = prices(cache, { load }).warm([1], { concurrent })
    await expect(refused).rejects.toMatchObject({ code: 'CACHE_OPTION_INVALID' })
  }
})

describe('waits', () => {
  /** Redis freezes when this process has sent so many more commands. */
  function freezeAfter(wire: ProcessDouble, commands: number): void {
    const methods = ['read', 'claim', 'tags', 'fill', 'release', 'seize', 'invalidate', 'announce'] as const
    let left = commands
    for (const method of methods) {
      const send = (wire[method] as (...args: unknown[]) => Promise<unknown>).bind(wire)
      Object.assign(wire, {
        [method]: (...args: unknown[]) => {
          if (left-- === 0) double.freeze()
          return send(...args)
        },
      })
    }
  }

  /** How long it takes, in the test's time. */
  async function took(act: () => Promise<unknown>): Promise<{ ms: number; value: unknown }> {
    const startedAt = clock.now()
    let ended: { ms: number; value: unknown } | undefined
    act().then(
      (value) => {
        ended = { ms: clock.now() - startedAt, value }
      },
      (value: unknown) => {
        ended = { ms: clock.now() - startedAt, value }
      },
    )
    for (let i = 0; i < 5_000; i++) {
      await turn()
      if (ended) return ended
      await clock.advance(5)
    }
    throw new Error('It did not end')
  }

  const acts: [string, number, (resource: Resource<number, Price>, cache: Cache) => Promise<unknown>][] = [
    ['a read', 1, (resource) => resource.get(1)],
    ['a getMany', 1, (resource) => resource.getMany([1, 2, 3])],
    ['an invalidation', 1, (_resource, cache) => cache.invalidateTags(['price:1'])],
    ['an invalidation by key', 1, (resource) => resource.invalidate(1)],
    ['a write-through', 2, (resource) => resource.update(1, () => load(1))],
  ]
  test.each(acts)('%s waits for a Redis that freezes no longer than deadlines: %d', async (_name, deadlines, act) => {
    let froze = true
    for (let commands = 0; froze; commands++) {
      double = new RedisDouble()
      const cache = await open()
      const resource = prices(cache, { load, tagsOf: () => ['late'] })
      freezeAfter(double.processes[0] as ProcessDouble, commands)
      const { ms, value } = await took(() => act(resource, cache))
      froze = double.state === 'frozen'
      expect(ms, `frozen at command ${commands}`).toBeLessThanOrEqual(froze ? deadlines * COMMAND_DEADLINE : 5)
      expect(value, `frozen at command ${commands}`).not.toBeInstanceOf(Error)
      double.thaw()
    }
  })

  // P1   claim: granted --- load ✗ never ends, and its process is gone
  // P2        claim: busy ............................ the lease ends: claim: granted --- load
  test('for another process that does not come back end with its lease', async () => {
    const [p1, p2] = [await open(), await open()]
    const gate = new GatedLoad<number, Price>()
    const lost = prices(p1, { load: gate.load })
      .get(1)
      .catch(() => undefined)
    await gate.called(1)
    // P1 does not say that its load has failed.
    double.processes[0]?.denied.add('release')
    const { ms, value } = await took(() => prices(p2, { load }).get(1))
    expect(value).toEqual({ price: 1 })
    expect(ms).toBeLessThanOrEqual(1_000 + LEASE_MARGIN + 5)
    gate.reject(0, new TypeError('too late'))
    await lost
  })

  test('for Redis to be ready end when the caller says', async () => {
    double.kill()
    const cache = await open()
    const { ms, value } = await took(() => cache.ready({ timeout: 300 }))
    expect(value).toBe(false)
    expect(ms).toBeLessThanOrEqual(305)
  })

  test('leave no timer behind', async () => {
    const cache = await open()
    const resource = prices(cache, { load, softTimeout: 100, failSafeFor: 1_000 })
    await resource.getMany([1, 2, 3])
    await cache.invalidateTags(['price:1'])
    await resource.update(1, () => load(1))
    await cache.close()
    expect(clock.timers).toBe(0)
  })
})

// nobody listens: the path that has to be fast counts without an event
test('what is counted without a listener is what is counted with one', async () => {
  const counts = await Promise.all(
    [undefined, () => undefined].map(async (onEvent) => {
      const cache = createCache({ name: 'test', clock, onEvent })
      const resource = prices(cache, { load, ttl: 1_000, staleFor: 60_000 })
      await resource.getMany([1, 2, 1])
      await resource.get(1)
      await resource.get(2)
      return { cache, resource }
    }),
  )
  await clock.advance(2_000)
  for (const { resource } of counts) await resource.getMany([1, 2])
  await turn()
  for (const { resource } of counts) await resource.get(1)
  const [quiet, heard] = counts.map(({ cache }) => cache.stats())
  expect(quiet).toEqual(heard)
  expect(quiet).toMatchObject({ requests: 8, hits: 3, stale: 2, misses: 2, collapsed: 1, loads: 4 })
})
