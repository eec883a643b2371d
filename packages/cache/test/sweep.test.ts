/** Invalidation by pattern: what it finds, what it races with, and what it tells. On the double and on real Redis. */

import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import type { CacheOptions, Resource, Swept } from '../src/index.ts'
import { createCache } from '../src/index.ts'
import type { ProcessDouble } from '../src/redis-double.ts'
import { GatedLoad, ManualClock, RedisDouble } from '../src/testing.ts'
import { doubleWorld } from './double-world.ts'
import { redisWorld } from './redis-world.ts'
import { type Member, until, type World } from './world.ts'

const LOAD_TIMEOUT = 300

function resource(
  { cache }: Pick<Member, 'cache'>,
  name: string,
  load: (id: string) => Promise<unknown>,
): Resource<string, unknown> {
  return cache.resource<string, unknown>({
    name,
    version: 1,
    ttl: 60_000,
    jitter: 0,
    loadTimeout: LOAD_TIMEOUT,
    key: (id) => [id],
    load,
  })
}

describe.each<[string, () => Promise<World>]>([
  ['the double', doubleWorld],
  ['real Redis', redisWorld],
])('on %s', (_name, openWorld) => {
  let world: World
  const open = (options: Partial<CacheOptions> = {}): Promise<Member> => world.open(options)

  beforeAll(async () => {
    world = await openWorld()
  })
  afterEach(async () => {
    await world.closeMembers()
    await world.flushAll()
  })
  afterAll(() => world.close())

  test('what matches is gone in Redis and in every memory, and nothing else', async () => {
    const [one, two] = [await open(), await open()]
    let version = 1
    const load = async () => version
    const here = { product: resource(one, 'product', load), stock: resource(one, 'stock', load) }
    const there = { product: resource(two, 'product', load), stock: resource(two, 'stock', load) }
    const ids = ['1', '41', '42', '421', 'a:b', '[x]']
    for (const { product, stock } of [here, there]) await Promise.all([product.getMany(ids), stock.getMany(ids)])
    version = 2
    const swept = await one.cache.invalidateMatching('product.1:4?')
    expect(swept).toMatchObject({ matched: 2, invalidated: 2, passes: 2, acknowledged: true })
    for (const { product, stock } of [here, there]) {
      expect(await product.getMany(ids)).toEqual([1, 2, 2, 1, 1, 1])
      expect(await stock.getMany(ids)).toEqual([1, 1, 1, 1, 1, 1])
    }
    await two.cache.invalidateMatching('*:[x]')
    for (const { product, stock } of [here, there])
      expect([await product.get('[x]'), await stock.get('[x]'), await product.get('a:b')]).toEqual([2, 2, 1])
  })

  test('it goes through more keys than one step takes, and tells how far it is', async () => {
    const one = await open()
    const product = resource(one, 'product', async (id) => id)
    const ids = Array.from({ length: 1_200 }, (_, i) => `${i}`)
    for (let at = 0; at < ids.length; at += 400) await product.getMany(ids.slice(at, at + 400))
    const progress: Swept[] = []
    const swept = await one.cache.invalidateMatching('product.*', { onProgress: (now) => progress.push(now) })
    expect(swept).toMatchObject({ matched: 1_200, invalidated: 1_200, passes: 2, acknowledged: true })
    expect(swept.scanned).toBeGreaterThanOrEqual(1_200)
    expect(progress.length).toBeGreaterThanOrEqual(4)
    expect(progress.at(-1)).toEqual(swept)
    expect(progress.map(({ matched }) => matched)).toEqual(progress.map(({ matched }) => matched).sort((a, b) => a - b))
    expect((await product.explain('7')).redis).toBeUndefined()
  })

  // P1   sweep: pattern, scan: k is not there .......................... scan again: k, invalidated
  // P2       (deaf to it) k: load (old) .......... fill k: stored
  test('what is stored between its passes by a process that did not hear of it is found by the second', async () => {
    const [one, two] = [await open(), await open()]
    const gate = new GatedLoad<string, unknown>()
    const [here, there] = [resource(one, 'product', async () => 'new'), resource(two, 'product', gate.load)]
    const reading = there.get('1')
    await gate.called(1)
    let passes = 0
    let sweeping: Promise<Swept> | undefined
    await world.whileDeaf(async () => {
      sweeping = one.cache.invalidateMatching('product.1:*', { onProgress: (now) => (passes = now.passes) })
      await until('the first pass', () => passes === 1)
      gate.resolve(0, 'old')
      expect(await reading).toBe('old')
    })
    expect(await sweeping).toMatchObject({ matched: 1, invalidated: 1, passes: 2 })
    expect(await here.get('1')).toBe('new')
    await until('heard', async () => (await there.explain('1')).memory === undefined)
  })

  test('a load that its process was told of is answered and not stored', async () => {
    const [one, two] = [await open(), await open()]
    const gate = new GatedLoad<string, unknown>()
    const there = resource(two, 'product', gate.load)
    resource(one, 'product', async () => 'new')
    const reading = there.get('1')
    await gate.called(1)
    const applied = () => two.events.filter(({ type }) => type === 'applied').length
    const before = applied()
    const sweeping = one.cache.invalidateMatching('product.1:*')
    await until('told', () => applied() > before)
    gate.resolve(0, 'old')
    expect(await reading).toBe('old')
    expect((await there.explain('1')).redis).toBeUndefined()
    expect((await there.explain('1')).memory).toBeUndefined()
    expect(await sweeping).toMatchObject({ matched: 0, passes: 2 })
  })

  test('it can be stopped, and says when Redis could not be gone through', async () => {
    const one = await open()
    const product = resource(one, 'product', async (id) => id)
    await product.getMany(['1', '2'])
    const stopping = new AbortController()
    const stopped = one.cache.invalidateMatching('product.1:1', {
      signal: stopping.signal,
      onProgress: () => stopping.abort(new Error('enough')),
    })
    await expect(stopped).rejects.toThrow('enough')
    expect((await product.explain('1')).redis).toBeUndefined()
    await world.kill()
    await until('down', () => one.cache.health().redis === 'down')
    await expect(one.cache.invalidateMatching('product.1:2')).rejects.toMatchObject({
      code: 'CACHE_REMOTE_UNAVAILABLE',
    })
    expect(product.peek('2')).toBeUndefined()
    await world.restart({ snapshot: false })
  })

  test('what is no pattern, or would match everything, is refused before anything is done', async () => {
    const one = await open()
    for (const pattern of ['', '*', '*.*', 'x'.repeat(600)])
      await expect(one.cache.invalidateMatching(pattern)).rejects.toMatchObject({ code: 'CACHE_KEY_INVALID' })
    expect(one.cache.stats().invalidations).toBe(0)
  })
})

