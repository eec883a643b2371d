/**
 * Races of messages with answers, and of clocks, which only a double can hold still. P1 and P2 are two processes;
 * P1's messages and answers wait in the test's hand.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { decodeEntry, encodeEntry } from '../src/codec.ts'
import { remoteUnavailable } from '../src/errors.ts'
import { type Cache, createCache } from '../src/index.ts'
import type { ProcessDouble } from '../src/redis-double.ts'
import { GatedLoad, ManualClock } from '../src/testing.ts'
import { doubleWorld } from './double-world.ts'
import { BOUND, until } from './world.ts'

type World = Awaited<ReturnType<typeof doubleWorld>>

let world: World
let p1: Cache
let p2: Cache
let wire: ProcessDouble
let price = 1
let loads = 0

function products(cache: Cache) {
  return cache.resource({
    name: 'product',
    version: 1,
    ttl: 60_000,
    key: (id: number) => [id],
    tags: (id) => [`product:${id}`],
    tagsOf: () => ['category:audio'],
    load: async () => {
      loads++
      return { price }
    },
  })
}

beforeEach(async () => {
  world = await doubleWorld()
  p1 = (await world.open()).cache
  p2 = (await world.open()).cache
  const first = world.double.processes[0]
  if (!first) throw new Error('no process')
  wire = first
  price = 1
  loads = 0
})
afterEach(() => world.close())

/** Until what is under way in this turn has been done. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('an answer that its invalidation has overtaken', () => {
  // P1   GET k: entry (1) ................................ answer: given to who asked, not kept
  // P2               price = 2, invalidate k ▲ heard by P1
  test('of a read is not kept in memory', async () => {
    await products(p2).get(1)
    const r1 = products(p1)
    wire.holdAnswers()
    const read = r1.get(1)
    await turn()
    price = 2
    await products(p2).invalidate(1)
    await turn()
    wire.deliverAnswers()
    expect((await read)?.price).toBe(1)
    expect((await r1.get(1))?.price).toBe(2)
  })

  // P1   get k   sent: entry (1) ........................ get k again: a look of its own: 2   answer: 1, for the first
  // P2                          price = 2, invalidate k ▲
  test('of a read is not for who asks after it was sent', async () => {
    await products(p2).get(1)
    const r1 = products(p1)
    wire.holdAnswers()
    const before = r1.get(1)
    await turn()
    price = 2
    await products(p2).invalidate(1)
    await turn()
    const afterwards = r1.get(1)
    await turn()
    wire.deliverAnswers()
    expect([(await before)?.price, (await afterwards)?.price]).toEqual([1, 2])
  })

  // P1   GET k: entry (1, a)   tags?: a ................... answer: given, not kept
  // P2                              price = 2, tag is b ▲ heard by P1
  test('of a question for tags is not kept in memory', async () => {
    await products(p2).get(1)
    const r1 = products(p1)
    wire.holdAnswers()
    const read = r1.get(1)
    await turn()
    wire.deliverAnswers()
    wire.holdAnswers()
    await turn()
    price = 2
    await p2.invalidateTags(['product:1'])
    await turn()
    wire.deliverAnswers()
    expect((await read)?.price).toBe(1)
    expect((await r1.get(1))?.price).toBe(2)
  })

  // P1   load (1)   fill: stored ......................... answer: given, not kept
  // P2                      price = 2, invalidate k ▲ heard by P1
  test('of a fill is not kept in memory', async () => {
    const gate = new GatedLoad<number, { price: number }>()
    const resource = p1.resource({ name: 'gated', version: 1, ttl: 60_000, key: (id: number) => [id], load: gate.load })
    const read = resource.get(1)
    await gate.called(1)
    wire.holdAnswers()
    gate.resolve(0, { price: 1 })
    await until('stored', () => world.double.memory.entries.has('gated.1:1'))
    await p2
      .resource({ name: 'gated', version: 1, ttl: 60_000, key: (id: number) => [id], load: gate.load })
      .invalidate(1)
    await turn()
    wire.deliverAnswers()
    expect((await read)?.price).toBe(1)
    const again = resource.get(1)
    await gate.called(2)
    gate.resolve(1, { price: 2 })
    expect((await again)?.price).toBe(2)
  })
})

describe('a subscriber with a backlog', () => {
  // P1   messages wait: the invalidation, and after it the echoes of every probe
  // P2   price = 2, invalidate ▲
  test('serves nothing from memory past the bound', async () => {
    const r1 = products(p1)
    await r1.get(1)
    wire.holdMessages()
    price = 2
    await p2.invalidateTags(['product:1'])
    const acknowledgedAt = performance.now()
    await until('the bound has passed', () => performance.now() - acknowledgedAt > BOUND)
    expect((await r1.get(1))?.price).toBe(2)
  })

  // P1   backlog: echo, invalidation .......... the echo alone arrives, late: it was sent before the invalidation
  // P2             price = 2, invalidate ▲
  test('is not trusted because an old echo arrives at last', async () => {
    const r1 = products(p1)
    await r1.get(1)
    wire.holdMessages()
    await until('an echo is in the backlog', () => wire.messagesHeld === 1)
    price = 2
    await p2.invalidateTags(['product:1'])
    const acknowledgedAt = performance.now()
    await until('the bound has passed', () => performance.now() - acknowledgedAt > BOUND)
    wire.deliverMessages(1)
    expect((await r1.get(1))?.price).toBe(2)
  })

  // P1   holds 1   | event loop blocked for longer than the bound; the invalidation lies in the socket |   get
  test('whose event loop was blocked serves nothing it has not yet heard of', async () => {
    const r1 = products(p1)
    await r1.get(1)
    wire.holdMessages()
    price = 2
    await p2.invalidateTags(['product:1'])
    const blockedAt = performance.now()
    while (performance.now() - blockedAt <= BOUND + 1) Math.sqrt(2)
    expect((await r1.get(1))?.price).toBe(2)
  })
})

// P1   holds (1, cell of product:1)   another tag takes the place of the cell
// P2                                       price = 2, invalidate: no cell in P1 takes it
test('a cell that was forgotten does not hide the invalidation of an entry that is still held', async () => {
  const small = (await world.open({ memory: { maxTags: 2 } })).cache
  const resource = products(small)
  await resource.get(1)
  await resource.get(2)
  price = 2
  await p2.invalidateTags(['product:1'])
  await turn()
  expect((await resource.get(1))?.price).toBe(2)
})

// P1   invalidate: answered with 8       (the message of 8 is on its way)      load; its tag is of 8: stored
test('a load after the answer to an invalidation is stored, though the bus has not brought it yet', async () => {
  const r1 = products(p1)
  await r1.get(1)
  wire.holdMessages()
  price = 2
  await p1.invalidateTags(['category:audio'])
  expect((await r1.get(1))?.price).toBe(2)
  wire.deliverMessages()
  expect((await r1.get(1))?.price).toBe(2)
  expect(loads).toBe(2)
})

// both find the tag missing; one minting replaces nothing, the other learns of it
test('two that mint one tag at once end with one nonce, and both their entries are judged by it', async () => {
  world.double.flushAll()
  const [a, b] = await Promise.all([products(p1).get(1), products(p2).get(2)])
  expect([a?.price, b?.price]).toEqual([1, 1])
  price = 2
  await p1.invalidateTags(['category:audio'])
  await until('P2 has heard', async () => (await products(p2).get(2))?.price === 2)
  expect((await products(p1).get(1))?.price).toBe(2)
})

// P1   price = 2, invalidate: refused       get: Redis still holds (1) with the old tag
test('an invalidation that has not reached Redis is believed by its own process all the same', async () => {
  const r1 = products(p1)
  await r1.get(1)
  wire.denied.add('invalidate')
  price = 2
  expect(await p1.invalidateTags(['product:1'])).toBe(false)
  expect((await r1.get(1))?.price).toBe(2)
  price = 3
  expect(await r1.invalidate(1)).toBe(false)
  expect((await r1.get(1))?.price).toBe(3)
  wire.denied.clear()
  await until('delivered', () => p1.health().pendingInvalidations === 0)
  expect((await products(p2).get(1))?.price).toBe(3)
})

// fails   fails   fails   fails …      every 50 ms, for longer than the retry takes to come
test('a steady stream of failures does not put off the retry', async () => {
  wire.denied.add('invalidate')
  await p1.invalidateTags(['first'])
  wire.denied.delete('invalidate')
  const real = wire.invalidate.bind(wire)
  wire.invalidate = (tags, keys) =>
    tags.includes('first') ? real(tags, keys) : Promise.reject(remoteUnavailable('invalidate'))
  const seen = (): boolean => world.double.memory.tags.has('first')
  for (let i = 0; i < 40 && !seen(); i++) {
    await p1.invalidateTags([`later ${i}`])
    const startedAt = performance.now()
    await until('a little later', () => performance.now() - startedAt > 50)
  }
  expect(seen()).toBe(true)
})

test('more pending invalidations than can be kept become one of everything', async () => {
  const [r1, r2] = [products(p1), products(p2)]
  await r1.get(1)
  await r2.get(1)
  wire.denied.add('invalidate')
  price = 2
  for (let i = 0; i < 200; i++) await p1.invalidateTags(Array.from({ length: 60 }, (_, j) => `other ${i} ${j}`))
  expect(p1.health().pendingInvalidations).toBe(10_000)
  await until('everything is invalidated', () => p1.health().pendingInvalidations === 0)
  await until('P2 has heard', async () => (await r2.get(1))?.price === 2)
})

test('what is pending already takes no more room when it is asked for again', async () => {
  wire.denied.add('invalidate')
  const tags = Array.from({ length: 6_000 }, (_, i) => `other ${i}`)
  for (let i = 0; i < 3; i++) await p1.invalidateTags(tags)
  expect(p1.health().pendingInvalidations).toBe(6_000)
})

// P1   load (1) ------------------------------------------ its tag is as before in Redis, and only P1 knows better
//          price = 2, invalidate the value's tag: refused
test('a load that began before an invalidation that Redis refused is not stored', async () => {
  const gate = new GatedLoad<number, { price: number }>()
  const resource = p1.resource({
    name: 'gated',
    version: 1,
    ttl: 60_000,
    key: (id: number) => [id],
    tagsOf: () => ['category:audio'],
    load: gate.load,
  })
  const warm = resource.get(2)
  await gate.called(1)
  gate.resolve(0, { price: 9 })
  await warm
  const first = resource.get(1)
  await gate.called(2)
  wire.denied.add('invalidate')
  expect(await p1.invalidateTags(['category:audio'])).toBe(false)
  gate.resolve(1, { price: 1 })
  await first
  const second = resource.get(1)
  await gate.called(3)
  gate.resolve(2, { price: 2 })
  expect((await second)?.price).toBe(2)
})

test('bytes with a valid checksum that are not JSON read as absent', async () => {
  const r1 = products(p1)
  await r1.get(1)
  const held = world.double.memory.entries.get('product.1:1')
  const entry = held && decodeEntry('product.1:1', held.bytes)
  if (!held || !entry) throw new Error('nothing was stored')
  const bytes = encodeEntry('product.1:1', { ...entry, payload: Buffer.from('{"price":') })
  world.double.memory.entries.set('product.1:1', { ...held, bytes })
  price = 2
  expect((await products(p2).get(1))?.price).toBe(2)
})

test('after close nothing is sent any more, and an invalidation is refused by name', async () => {
  wire.denied.add('invalidate')
  await p1.invalidateTags(['product:1'])
  await p1.close()
  let sent = 0
  wire.invalidate = () => {
    sent++
    return Promise.reject(remoteUnavailable('invalidate'))
  }
  await expect(p1.invalidateTags(['product:1'])).rejects.toMatchObject({ code: 'CACHE_CLOSED' })
  await expect(products(p1).invalidate(1)).rejects.toMatchObject({ code: 'CACHE_CLOSED' })
  const closedAt = performance.now()
  await until('longer than the retry takes to come', () => performance.now() - closedAt > 400)
  expect(sent).toBe(0)
})

test('a key function that throws rejects, and leaves no flight behind', async () => {
  let tag = ''
  const resource = p1.resource({
    name: 'product',
    version: 1,
    ttl: 60_000,
    key: (id: number) => [id],
    tags: () => [tag],
    load: async () => ({ price }),
  })
  await expect(resource.get(1)).rejects.toMatchObject({ code: 'CACHE_TAG_INVALID' })
  await expect(resource.get(Number.NaN)).rejects.toMatchObject({ code: 'CACHE_KEY_INVALID' })
  await expect(resource.invalidate(Number.NaN)).rejects.toMatchObject({ code: 'CACHE_KEY_INVALID' })
  expect(p1.health().flights).toBe(0)
  tag = 'product:1'
  expect((await resource.get(1))?.price).toBe(1)
})

describe('without Redis', () => {
  test('a write that fails leaves nothing in memory that it may have changed', async () => {
    const alone = createCache({ name: 'alone' })
    const resource = products(alone)
    await resource.get(1)
    price = 2
    await expect(resource.update(1, () => Promise.reject(new Error('lost')))).rejects.toThrow('lost')
    expect((await resource.get(1))?.price).toBe(2)
  })

  test('what is written is in memory, and refused as it would be with Redis', async () => {
    const alone = createCache({ name: 'alone' })
    const resource = products(alone)
    expect(await resource.update(1, async () => ({ price: 5 }))).toEqual({ price: 5 })
    expect(resource.peek(1)).toEqual({ price: 5 })
    expect(await resource.set(2, { price: 6 })).toBe(true)
    expect(await resource.get(2)).toEqual({ price: 6 })
    expect(loads).toBe(0)

    const date = { price: new Date() as unknown as number }
    await expect(resource.set(1, date)).rejects.toMatchObject({ code: 'CACHE_VALUE_INVALID' })
    expect(await resource.get(1)).toEqual({ price })
    expect(loads).toBe(1)
  })

  // write a   commit ---------------------- ends: overtaken, so neither is kept
  // write b           commit --- ends: kept
  test('of writes that overlap none is kept', async () => {
    const alone = createCache({ name: 'alone' })
    const resource = products(alone)
    const commit = Promise.withResolvers<{ price: number }>()
    const a = resource.update(1, () => commit.promise)
    await resource.update(1, async () => ({ price: 3 }))
    expect(resource.peek(1)).toEqual({ price: 3 })
    commit.resolve({ price: 2 })
    await a
    expect(resource.peek(1)).toBeUndefined()
  })

  // update   commit (2) ------------------------------ its tag was invalidated meanwhile: not kept
  //                price = 3, invalidate product:1
  test('what is invalidated during a write is not kept', async () => {
    const alone = createCache({ name: 'alone' })
    const resource = products(alone)
    const commit = Promise.withResolvers<{ price: number }>()
    const write = resource.update(1, () => commit.promise)
    price = 3
    await alone.invalidateTags(['product:1'])
    commit.resolve({ price: 2 })
    await write
    expect((await resource.get(1))?.price).toBe(3)
  })

  // tags a, b; room for one: b takes the place of a
  test('a cell that was forgotten by its own entry matches nothing', async () => {
    const alone = createCache({ name: 'alone', memory: { maxTags: 1 } })
    const resource = products(alone)
    await resource.get(1)
    price = 2
    expect(await alone.invalidateTags(['product:1'])).toBe(true)
    expect((await resource.get(1))?.price).toBe(2)
  })

  // load (1) ------------------------- value's tag is unknown until now, and changed meanwhile: not kept
  //        price = 2, invalidate it
  test('a tag computed from the value and invalidated during the load keeps it out of memory', async () => {
    const alone = createCache({ name: 'alone' })
    const gate = new GatedLoad<number, { price: number }>()
    const resource = alone.resource({
      name: 'product',
      version: 1,
      ttl: 60_000,
      key: (id: number) => [id],
      tagsOf: () => ['category:audio'],
      load: gate.load,
    })
    const read = resource.get(1)
    await gate.called(1)
    expect(await alone.invalidateTags(['category:audio'])).toBe(true)
    gate.resolve(0, { price: 1 })
    await read
    const again = resource.get(1)
    await gate.called(2)
    gate.resolve(1, { price: 2 })
    expect((await again)?.price).toBe(2)
    expect((await resource.get(1))?.price).toBe(2)
    expect(gate.calls).toBe(2)
  })

  test('one process alone caches, and invalidates by key and by tag', async () => {
    const alone = createCache({ name: 'alone' })
    const resource = products(alone)
    await resource.get(1)
    await resource.get(1)
    expect(loads).toBe(1)
    price = 2
    expect(await resource.invalidate(1)).toBe(true)
    expect((await resource.get(1))?.price).toBe(2)
    price = 3
    expect(await alone.invalidateTags(['category:audio'])).toBe(true)
    expect((await resource.get(1))?.price).toBe(3)
    expect(alone.health()).toMatchObject({ redis: 'off', trusted: true })
  })
})

describe('clocks', () => {
  // the server's clock is a minute ahead: P2 loads and stores; then it steps back, and by it the entry is yet to be loaded
  // P3   reads it from Redis, then hears nothing
  // P2        price = 2, invalidate ▲                 past the bound: P3 must not take the entry for a young one
  test('a value from Redis is not taken for young by a clock that stepped back', async () => {
    world.double.skew = 60_000
    const r2 = products(p2)
    const steppedAt = performance.now()
    await until('P2 has measured the server', () => performance.now() - steppedAt > 120)
    await r2.get(1)
    world.double.skew = 0
    const p3 = (await world.open()).cache
    const r3 = products(p3)
    expect((await r3.get(1))?.price).toBe(1)
    world.double.processes.at(-1)?.cutBus()
    price = 2
    await p2.invalidateTags(['product:1'])
    const acknowledgedAt = performance.now()
    await until('the bound has passed', () => performance.now() - acknowledgedAt > BOUND)
    expect((await r3.get(1))?.price).toBe(2)
  })

  const opened: Cache[] = []
  afterEach(async () => {
    for (const cache of opened.splice(0)) await cache.close()
  })

  async function openWith(clock: ManualClock): Promise<Cache> {
    const cache = createCache({ name: 'test', redis: world.double.open, clock })
    opened.push(cache)
    await clock.advance(60)
    return cache
  }

  // the wall clock of P4 is five seconds behind that of P3; the server's is three ahead
  test('two hosts five seconds apart agree when an entry expires', async () => {
    world.double.skew = 3_000
    const [c3, c4] = [new ManualClock(), new ManualClock()]
    const p3 = await openWith(c3)
    // Both measure the server through their own wall clocks, so the double's answer must be the same instant.
    c4.wallOffset -= 5_000
    const p4 = createCache({
      name: 'test',
      clock: c4,
      redis: (name, clock, bound) => world.double.open(name, { ...wrap(clock), wall: () => c3.wall() }, bound),
    })
    opened.push(p4)
    await c4.advance(60)
    const resource = (cache: Cache) =>
      cache.resource({
        name: 'short',
        version: 1,
        ttl: 1_000,
        jitter: 0,
        key: () => [1],
        load: async () => ({ price: ++loads }),
      })
    const [r3, r4] = [resource(p3), resource(p4)]
    expect(await r3.get(undefined)).toEqual({ price: 1 })
    expect(await r4.get(undefined)).toEqual({ price: 1 })
    await Promise.all([c3.advance(900), c4.advance(900)])
    expect(await r4.get(undefined)).toEqual({ price: 1 })
    await Promise.all([c3.advance(200), c4.advance(200)])
    expect((await r4.get(undefined))?.price).toBeGreaterThan(1)
  })

  // P3   claim a, then stands still ------------------------------------------- fill a: refused
  // P4              a has ended: claim b --- load (2) --- fill b
  test('a holder that stood still past its lease does not overwrite what came after it', async () => {
    const [c3, c4] = [new ManualClock(), new ManualClock()]
    const [p3, p4] = [await openWith(c3), await openWith(c4)]
    const gate = new GatedLoad<number, { price: number }>()
    const resource = (cache: Cache) =>
      cache.resource({
        name: 'slow',
        version: 1,
        ttl: 600_000,
        loadTimeout: 1_000,
        key: (id: number) => [id],
        load: gate.load,
      })
    const [r3, r4] = [resource(p3), resource(p4)]
    const old = r3.get(1)
    await gate.called(1)
    await c4.advance(10_000)
    const current = r4.get(1)
    await gate.called(2)
    gate.resolve(1, { price: 2 })
    expect((await current)?.price).toBe(2)
    gate.resolve(0, { price: 1 })
    await old
    expect((await r4.get(1))?.price).toBe(2)
    const p5 = await openWith(c4)
    expect((await resource(p5).get(1))?.price).toBe(2)
    expect(gate.calls).toBe(2)
  })
})

/** A clock's methods, bound, so that one of them can be replaced. */
function wrap(clock: { now(): unknown }): ConstructorParameters<typeof ProcessDouble>[1] {
  const manual = clock as ManualClock
  return {
    now: () => manual.now(),
    wall: () => manual.wall(),
    timer: (delay, act) => manual.timer(delay, act),
    soon: (act) => manual.soon(act),
  }
}
