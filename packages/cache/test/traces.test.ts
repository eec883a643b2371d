/**
 * The shape of the traces that a cache takes part in: parents, links, attributes. On the double and on real Redis; a member of
 * the world stands for a process.
 */

import { context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api'
import { traceRedis } from '@shop/telemetry'
import { drawTraces, type RecordedSpan, recordSpans } from '@shop/telemetry/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { BusMessage } from '../src/bus.ts'
import type { CacheOptions, OpenRemote, Resource, ResourceOptions } from '../src/index.ts'
import { otel } from '../src/otel.ts'
import { redis, SCRIPTS } from '../src/redis/index.ts'
import { GatedLoad, RedisDouble } from '../src/testing.ts'
import { doubleWorld } from './double-world.ts'
import { PATIENT, redisWorld } from './redis-world.ts'
import { type Member, until, type World } from './world.ts'

const recording = recordSpans()
const tracer = trace.getTracer('test')
afterAll(() => recording.stop())

/** What a request, or any other span around the cache, does. */
function within<R>(name: string, run: () => Promise<R>): Promise<R> {
  return tracer.startActiveSpan(name, (span) => run().finally(() => span.end()))
}

function products(
  { cache }: Member,
  options: Partial<ResourceOptions<number, unknown>> & Pick<ResourceOptions<number, unknown>, 'load'>,
): Resource<number, unknown> {
  return cache.resource<number, unknown>({
    name: 'product',
    version: 1,
    ttl: 60_000,
    jitter: 0,
    key: (id) => [id],
    tags: (id) => [`product:${id}`],
    ...options,
  })
}

/** As a traced client of a database: outside of any span it makes none. */
async function query(id: number): Promise<unknown> {
  return trace.getActiveSpan() ? within('SELECT', async () => ({ id })) : { id }
}

const drawn = () => drawTraces(recording.spans())

function spanOf(name: string): RecordedSpan {
  const found = recording.spans().filter((span) => span.name === name)
  expect(found.map((span) => span.name)).toEqual([name])
  return found[0] as RecordedSpan
}

/** Attributes without their prefix; of times only that they are there. */
function saidOf(name: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(spanOf(name).attributes).map(([key, value]) => {
      const short = key.replace('shop.cache.', '')
      return [short, short === 'age' || short === 'ttl' ? typeof value : value]
    }),
  )
}

const WORLDS: readonly [string, () => Promise<World>][] = [
  ['the double', doubleWorld],
  ['real Redis', redisWorld],
]