describe('of two processes', () => {
  async function fleet() {
    const world = await doubleWorld()
    onTestFinished(() => world.close())
    const [one, two] = [await world.open(), await world.open()]
    const [here, there] = [resource(one, 'product', async () => 'old'), resource(two, 'product', async () => 'old')]
    const [first, second] = world.double.processes as [ProcessDouble, ProcessDouble]
    const applied = () => two.events.filter(({ type }) => type === 'applied').length
    return { world, one, here, there, first, second, applied }
  }

  // P1   pattern; its scan is refused, so that the message is all there is
  // P2   MGET k sent ------------------------------ reply: old value    answered, not put into memory
  test('what is on its way from Redis meanwhile is not put into memory', async () => {
    const { one, here, there, first, second, applied } = await fleet()
    await here.get('1')
    first.denied.add('scan')
    second.holdAnswers()
    const reading = there.get('1')
    await until('asked', () => second.commands > 0)
    const before = applied()
    await expect(one.cache.invalidateMatching('product.1:?')).rejects.toMatchObject({ code: 'CACHE_REMOTE_FAILED' })
    await until('heard', () => applied() > before)
    second.deliverAnswers()
    expect(await reading).toBe('old')
    expect(there.peek('1')).toBeUndefined()
  })

  test('what lives only in the memory of the other goes as well', async () => {
    const { world, one, there } = await fleet()
    await there.getMany(['1', '2'])
    world.double.memory.entries.clear()
    const sweeping = one.cache.invalidateMatching('product.1:2')
    await until('told', async () => (await there.explain('2')).memory === undefined)
    expect(there.peek('1')).toBe('old')
    expect(await sweeping).toMatchObject({ matched: 0 })
  })

  test('a key that Redis would not invalidate is not among the invalidated, and is sent again', async () => {
    const { one, here, first } = await fleet()
    await here.getMany(['1', '2'])
    first.denied.add('invalidate')
    const swept = await one.cache.invalidateMatching('product.1:2')
    expect(swept).toMatchObject({ matched: 2, invalidated: 0, acknowledged: false })
    expect(one.cache.health().pendingInvalidations).toBe(1)
    first.denied.clear()
    await until('sent again', () => one.cache.health().pendingInvalidations === 0)
  })
})

