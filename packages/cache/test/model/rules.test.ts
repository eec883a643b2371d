/**
 * Rules of the protocol that no other test shows by itself. Each is a shortest way to a wrong read that the model found
 * with that rule switched off, taken again in `src/`.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { type Cache, createCache, type Resource, type ResourceOptions } from '../../src/index.ts'
import type { ProcessDouble } from '../../src/redis-double.ts'
import { GatedLoad, ManualClock, RedisDouble } from '../../src/testing.ts'
import { doubleWorld } from '../double-world.ts'
import { redisWorld } from '../redis-world.ts'
import { BOUND, type Member, until, type World } from '../world.ts'

interface Price {
  readonly price: number
}

function prices(
  cache: Cache,
  load: ResourceOptions<number, Price>['load'],
  tags: { known?: string; late?: string } = {},
) {
  return cache.resource({
    name: 'price',
    version: 1,
    ttl: 60_000,
    key: (id: number) => [id],
    tags: () => (tags.known ? [tags.known] : []),
    tagsOf: () => (tags.late ? [tags.late] : []),
    load,
  })
}

async function pastTheBound(): Promise<void> {
  const from = performance.now()
  await until('the bound has passed', () => performance.now() - from > BOUND + 20)
}

const hasReset = ({ events }: Member, reason: string): boolean =>
  events.some((event) => event.type === 'reset' && event.reason === reason)

describe.each([
  ['the double', doubleWorld],
  ['real Redis', redisWorld],
])('on %s', (_name, open: () => Promise<World>) => {
  let world: World

  beforeEach(async () => {
    world = await open()
  })
  afterEach(() => world.close())

  // P1   claim a ---- load (1) ----------------------------------- fill a: refused, though a lease stands
  // P2       price = 2, invalidate ▲ claim b ---- load (2) ------------------------------- fill b: stored
  test('the token of a lease that has ended does not stand under the next one', async () => {
    const [p1, p2] = [await world.open(), await world.open()]
    const gate = new GatedLoad<number, Price>()
    const [r1, r2] = [prices(p1.cache, gate.load), prices(p2.cache, gate.load)]
    const old = r1.get(1)
    await gate.called(1)
    await world.whileDeaf(async () => {
      expect(await r2.invalidate(1)).toBe(true)
      const current = r2.get(1)
      await gate.called(2)
      gate.resolve(0, { price: 1 })
      await old
      gate.resolve(1, { price: 2 })
      await current
    })
    const p3 = await world.open()
    expect((await prices(p3.cache, async () => ({ price: 2 })).get(1))?.price).toBe(2)
  })

  // k1 stored with tag a | invalidate: tag is b | tag evicted | k2 loaded: tag minted as c, which must not be a again
  test('a tag that is minted anew brings no entry back', async () => {
    let price = 1
    const [p1, p2] = [await world.open(), await world.open()]
    const [r1, r2] = [p1, p2].map(({ cache }) => prices(cache, async () => ({ price }), { known: 't' }))
    await r1?.get(1)
    price = 2
    expect(await p1.cache.invalidateTags(['t'])).toBe(true)
    await world.evictTag('t')
    await r2?.get(2)
    const p3 = await world.open()
    expect((await prices(p3.cache, async () => ({ price }), { known: 't' }).get(1))?.price).toBe(2)
  })

  // numbers    4: tag is a | epoch lost: 1 |  load: must not find (a, 4)   | 2: tag is b
  //                                           or the cell would not take ..............▲
  test('a tag of an earlier epoch counts as missing', async () => {
    let price = 1
    const [p1, p2] = [await world.open(), await world.open()]
    const r1 = prices(p1.cache, async () => ({ price }), { known: 't' })
    for (let i = 0; i < 6; i++) await p2.cache.invalidateTags(['t'])
    await world.evictState()
    await until('P1 is in the new epoch', () => hasReset(p1, 'epoch') && p1.cache.health().trusted)
    expect((await r1.get(1))?.price).toBe(1)
    price = 2
    expect(await p2.cache.invalidateTags(['t'])).toBe(true)
    await pastTheBound()
    expect((await r1.get(1))?.price).toBe(2)
  })

  // P1   memory: 1, cell of t: a      hears the gap: all void           GET: (1, a)   a is what the cell says, or is it?
  // P2        price = 2, invalidate t ▲ lost to P1
  test('after a gap the cells of tags are void as well', async () => {
    let price = 1
    const [p1, p2] = [await world.open(), await world.open()]
    const r1 = prices(p1.cache, async () => ({ price }), { known: 't' })
    await r1.get(1)
    await world.whileDeaf(async () => {
      price = 2
      expect(await p2.cache.invalidateTags(['t'])).toBe(true)
    })
    await until('P1 has found the gap', () => hasReset(p1, 'gap') && p1.cache.health().trusted)
    expect((await r1.get(1))?.price).toBe(2)
  })
})

describe('with answers, messages and time in the hand', () => {
  /** Shorter than the deadline of a command, so that a flight can outlast it while one answer is held. */
  const SHORT = 80

  let double: RedisDouble
  let clock: ManualClock
  let caches: Cache[]
  let wire: ProcessDouble
  let price: number
  const resets: string[] = []
  const load = async (): Promise<Price> => ({ price })

  beforeEach(async () => {
    double = new RedisDouble()
    clock = new ManualClock()
    price = 1
    resets.length = 0
    caches = [1, 2].map((n) =>
      createCache({
        name: 'test',
        redis: double.open,
        clock,
        maxStaleness: SHORT,
        onEvent: (event) => {
          if (n === 1 && event.type === 'reset') resets.push(event.reason)
        },
      }),
    )
    await clock.advance(10)
    wire = double.processes[0] as ProcessDouble
  })
  afterEach(() => Promise.all(caches.map((cache) => cache.close())))

  function both(tags: { known?: string; late?: string } = {}, first: ResourceOptions<number, Price>['load'] = load) {
    const [p1, p2] = caches as [Cache, Cache]
    return { p1, p2, r1: prices(p1, first, tags), r2: prices(p2, load, tags) }
  }

  // P1   GET: 1 ...................... hears the gap ...... answer: given, not kept
  // P2       price = 2, invalidate k ▲ lost to P1
  test('a reset overtakes the looks', async () => {
    const { r1, r2 } = both()
    await r2.get(1)
    wire.holdAnswers()
    const old = r1.get(1)
    await clock.advance(0)
    await loseAnInvalidation(r2)
    wire.deliverAnswers()
    await old
    expect((await r1.get(1))?.price).toBe(2)
  })

  // P1   GET: none   claim: 1 ...................... hears the gap ...... answer: given, not kept
  // P2          fill 1        price = 2, invalidate k ▲ lost to P1
  test('a reset supersedes the flights', async () => {
    const { r1, r2 } = both()
    wire.holdAnswers()
    const old = r1.get(1)
    await clock.advance(0)
    await r2.get(1)
    wire.deliverAnswers()
    wire.holdAnswers()
    await clock.advance(0)
    await loseAnInvalidation(r2)
    wire.deliverAnswers()
    await old
    expect((await r1.get(1))?.price).toBe(2)
  })

  async function loseAnInvalidation(r2: Resource<number, Price>): Promise<void> {
    wire.cutBus()
    price = 2
    await r2.invalidate(1)
    wire.hear()
    await clock.advance(1)
    expect(resets).toContain('gap')
  }

  // P2   invalidate t: 4, load 1 and 2: stored with a
  // P1   (4 not heard yet)   invalidate t: (b, 5), answered   GET 1: t has a cell   hears 4: t is a   GET 2: (2, a)
  test('a message that an own invalidation has overtaken makes no empty cell known', async () => {
    const { p1, p2, r1, r2 } = both({ known: 't' })
    const other = p1.resource({ name: 'price', version: 1, ttl: 60_000, key: (id: number) => [id], load })
    await other.get(9)
    await clock.advance(1)
    wire.holdMessages()
    await p2.invalidateTags(['t'])
    await r2.get(1)
    await r2.get(2)
    price = 2
    expect(await p1.invalidateTags(['t'])).toBe(true)
    const read = wire.read.bind(wire)
    const second = Promise.withResolvers<void>()
    wire.read = async (keys) => {
      const bytes = await read(keys)
      if (keys.some((key) => key.endsWith('2'))) await second.promise
      return bytes
    }
    wire.holdAnswers()
    const one = r1.get(1)
    await clock.advance(0)
    const two = r1.get(2)
    await clock.advance(0)
    wire.deliverAnswers()
    wire.holdAnswers()
    await clock.advance(0)
    wire.deliverMessages(1)
    second.resolve()
    await clock.advance(0)
    wire.deliverAnswers()
    await one
    expect((await two)?.price).toBe(2)
  })

  // P1   load (1) --------------------------------------- ends, not clean
  // P2      invalidate t: n, position n
  // P1                     hears n      get after n: must not join
  test('a read after a position does not join a flight that began before it was reached', async () => {
    const gate = new GatedLoad<number, Price>()
    const { p2, r1 } = both({ known: 't' }, gate.load)
    const early = r1.get(1)
    await gate.called(1)
    await p2.invalidateTags(['t'])
    const after = p2.position()
    await clock.advance(0)
    const late = r1.get(1, { after })
    await clock.advance(0)
    gate.resolve(0, { price: 1 })
    expect((await early)?.price).toBe(1)
    await Promise.race([gate.called(2), late])
    if (gate.calls > 1) gate.resolve(1, { price: 2 })
    expect((await late)?.price).toBe(2)
  })

  // P1   epoch e      e is lost      invalidate: (f, 2)      position: of f, for P2 has reached all of e
  test('a position after an invalidation that was answered from another epoch is of that epoch', async () => {
    const { p1, r1, r2 } = both({ known: 't' })
    await r1.get(1)
    await r2.get(1)
    await clock.advance(1)
    for (const process of double.processes) process.holdMessages()
    double.evictState()
    price = 2
    expect(await p1.invalidateTags(['t'])).toBe(true)
    expect((await r2.get(1, { after: p1.position() }))?.price).toBe(2)
  })

  // P1   load (1) ends   tags?: (a, 4) ........................... answer: a, but the cell is b
  // P2                              price = 2, invalidate t: (b, 5) ▲ heard by P1
  test('a tag computed from the value has its cell before it is asked for', async () => {
    const gate = new GatedLoad<number, Price>()
    const { p2, r1, r2 } = both({ late: 't' }, gate.load)
    // The tag is there before, so what is captured is its nonce.
    await r2.get(2)
    const old = r1.get(1)
    await gate.called(1)
    wire.holdAnswers()
    gate.resolve(0, { price: 1 })
    await clock.advance(1)
    price = 2
    await p2.invalidateTags(['t'])
    await clock.advance(1)
    wire.deliverAnswers()
    await old
    const again = r1.get(1)
    await clock.advance(1)
    if (gate.calls > 1) gate.resolve(1, { price: 2 })
    expect((await again)?.price).toBe(2)
  })

  // P1   GET: none  claim: (1, a)   tags?: a ................................. answer: not clean, who joined late asks again
  // P2            fill (1, a)           price = 2, invalidate t ▲ heard    the bound  ▲ joins P1's flight
  test.each([
    ['has heard', true],
    ['could not have heard', false],
  ])('an answer that P1 %s to be overtaken is not for who joined late', async (_what, heard) => {
    const { p2, r1, r2 } = both({ known: 't' })
    wire.holdAnswers()
    const early = r1.get(1)
    await clock.advance(0)
    await r2.get(1)
    for (const _answer of ['GET', 'claim']) {
      wire.deliverAnswers()
      wire.holdAnswers()
      await clock.advance(0)
    }
    if (!heard) wire.cutBus()
    price = 2
    await p2.invalidateTags(['t'])
    await clock.advance(SHORT + 5)
    const late = r1.get(1)
    wire.deliverAnswers()
    expect((await early)?.price).toBe(1)
    expect((await late)?.price).toBe(2)
  })

  // P1   load (1) .... fill: stored ...................................... answer: not clean, who joined late asks again
  // P2                     price = 2, invalidate k ▲ lost    the bound  ▲ joins P1's flight
  test('a fill that is answered without proof is not for who joined late', async () => {
    const gate = new GatedLoad<number, Price>()
    const { r1, r2 } = both({}, gate.load)
    const early = r1.get(1)
    await gate.called(1)
    await clock.advance(200)
    wire.holdAnswers()
    gate.resolve(0, { price: 1 })
    await until('stored', () => double.memory.entries.size === 1)
    wire.cutBus()
    await r2.invalidate(1)
    await clock.advance(SHORT + 5)
    const late = r1.get(1)
    wire.deliverAnswers()
    expect((await early)?.price).toBe(1)
    await Promise.race([gate.called(2), late])
    if (gate.calls > 1) gate.resolve(1, { price: 2 })
    expect((await late)?.price).toBe(2)
  })

  // P1   claim: n noted       in the new epoch: tags known (a, 1)  load (1) .......... late tag: (b, 2), and 2 < n
  // P2                 epoch lost                                   price = 2, invalidate ▲
  test('a number noted in an earlier epoch captures nothing', async () => {
    const gate = new GatedLoad<number, Price>()
    const { p2, r1, r2 } = both({ known: 'k', late: 't' }, gate.load)
    for (let i = 0; i < 6; i++) await p2.invalidateTags(['other'])
    await clock.advance(1)
    wire.holdAnswers()
    const old = r1.get(1)
    wire.deliverAnswers()
    wire.holdAnswers()
    await clock.advance(0)
    wire.cutBus()
    double.evictState()
    wire.deliverAnswers()
    await gate.called(1)
    price = 2
    await p2.invalidateTags(['t'])
    gate.resolve(0, { price: 1 })
    await old
    await clock.advance(SHORT + 5)
    expect((await r2.get(1))?.price).toBe(2)
  })

  // P1   holds 1 and a proof | Redis dies, and lives again with what it had saved: the entry (1) | GET: (1)
  //         invalidate k: true ▲ saved before                            all within the bound
  test('a restart that is quicker than the bound brings nothing back', async () => {
    const { r1 } = both()
    await r1.get(1)
    const snapshot = double.snapshot()
    price = 2
    expect(await r1.invalidate(1)).toBe(true)
    wire.holdMessages()
    double.kill()
    double.restart(snapshot)
    expect((await r1.get(1))?.price).toBe(2)
  })

  // P1   holds 1   invalidate: acknowledged       (its message is on its way)   get
  test('an own invalidation is applied before the bus brings it', async () => {
    const { p1, r1 } = both({ known: 't' })
    await r1.get(1)
    await clock.advance(1)
    wire.holdMessages()
    price = 2
    expect(await p1.invalidateTags(['t'])).toBe(true)
    expect((await r1.get(1))?.price).toBe(2)
    price = 3
    expect(await r1.invalidate(1)).toBe(true)
    expect((await r1.get(1))?.price).toBe(3)
  })

  // P1   seize a ---- write 2, commit ---------- fill a: refused
  //                      the lease is evicted ▲      or the old entry would stay
  test('a write-through that is refused invalidates its key', async () => {
    const { r1, r2 } = both()
    await r1.get(1)
    await r2.get(1)
    await r1.update(1, async () => {
      price = 2
      double.memory.leases.clear()
      return { price: 2 }
    })
    await clock.advance(SHORT + 5)
    expect((await r2.get(1))?.price).toBe(2)
    expect((await r1.get(1))?.price).toBe(2)
  })

  // P1   without Redis: load (1) ............................. ends: as old as its beginning, so memory must not serve it
  // P2             price = 2, invalidate k ▲ lost    the bound
  test('a value is as old as the beginning of its load', async () => {
    const gate = new GatedLoad<number, Price>()
    const { r1, r2 } = both({}, gate.load)
    wire.cutBus()
    wire.denied.add('read')
    const old = r1.get(1)
    await gate.called(1)
    await r2.invalidate(1)
    await clock.advance(SHORT + 5)
    gate.resolve(0, { price: 1 })
    await old
    const again = r1.get(1)
    await Promise.race([gate.called(2), again])
    if (gate.calls > 1) gate.resolve(1, { price: 2 })
    expect((await again)?.price).toBe(2)
  })
})