describe.each(WORLDS)('on %s', (_name, openWorld) => {
  let world: World
  const open = (options: Partial<CacheOptions> = {}): Promise<Member> => world.open({ hooks: otel(), ...options })

  beforeAll(async () => {
    world = await openWorld()
  })
  beforeEach(() => recording.clear())
  afterEach(async () => {
    await world.closeMembers()
    await world.flushAll()
  })
  afterAll(() => world.close())

  test('a cold read shows every step, with the query inside the load', async () => {
    const product = products(await open(), { load: query })
    await within('GET', () => product.get(1))
    expect(drawn()).toBe(
      [
        'GET',
        '  cache get product',
        '    cache lookup product',
        '    cache lease product',
        '    cache load product',
        '      SELECT',
        '    cache store product',
      ].join('\n'),
    )
    expect(saidOf('cache get product')).toEqual({
      operation: 'get',
      resource: 'product',
      outcome: 'miss',
      tier: 'source',
      stored: 'shared',
      age: 'number',
      ttl: 'number',
      'tags.checked': 2,
    })
    expect(saidOf('cache lease product')).toMatchObject({ outcome: 'granted' })
    expect(saidOf('cache store product')).toMatchObject({ outcome: 'stored' })
    expect(spanOf('GET').attributes).toEqual({})
  })

  test('a hit in memory is attributes of the span around it, and no span', async () => {
    const product = products(await open(), { load: query })
    await product.get(1)
    await within('GET', () => product.get(1))
    expect(drawn()).toBe('GET')
    expect(saidOf('GET')).toEqual({ outcome: 'hit', tier: 'memory', age: 'number', ttl: 'number', 'tags.checked': 2 })
    expect(spanOf('GET').attributes['shop.cache.ttl']).toBeGreaterThan(50)
  })

  test('of several reads in one span the farthest is shown, and how many there were', async () => {
    const product = products(await open(), { load: query, staleFor: 60_000 })
    await product.getMany([1, 2, 3])
    await within('GET', () => product.getMany([1, 2, 3]))
    expect(drawn()).toBe('GET')
    expect(saidOf('GET')).toMatchObject({ outcome: 'hit', tier: 'memory', reads: 3, 'tags.checked': 6 })
  })

  test('a hit in Redis is one step', async () => {
    const [one, two] = [await open(), await open()]
    await products(one, { load: query }).get(1)
    await within('GET', () => products(two, { load: query }).get(1))
    expect(drawn()).toBe(['GET', '  cache get product', '    cache lookup product'].join('\n'))
    expect(saidOf('cache get product')).toMatchObject({ outcome: 'hit', tier: 'redis', 'tags.checked': 2 })
  })

  test('many reads are one operation, and so is their load', async () => {
    const product = products(await open(), { load: query, loadMany: (ids) => within('SELECT', async () => [...ids]) })
    await product.get(1)
    await within('GET', () => product.getMany([1, 2, 3]))
    expect(drawn()).toBe(['GET', '  cache getMany product', '    cache load product', '      SELECT'].join('\n'))
    expect(saidOf('cache getMany product')).toMatchObject({ outcome: 'miss', tier: 'source', reads: 2 })
    expect(saidOf('GET')).toMatchObject({ outcome: 'hit', tier: 'memory' })
  })

  test('a stale value is reloaded in a trace of its own, which links to the request that found it', async () => {
    const member = await open()
    const product = products(member, { load: query, staleFor: 60_000 })
    await product.get(1)
    await product.expire(1)
    await within('GET', () => product.get(1))
    await until('reloaded', () => member.cache.health().reloads === 0)
    const spans = recording.spans()
    expect(drawTraces(spans)).toBe(
      [
        'GET',
        'cache reload product ~ GET',
        '  cache lease product',
        '  cache load product',
        '    SELECT',
        '  cache store product',
      ].join('\n'),
    )
    expect(saidOf('GET')).toMatchObject({ outcome: 'stale', tier: 'memory' })
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(2)
  })

  test('who joins a load of its process waits, and links to it', async () => {
    const gate = new GatedLoad<number, unknown>()
    const product = products(await open(), { load: gate.load })
    const first = within('GET 1', () => product.get(1))
    await gate.called(1)
    const second = within('GET 2', () => product.get(1))
    gate.resolve(0, 'value')
    await Promise.all([first, second])
    expect(drawn()).toBe(
      [
        'GET 1',
        '  cache get product',
        '    cache lookup product',
        '    cache lease product',
        '    cache load product',
        '    cache store product',
        'GET 2',
        '  cache get product',
        '    cache wait product ~ cache load product',
      ].join('\n'),
    )
  })

  test.each(['stored', 'failed'])('who waits for a load of another process that is %s links to it', async (end) => {
    const [one, two] = [await open(), await open()]
    const gate = new GatedLoad<number, unknown>()
    const elsewhere = products(one, { load: gate.load })
    const here = products(two, { load: query })
    const first = within('GET 1', () => elsewhere.get(1)).catch(() => undefined)
    await gate.called(1)
    const waits = two.events.length
    const second = within('GET 2', () => here.get(1)).catch(() => undefined)
    await until('noted as waiting', () =>
      recording
        .spans()
        .some(({ name, attributes }) => name === 'cache lease product' && attributes['shop.cache.outcome'] === 'busy'),
    )
    if (end === 'stored') gate.resolve(0, 'value')
    else gate.reject(0, new Error('no'))
    await Promise.all([first, second])
    const load = recording.spans().find(({ name }) => name === 'cache load product')
    const wait = spanOf('cache wait product')
    expect(wait.links).toEqual([{ traceId: load?.traceId, spanId: load?.spanId }])
    expect(wait.traceId).not.toBe(load?.traceId)
    expect(saidOf('cache wait product')).toEqual({ operation: 'wait', resource: 'product', outcome: end })
    expect(two.events.slice(waits).find(({ type }) => type === 'wait')).toMatchObject({ resource: 'product', end })
  })

  test('a change is one trace, down to the memory of every other process', async () => {
    const [one, two] = [await open(), await open()]
    const [here, there] = [products(one, { load: query }), products(two, { load: query })]
    await Promise.all([here.get(1), there.get(1)])
    recording.clear()
    await within('PUT', () => one.cache.invalidateTags(['product:1']))
    await until('applied by both', () => recording.spans().filter(({ name }) => name === 'cache apply').length === 2)
    expect(drawn()).toBe(['PUT', '  cache invalidate', '    cache apply', '    cache apply'].join('\n'))
    expect(saidOf('cache invalidate')).toEqual({ operation: 'invalidate', acknowledged: true, tags: 1, keys: 0 })
    for (const { kind, attributes } of recording.spans().filter(({ name }) => name === 'cache apply')) {
      expect(kind).toBe('consumer')
      expect(attributes).toEqual({ 'shop.cache.operation': 'apply', 'shop.cache.tags': 1, 'shop.cache.keys': 0 })
    }
    expect(there.peek(1)).toBeUndefined()
  })

  test('a write through the cache is one as well', async () => {
    const [one] = [await open(), await open()]
    await within('PUT', () => products(one, { load: query }).update(1, () => within('UPDATE', async () => 'new')))
    await until('applied by both', () => recording.spans().filter(({ name }) => name === 'cache apply').length === 2)
    expect(drawn()).toBe(
      [
        'PUT',
        '  cache update product',
        '    UPDATE',
        '    cache store product',
        '    cache apply',
        '    cache apply',
      ].join('\n'),
    )
  })

  test('with Redis down a read goes to the source, and says that what it found is kept here only', async () => {
    const member = await open()
    await world.kill()
    await until('down', () => member.cache.health().redis === 'down')
    await within('GET', () => products(member, { load: query }).get(1))
    await within('PUT', () => member.cache.invalidateTags(['product:1']))
    expect(drawn()).toBe(
      ['GET', '  cache get product', '    cache load product', '      SELECT', 'PUT', '  cache invalidate'].join('\n'),
    )
    expect(saidOf('cache get product')).toMatchObject({ outcome: 'miss', tier: 'source', stored: 'local' })
    expect(saidOf('cache invalidate')).toMatchObject({ acknowledged: false })
    expect(spanOf('cache invalidate').events).toEqual([
      {
        name: 'shop.cache.remote_error',
        attributes: { 'shop.cache.command': 'invalidate', 'error.type': 'CACHE_REMOTE_UNAVAILABLE' },
      },
    ])
    await world.restart({ snapshot: false })
  })

  test('what nobody records makes no span, also where it is part of no trace', async () => {
    const [one, two] = [await open(), await open()]
    await products(one, { load: async (id) => id, staleFor: 60_000 }).getMany([1, 2])
    await products(two, { load: async (id) => id }).get(1)
    await one.cache.invalidateTags(['product:1'])
    await until('applied', () => two.events.some(({ type }) => type === 'applied'))
    expect(drawn()).toBe('')
  })
})