describe('with time in the hand', () => {
  test('the second pass begins when the last lease of the first has ended, and not before', async () => {
    const clock = new ManualClock()
    const cache = createCache({ name: 'sweep', redis: new RedisDouble().open, clock })
    await clock.advance(100)
    const options = { version: 1, ttl: 60_000, key: (id: number) => [id], load: async () => 1 }
    cache.resource({ ...options, name: 'slow', loadTimeout: 20_000 })
    cache.resource({ ...options, name: 'quick', loadTimeout: 1_000 })
    let passes = 0
    const sweeping = cache.invalidateMatching('slow.1:*', { onProgress: (now) => (passes = now.passes) })
    await until('the first pass', () => passes === 1)
    await clock.advance(20_249)
    expect(passes).toBe(1)
    await clock.advance(1)
    expect(await sweeping).toMatchObject({ passes: 2 })
    await cache.close()
  })

  test('Redis is left alone between two steps', async () => {
    const clock = new ManualClock()
    const double = new RedisDouble()
    const cache = createCache({ name: 'sweep', redis: double.open, clock })
    await clock.advance(100)
    const product = cache.resource({
      name: 'product',
      version: 1,
      ttl: 60_000,
      key: (id: number) => [id],
      load: async () => 1,
    })
    for (let id = 0; id < 1_100; id++) {
      const filled = product.get(id)
      await clock.advance(0)
      await filled
    }
    let steps = 0
    const sweeping = cache.invalidateMatching('other.1:*', { onProgress: () => steps++ })
    await until('the first step', () => steps === 1)
    await clock.advance(4)
    expect(steps).toBe(1)
    await clock.advance(1)
    expect(steps).toBe(2)
    await clock.advance(5)
    expect(steps).toBe(3)
    await clock.advance(6_000)
    expect(await sweeping).toMatchObject({ scanned: 3_000, matched: 0 })
    await cache.close()
  })
})

test('without Redis one pass is enough: what is loaded meanwhile is not kept', async () => {
  const cache = createCache({ name: 'alone' })
  const gate = new GatedLoad<string, unknown>()
  const product = resource({ cache }, 'product', gate.load)
  const reading = product.get('1')
  await gate.called(1)
  expect(await cache.invalidateMatching('product.1:?')).toEqual({
    scanned: 0,
    matched: 0,
    invalidated: 0,
    passes: 1,
    acknowledged: true,
  })
  gate.resolve(0, 'old')
  expect(await reading).toBe('old')
  expect(product.peek('1')).toBeUndefined()
  await cache.close()
  await expect(cache.invalidateMatching('product.1:?')).rejects.toMatchObject({ code: 'CACHE_CLOSED' })
})