describe('in a real server', () => {
  let world: Awaited<ReturnType<typeof redisWorld>>

  beforeEach(async () => {
    world = await redisWorld()
  })
  afterEach(() => world.close())

  // a reader that hears of the invalidation and asks at once must not find the entry
  test('entry and lease are deleted before the invalidation is published', async () => {
    const p1 = await world.open()
    const resource = prices(p1.cache, async () => ({ price: 1 }))
    await resource.get(1)
    const monitor = await world.admin.monitor()
    const commands: string[] = []
    monitor.on('monitor', (_time: string, [name = '', ...args]: string[]) => {
      if (/^del$/i.test(name)) commands.push('delete')
      if (/^publish$/i.test(name) && args[1]?.includes('"invalidated"')) commands.push('publish')
    })
    await resource.invalidate(1)
    await until('it was seen', () => commands.length >= 2)
    monitor.disconnect()
    expect(commands).toEqual(['delete', 'publish'])
  })

  // P1   memory: 1          hears nothing of it
  // P2       price = 2, invalidate ▲     Redis evicts one record, whichever
  test('the loss of any one record brings nothing back', async () => {
    const lost: string[] = []
    while (!lost.includes('none')) {
      await world.flushAll()
      let price = 1
      const [p1, p2] = [await world.open(), await world.open()]
      const r1 = prices(p1.cache, async () => ({ price }), { known: 't' })
      await r1.get(1)
      await world.whileDeaf(async () => {
        price = 2
        expect(await p2.cache.invalidateTags(['t'])).toBe(true)
        const record = (await world.admin.keys('*')).sort().find((key) => !lost.includes(key)) ?? 'none'
        await world.admin.del(record)
        lost.push(record)
      })
      await pastTheBound()
      await until('P1 is trusted', () => p1.cache.health().trusted)
      expect([lost.at(-1), await r1.get(1)]).toEqual([lost.at(-1), { price: 2 }])
    }
    expect(lost).toEqual(expect.arrayContaining(['test:e:{price.1:1}', 'test:s:{0}', 'test:t:{0}:t', 'none']))
  })
})
