/**
 * What is at hand when a load begins, and may be served if it fails: never what was invalidated meanwhile, whatever way
 * it came. And reloads and looks that fail harm nobody else.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { type Cache, createCache, type Resource, type ResourceOptions } from '../src/index.ts'
import { GatedLoad, ManualClock } from '../src/testing.ts'
import { doubleWorld } from './double-world.ts'
import { BOUND } from './world.ts'

interface Product {
  readonly price: number
}

/** With a manual clock, stale after ten seconds. */
const PAST_TTL = 11_000

let clock: ManualClock
let world: Awaited<ReturnType<typeof doubleWorld>>
const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)

beforeEach(async () => {
  clock = new ManualClock()
  world = await doubleWorld()
  unhandled.length = 0
  process.on('unhandledRejection', note)
})
afterEach(async () => {
  await world.close()
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

async function open(): Promise<Cache> {
  return (await world.open({ clock })).cache
}

function products<V>(
  cache: Cache,
  load: (id: number) => Promise<V | undefined>,
  options: Partial<ResourceOptions<number, V>> = {},
): Resource<number, V> {
  const common = { name: 'product', version: 1, ttl: 10_000, jitter: 0, key: (id: number) => [id] }
  return cache.resource<number, V>({ ...common, load, ...options })
}

const words = (error: Error): string => error.message

describe('nothing that was invalidated is fallen back on', () => {
  const LONG = { failSafeFor: 120_000 }

  // P1   GET: stale 1 .............. answer: served; reload ✗        the bound   ▲ joins the reload: fails
  // P2           invalidate k ▲ heard by P1
  test('neither what was overtaken on its way from Redis', async () => {
    const gate = new GatedLoad<number, Product>()
    const r1 = products(await open(), gate.load, { ...LONG, staleFor: 60_000 })
    const r2 = products(await open(), async () => ({ price: 1 }), { ...LONG, staleFor: 60_000 })
    await r2.get(1)
    await clock.advance(PAST_TTL)
    const [wire] = world.double.processes
    wire?.holdAnswers()
    const first = r1.get(1)
    await turns()
    expect(await r2.invalidate(1)).toBe(true)
    await turns()
    wire?.deliverAnswers()
    expect((await first)?.price).toBe(1)
    await gate.called(1)
    await clock.advance(3 * BOUND)
    const second = r1.get(1).catch(words)
    await turns()
    gate.reject(0, new Error('down'))
    expect(await second).toBe('down')
  })

  // P1   has 1, stale   GET ............... answer: none   load ✗       the bound   ▲ joins: fails
  // P2                      invalidate k ▲ heard by P1
  test('nor what memory had before the look', async () => {
    const gate = new GatedLoad<number, Product>()
    const r1 = products(await open(), gate.load, LONG)
    const r2 = products(await open(), async () => ({ price: 2 }), LONG)
    await loaded(r1, gate)
    const [wire] = world.double.processes
    wire?.holdAnswers()
    const first = r1.get(1).catch(words)
    await turns()
    expect(await r2.invalidate(1)).toBe(true)
    await turns()
    wire?.deliverAnswers()
    await gate.called(2)
    await clock.advance(3 * BOUND)
    const second = r1.get(1).catch(words)
    await turns()
    gate.reject(1, new Error('down'))
    await first
    expect(await second).toBe('down')
  })

  // P1   has 1, stale   get: looks    invalidate k: acknowledged    get: must not have 1, though the load fails
  test('nor what an own invalidation named during the look', async () => {
    const gate = new GatedLoad<number, Product>()
    const resource = products(await open(), gate.load, LONG)
    await loaded(resource, gate)
    const [wire] = world.double.processes
    const first = resource.get(1).catch(words)
    wire?.holdAnswers()
    const invalidation = resource.invalidate(1)
    await turns()
    wire?.deliverAnswers()
    await invalidation
    await gate.called(2)
    const second = resource.get(1).catch(words)
    await turns()
    gate.reject(1, new Error('down'))
    await turns()
    if (gate.calls > 2) gate.reject(2, new Error('down'))
    await first
    expect(await second).toBe('down')
  })

  // has 1, stale   A loads      B joins later than the bound    invalidate k    A's load ends: not clean    B loads ✗
  test('nor what was at hand before the second load of one read', async () => {
    const cache = createCache({ name: 'alone', clock, maxStaleness: BOUND })
    const gate = new GatedLoad<number, Product>()
    const resource = products(cache, gate.load, { ...LONG, loadTimeout: 60_000 })
    await loaded(resource, gate)
    const a = resource.get(1).catch(words)
    await gate.called(2)
    await clock.advance(2 * BOUND)
    const b = resource.get(1).catch(words)
    await turns()
    await resource.invalidate(1)
    gate.resolve(1, { price: 1 })
    await a
    await gate.called(3)
    const c = resource.get(1).catch(words)
    await turns()
    gate.reject(2, new Error('down'))
    expect([await b, await c]).toEqual(['down', 'down'])
  })

  async function loaded(resource: Resource<number, Product>, gate: GatedLoad<number, Product>): Promise<void> {
    const first = resource.get(1)
    await gate.called(1)
    gate.resolve(0, { price: 1 })
    await first
    await clock.advance(PAST_TTL)
  }
})

test('a reload that fails and that nobody joined is an event and no unhandled rejection', async () => {
  let fails = false
  const events: string[] = []
  const cache = createCache({ name: 'alone', clock, onEvent: ({ type }) => events.push(type) })
  const resource = products(
    cache,
    async () => {
      if (fails) throw new Error('down')
      return 1
    },
    { staleFor: 60_000 },
  )
  await resource.get(1)
  await clock.advance(PAST_TTL)
  fails = true
  expect(await resource.get(1)).toBe(1)
  await turns()
  expect(events.filter((type) => type === 'reload-failed')).toHaveLength(1)
})

test('one unusable key of many leaves no read of the others to nobody', async () => {
  const resource = products(createCache({ name: 'alone', clock }), () => Promise.reject(new Error('down')))
  await expect(resource.getMany([1, Number.NaN])).rejects.toMatchObject({ code: 'CACHE_KEY_INVALID' })
  await turns()
})

test('a value that cannot be weighed fails the read of that value alone, and both are counted', async () => {
  const [a, b] = [await open(), await open()]
  const good = { name: 'good', load: async () => 1 }
  for (const name of ['bad', 'good']) await products(b, async () => 1, { name }).get(1)
  const before = a.stats().requests
  const [bad, other] = await Promise.allSettled([
    products(a, async () => 1, { name: 'bad', weight: () => Number.NaN }).get(1),
    products(a, good.load, good).get(1),
  ])
  expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'CACHE_VALUE_INVALID' } })
  expect(other).toMatchObject({ status: 'fulfilled', value: 1 })
  expect(a.stats().requests - before).toBe(2)
})