describe('with the message of an invalidation', () => {
  const dropped = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: TraceFlags.NONE }
  const places: readonly [string, (run: () => Promise<unknown>) => Promise<unknown>][] = [
    ['of nobody', (run) => run()],
    ['of a request that is not kept', (run) => context.with(trace.setSpanContext(ROOT_CONTEXT, dropped), run)],
    ['of a request that is kept', (run) => within('PUT', run)],
  ]

  test.each(places)('%s its trace travels only if it is kept', async (place, within) => {
    const double = new RedisDouble()
    const heard: BusMessage[] = []
    const { publish } = double
    double.publish = (message) => {
      heard.push(message)
      publish.call(double, message)
    }
    const world = await doubleWorld()
    recording.clear()
    const { cache } = await world.open({ redis: double.open, hooks: otel() })
    await within(() => cache.invalidateTags(['product:1']))
    await world.closeMembers()
    const isKept = place === 'of a request that is kept'
    expect(heard.map((message) => Object.keys(message).includes('trace'))).toEqual([isKept])
    expect(recording.spans().length > 0).toBe(isKept)
  })
})

test('a message whose trace is none of ours is applied all the same', async () => {
  const world = await doubleWorld()
  let double: RedisDouble | undefined
  const redisOf: OpenRemote = (...given) => {
    double = new RedisDouble()
    return double.open(...given)
  }
  const member = await world.open({ redis: redisOf, hooks: otel() })
  recording.clear()
  const product = products(member, { load: query })
  await product.get(1)
  const { epoch, number } = double?.position() ?? { epoch: '', number: 0 }
  double?.publish({
    type: 'invalidated',
    epoch,
    number: number + 1,
    nonce: 'n',
    tags: ['product:1'],
    keys: [],
    stale: [],
    trace: 'no',
  })
  await until('applied', () => product.peek(1) === undefined)
  expect(recording.spans().filter(({ name }) => name === 'cache apply')).toEqual([])
  await world.closeMembers()
})