test('reads that asked a frozen Redis in several turns make one load', async () => {
  let loads = 0
  const resource = products(await open(), async () => ++loads)
  world.double.freeze()
  const reads: Promise<unknown>[] = []
  for (let i = 0; i < 10; i++) {
    reads.push(resource.get(1))
    await clock.advance(5)
  }
  await clock.advance(200)
  await Promise.all(reads)
  world.double.thaw()
  expect(loads).toBe(1)
})

// chance says: due   the reload looks into Redis, and chance is not asked again
test('what chance has chosen for a reload is reloaded', async () => {
  const gate = new GatedLoad<number, number>()
  const resource = products(await open(), gate.load, { refreshAhead: 'xfetch' })
  const first = resource.get(1)
  await gate.called(1)
  await clock.advance(1_000)
  gate.resolve(0, 1)
  await first
  await clock.advance(4_000)
  const { random } = Math
  const draws = [1 - 1e-10]
  Math.random = () => draws.shift() ?? 0
  try {
    expect(await resource.get(1)).toBe(1)
    await gate.called(2)
  } finally {
    Math.random = random
  }
  gate.resolve(1, 2)
  await turns()
})

test('without Redis a position is no reason to load again', async () => {
  let loads = 0
  const resource = products(createCache({ name: 'alone', clock }), async () => ++loads)
  await resource.get(1)
  await resource.get(1, { after: 'some.epoch:5' })
  expect(loads).toBe(1)
})

test.each([
  ['weight', 5],
  ['keep', 'foo'],
  ['schema', {}],
  ['scope', { tenant: 'x' }],
  ['scope', null],
  ['load', undefined],
  ['reload', 3],
  ['tagsOf', 3],
])('%s: %s is refused where it is declared', (name, value) => {
  const cache = createCache({ name: 'alone', clock })
  const declare = () => products(cache, async () => 1, { [name]: value })
  expect(declare).toThrow(expect.objectContaining({ code: 'CACHE_OPTION_INVALID' }))
})