test('a hook that is late does not make a message late', async () => {
  const world = await doubleWorld()
  const { around } = otel()
  const hooks = {
    ...otel(),
    around: <R>(...[operation, run]: Parameters<typeof around<R>>) =>
      operation.name === 'apply' ? new Promise<R>(() => undefined) : run(),
  }
  const double = new RedisDouble()
  const [one, two] = [
    await world.open({ redis: double.open, hooks: otel() }),
    await world.open({ redis: double.open, hooks }),
  ]
  const there = products(two, { load: async () => 1 })
  await there.get(1)
  await within('PUT', () => one.cache.invalidateTags(['product:1']))
  await until('applied', () => two.events.some(({ type }) => type === 'applied'))
  expect(there.peek(1)).toBeUndefined()
  await until('proven again', () => two.cache.position() === one.cache.position())
  expect(two.events.filter(({ type }) => type === 'reset')).toHaveLength(1)
  await world.closeMembers()
})

test('commands of Redis stand below the step that sent them', async () => {
  const world = await redisWorld()
  const stop = traceRedis({ scripts: SCRIPTS })
  try {
    const member = await world.open({ hooks: otel(), redis: redis({ url: world.url, commandTimeout: PATIENT }) })
    const product = products(member, { load: query })
    // Scripts are sent as text once.
    await product.get(1)
    await member.cache.invalidateTags(['product:1'])
    recording.clear()
    await within('GET', () => product.get(2))
    await within('PUT', () => member.cache.invalidateTags(['product:2']))
    await until('applied', () => recording.spans().some(({ name }) => name === 'cache apply'))
    expect(drawn()).toBe(
      [
        'GET',
        '  cache get product',
        '    cache lookup product',
        '      MGET',
        '    cache lease product',
        '      EVALSHA claim',
        '      EVALSHA tags',
        '    cache load product',
        '      SELECT',
        '    cache store product',
        '      EVALSHA fill',
        'PUT',
        '  cache invalidate',
        '    EVALSHA invalidate',
        '    cache apply',
      ].join('\n'),
    )
  } finally {
    stop()
    await world.close()
  }
})
