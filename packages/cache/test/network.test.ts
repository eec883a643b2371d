/**
 * Races of messages with answers, and faults of the network, on a real Redis: a proxy holds what is on its way.
 *
 * What `races.test.ts` shows on the double, where every message is in the test's hand, is shown here again as far as a proxy
 * can hold it. P1 reaches Redis through the proxy, P2 directly.
 */

import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

import { startRedis, temporaryDirectory } from '@shop/local-stack'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { type Clock, type Monotonic, millis, type ServerMs, systemClock } from '../src/clock.ts'
import { type Cache, type CacheOptions, createCache, type Resource } from '../src/index.ts'
import { redis } from '../src/redis/index.ts'
import { GatedLoad } from '../src/testing.ts'
import type { Given } from './invalidator.ts'
import { RedisProxy } from './proxy.ts'
import { redisWorld } from './redis-world.ts'
import { BOUND, type Member, until } from './world.ts'

interface Price {
  readonly price: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** No test waits for a deadline of this length: nothing is given up while an answer is held. */
const PATIENT = 20_000

let world: Awaited<ReturnType<typeof redisWorld>>
let proxy: RedisProxy
let price = 1
let loads = 0

beforeAll(async () => {
  world = await redisWorld()
})
beforeEach(async () => {
  proxy = await RedisProxy.before(world.url)
  price = 1
  loads = 0
})
afterEach(async () => {
  await world.closeMembers()
  await proxy.close()
  await world.flushAll()
})
afterAll(() => world.close())

/** One more process, behind the proxy. */
function through(options: Partial<CacheOptions> = {}, commandTimeout = PATIENT): Promise<Member> {
  return world.open({ redis: redis({ url: proxy.url, commandTimeout }), ...options })
}

function prices(cache: Cache, options: Partial<Parameters<typeof cache.resource<number, Price>>[0]> = {}) {
  return cache.resource<number, Price>({
    name: 'price',
    version: 1,
    ttl: 60_000,
    jitter: 0,
    key: (id) => [id],
    tags: (id) => [`price:${id}`],
    load: async () => {
      loads++
      return { price }
    },
    ...options,
  })
}

const hasApplied = ({ events }: Member): boolean => events.some(({ type }) => type === 'applied')

async function passed(milliseconds: number, since = performance.now()): Promise<void> {
  await until(`${milliseconds} ms have passed`, () => performance.now() - since > milliseconds)
}

describe('an answer that its invalidation has overtaken', () => {
  // P1   GET k: entry (1) ................................ answer: given to who asked, not kept
  // P2               price = 2, invalidate ▲ heard by P1
  test.each(['by key', 'by tag'])('of a read is not kept in memory, invalidated %s', async (how) => {
    const [p1, p2] = [await through(), await world.open()]
    const [r1, r2] = [prices(p1.cache), prices(p2.cache)]
    await r2.get(1)
    proxy.hold('commands')
    const read = r1.get(1)
    await until('it was answered', () => proxy.holds('commands', '{"price":1}'))
    price = 2
    expect(await (how === 'by key' ? r2.invalidate(1) : p2.cache.invalidateTags(['price:1']))).toBe(true)
    await until('P1 has heard', () => hasApplied(p1))
    proxy.release('commands')
    await read
    expect((await r1.get(1))?.price).toBe(2)
  })

  // P1   GET k: entry (1, a)   tags?: a ................... answer: given, not kept
  // P2                              price = 2, tag is b ▲ heard by P1
  test('of a question for tags is not kept in memory', async () => {
    const [p1, p2] = [await through(), await world.open()]
    const [r1, r2] = [prices(p1.cache), prices(p2.cache)]
    await r2.get(1)
    const nonce = (await r2.explain(1)).redis?.tags.find(({ tag }) => tag === 'price:1')?.stamped ?? ''
    proxy.hold('commands')
    const read = r1.get(1)
    await until('the entry was answered', () => proxy.holds('commands', '{"price":1}'))
    proxy.release('commands')
    proxy.hold('commands')
    await until('the tags were answered', () => proxy.holds('commands', nonce))
    price = 2
    expect(await p2.cache.invalidateTags(['price:1'])).toBe(true)
    await until('P1 has heard', () => hasApplied(p1))
    proxy.release('commands')
    expect((await read)?.price).toBe(1)
    expect((await r1.get(1))?.price).toBe(2)
  })

  // P1   load (1)   fill: stored ......................... answer: given, not kept
  // P2                      price = 2, invalidate k ▲ heard by P1
  test('of a fill is not kept in memory', async () => {
    const [p1, p2] = [await through(), await world.open()]
    const gate = new GatedLoad<number, Price>()
    const r1 = prices(p1.cache, { load: gate.load })
    const read = r1.get(1)
    await gate.called(1)
    proxy.hold('commands')
    gate.resolve(0, { price: 1 })
    await until('stored', async () => (await prices(p2.cache).explain(1)).redis !== undefined)
    price = 2
    expect(await prices(p2.cache).invalidate(1)).toBe(true)
    await until('P1 has heard', () => hasApplied(p1))
    proxy.release('commands')
    expect((await read)?.price).toBe(1)
    const again = r1.get(1)
    await gate.called(2)
    gate.resolve(1, { price: 2 })
    expect((await again)?.price).toBe(2)
  })
})

describe('a subscriber with a backlog', () => {
  // P1   messages wait: echoes, the invalidation, more echoes
  // P2   price = 2, invalidate ▲                     past the bound: P1 serves nothing from memory
  test('serves nothing from memory past the bound, and all is well when it is delivered', async () => {
    const [p1, p2] = [await through(), await world.open()]
    const r1 = prices(p1.cache)
    await r1.get(1)
    proxy.hold('bus')
    price = 2
    expect(await p2.cache.invalidateTags(['price:1'])).toBe(true)
    await passed(BOUND)
    expect(r1.peek(1)).toBeUndefined()
    expect((await r1.get(1))?.price).toBe(2)
    proxy.release('bus')
    await until('trusted', () => p1.cache.health().trusted)
    expect((await r1.get(1))?.price).toBe(2)
  })

  // P1   backlog: echo, invalidation .......... the echo alone arrives, late: it was sent before the invalidation
  // P2             price = 2, invalidate ▲
  test('is not trusted because an old echo arrives at last', async () => {
    const [p1, p2] = [await through(), await world.open()]
    const r1 = prices(p1.cache)
    await r1.get(1)
    proxy.hold('bus')
    await until('an echo is in the backlog', () => proxy.held('bus') === 1)
    const age = (): number => p1.cache.health().proofAgeMs ?? 0
    price = 2
    expect(await p2.cache.invalidateTags(['price:1'])).toBe(true)
    await passed(BOUND)
    const before = age()
    proxy.release('bus', 1)
    await until('it was heard', () => age() < before)
    expect(r1.peek(1)).toBeUndefined()
    expect((await r1.get(1))?.price).toBe(2)
  })
})

// P1   holds 1   | blocked for longer than the bound                              | peek: nothing, get: 2
// P2                 price = 2, fifty invalidations: they lie in P1's socket
test('whose event loop was blocked serves nothing of what lies in its socket unheard', async () => {
  const p1 = await world.open()
  const r1 = prices(p1.cache)
  await r1.get(1)
  const done = new Int32Array(new SharedArrayBuffer(4))
  const tags = ['price:1', ...Array.from({ length: 49 }, (_, i) => `other:${i}`)]
  const given: Given = { url: world.url, name: 'test', tags, done }
  const writer = new Worker(new URL('./invalidator.ts', import.meta.url), { workerData: given, execArgv: [] })
  await once(writer, 'message')
  await r1.get(1)
  price = 2
  writer.postMessage('go')
  Atomics.wait(done, 0, 0, 10_000)
  const acknowledgedAt = performance.now()
  while (performance.now() - acknowledgedAt <= BOUND + 1) Math.sqrt(2)
  expect(Atomics.load(done, 0)).toBe(1)
  expect(r1.peek(1)).toBeUndefined()
  expect((await r1.get(1))?.price).toBe(2)
  await writer.terminate()
})

describe('a connection that is open and dead', () => {
  /** The system's clock, ten times as fast: what takes the cache seconds to find out takes a part of that here. */
  const fast: Clock = {
    now: () => (systemClock.now() * 10) as Monotonic,
    wall: () => systemClock.wall(),
    timer: (delay, act) => systemClock.timer(millis(delay / 10), act),
    soon: (act) => systemClock.soon(act),
  }
  const inFastTime = { clock: fast, maxStaleness: BOUND * 10 }

  // P1   bus: open, and nothing comes ..................... past the bound: not served .... replaced: proof again
  // P2        price = 2, invalidate ▲ lost to P1
  test('of the bus ends the trust in memory, and is replaced', async () => {
    const [p1, p2] = [await through(inFastTime, 2_000), await world.open()]
    const r1 = prices(p1.cache)
    await r1.get(1)
    proxy.lose('bus')
    price = 2
    expect(await p2.cache.invalidateTags(['price:1'])).toBe(true)
    await passed(BOUND)
    expect(r1.peek(1)).toBeUndefined()
    expect((await r1.get(1))?.price).toBe(2)
    await until('proof again', () => p1.cache.health().trusted)
    expect((await r1.get(1))?.price).toBe(2)
    await until('in memory again', () => r1.peek(1)?.price === 2)
    expect(p1.cache.stats().errors).toBe(0)
  })

  // P1   both connections: open, nothing passes    get: one deadline, then the source ....... replaced
  // P2        price = 2, invalidate ▲
  test('of both ends the reads from Redis after one deadline, and is replaced', async () => {
    const [p1, p2] = [await through(inFastTime, 1_000), await world.open()]
    const r1 = prices(p1.cache)
    await r1.get(1)
    proxy.lose()
    price = 2
    expect(await p2.cache.invalidateTags(['price:1'])).toBe(true)
    await passed(BOUND)
    expect((await r1.get(1))?.price).toBe(2)
    expect(p1.events.filter(({ type }) => type === 'remote-error').length).toBeLessThanOrEqual(1)
    price = 3
    expect(await p1.cache.invalidateTags(['price:1'])).toBe(false)
    expect((await r1.get(1))?.price).toBe(3)
    await until('up again', () => p1.cache.health().redis === 'up' && p1.cache.health().trusted)
    await until('delivered', () => p1.cache.health().pendingInvalidations === 0)
    expect((await r1.get(1))?.price).toBe(3)
    expect((await prices(p2.cache).get(1))?.price).toBe(3)
    expect(p1.cache.stats().errors).toBe(0)
  })
})

describe('Redis at the far end of a slow line', () => {
  test('within the deadline answers every command of a read', async () => {
    const p1 = await through()
    proxy.delay = 20
    const r1 = prices(p1.cache)
    expect((await r1.get(1))?.price).toBe(1)
    expect((await r1.explain(1)).redis?.verdict).toBe('serve')
    expect(p1.cache.stats().remoteErrors).toBe(0)
  })

  // P1   GET ........ deadline: goes on without   load ▶ answer          the answer comes, and is nobody's
  test('past the deadline costs a read one deadline, and no read fails', async () => {
    const p1 = await through({}, 60)
    proxy.delay = 200
    const r1 = prices(p1.cache)
    expect((await r1.get(1))?.price).toBe(1)
    const late = p1.events.filter((event) => event.type === 'remote-error' && event.operation === 'read')
    expect(late.length).toBeLessThanOrEqual(1)
    await until('it is noticed', () => p1.cache.health().redis === 'down')
    expect(await Promise.all([2, 3, 4].map((id) => r1.get(id)))).toEqual([{ price }, { price }, { price }])
    proxy.delay = 0
    await until('up again', () => p1.cache.health().redis === 'up')
    expect(p1.cache.stats().errors).toBe(0)
  })
})

// wall clocks   P1 an hour ahead of the server's, P2 an hour behind
test('hosts two hours apart agree how old an entry is and when it ends', async () => {
  const host = (skew: number): Clock => ({ ...systemClock, wall: () => (systemClock.wall() + skew) as ServerMs })
  const [p1, p2] = [await world.open({ clock: host(HOUR) }), await world.open({ clock: host(-HOUR) })]
  const options = { ttl: 3 * HOUR, staleFor: 3 * HOUR }
  const [r1, r2] = [prices(p1.cache, options), prices(p2.cache, options)]
  await r1.get(1)
  expect(await r2.get(1)).toEqual({ price: 1 })
  expect(loads).toBe(1)
  for (const { memory, redis } of await Promise.all([r1.explain(1), r2.explain(1)])) {
    for (const seen of [memory, redis]) {
      // No test lasts a minute: what is off by more is off by the clocks.
      expect(seen?.ageMs).toBeGreaterThan(-MINUTE)
      expect(seen?.ageMs).toBeLessThan(MINUTE)
      expect(seen?.ttlMs).toBeGreaterThan(3 * HOUR - MINUTE)
      expect(seen?.ttlMs).toBeLessThan(3 * HOUR + MINUTE)
      expect(seen?.verdict).toBe('serve')
    }
  }
})

describe('another server in the place of the first', () => {
  let replica: Awaited<ReturnType<typeof startRedis>>
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  let admin: Redis

  beforeEach(async () => {
    directory = await temporaryDirectory('cache')
    const primary = String(new URL(world.url).port)
    const args = ['--replicaof', '127.0.0.1', primary, '--repl-diskless-sync-delay', '0']
    replica = await startRedis({ dir: join(directory.path, 'replica'), args })
    admin = new Redis(replica.url)
    // Both sides decide who leads: the first server syncs at once, not with others that may yet come.
    await world.admin.config('SET', 'repl-diskless-sync-delay', '0')
    await until('in step', async () => /master_link_status:up/.test(await admin.info('replication')))
  })
  afterEach(async () => {
    admin.disconnect()
    await replica.stop()
    await directory.remove()
  })

  /** The replica has all that was written so far, and nothing from here on; then it leads. */
  async function promote(): Promise<void> {
    const offset = async (redis: Redis): Promise<string | undefined> =>
      /master_repl_offset:(\d+)/.exec(await redis.info('replication'))?.[1]
    await until('in step', async () => (await offset(admin)) === (await offset(world.admin)))
    await admin.call('REPLICAOF', 'NO', 'ONE')
  }

  const isLedOn = ({ cache, events }: Member): boolean =>
    events.some((event) => event.type === 'reset' && event.reason === 'epoch') &&
    cache.health().redis === 'up' &&
    cache.health().trusted

  // first server    entry (1, a)   tag is b ▲ acknowledged, not replicated ✗
  // its replica     entry (1, a)   tag is a ............................ leads: they match, and must not be believed
  test('a failover that lost an invalidation brings nothing back', async () => {
    const [p1, p2] = [await through({}, 1_000), await through({}, 1_000)]
    const [r1, r2] = [prices(p1.cache), prices(p2.cache)]
    await r1.get(1)
    await r1.get(2)
    await r2.get(1)
    await promote()
    price = 2
    expect(await p1.cache.invalidateTags(['price:1'])).toBe(true)
    expect(await r1.invalidate(2)).toBe(true)
    expect(await admin.exists('test:e:{price.1:1}', 'test:e:{price.1:2}')).toBe(2)
    proxy.target = Number(new URL(replica.url).port)
    proxy.cut()
    await until('both are led on', () => isLedOn(p1) && isLedOn(p2))
    const p3 = await through({}, 1_000)
    const resources = [r1, r2, prices(p3.cache)]
    for (const resource of resources) expect(await resource.getMany([1, 2])).toEqual([{ price: 2 }, { price: 2 }])
  })

  // P1   still with the old primary, which nobody else hears: it has proof of that server, and no more
  // P2   with the new one: price = 2, invalidate ▲
  // P1                        its connection ends, it reaches the new one: another run id, nothing is believed
  test('who stayed with an old primary believes nothing of it once it reaches the new one', async () => {
    const stayed = await RedisProxy.before(world.url)
    const [p1, p2] = [
      await world.open({ redis: redis({ url: stayed.url, commandTimeout: 1_000 }) }),
      await through({}, 1_000),
    ]
    const [r1, r2] = [prices(p1.cache), prices(p2.cache)]
    await r1.get(1)
    await r2.get(1)
    await promote()
    proxy.target = Number(new URL(replica.url).port)
    proxy.cut()
    await until('P2 is led on', () => isLedOn(p2))
    price = 2
    expect(await p2.cache.invalidateTags(['price:1'])).toBe(true)
    expect((await r2.get(1))?.price).toBe(2)
    stayed.target = proxy.target
    stayed.cut()
    await until('P1 as well', () => isLedOn(p1))
    expect((await r1.get(1))?.price).toBe(2)
    await stayed.close()
  })
})

describe('with its connection cut at each of its commands in turn', () => {
  type Act = (member: Member, resource: Resource<number, Price>, source: { price: number }) => Promise<unknown>
  const operations: [string, Act][] = [
    ['a read that loads', (_member, resource) => resource.get(2)],
    ['a getMany', (_member, resource) => resource.getMany([1, 2, 3])],
    [
      'an invalidation by tag',
      ({ cache }, _resource, source) => {
        source.price = 2
        return cache.invalidateTags(['price:1'])
      },
    ],
    [
      'an invalidation by key',
      (_member, resource, source) => {
        source.price = 2
        return resource.invalidate(1)
      },
    ],
    [
      'a write through the cache',
      (_member, resource, source) =>
        resource.update(1, async () => {
          source.price = 2
          return { price: 2 }
        }),
    ],
  ]

  /** Runs the operation in a world of its own, with its i-th command cut. Returns how many commands it sent. */
  async function run(name: string, act: Act, i: number, fate: 'cut before' | 'cut after'): Promise<number> {
    const own = await RedisProxy.before(world.url)
    const source = { price: 1 }
    const options = { load: async () => ({ price: source.price }), loadTimeout: 500 }
    const events: Member['events'] = []
    const open = (url: string): Cache =>
      createCache({
        name: `${name}-${i}-${fate}`.replaceAll(/\W/g, '-'),
        redis: redis({ url, commandTimeout: 5_000, probeInterval: 20 }),
        maxStaleness: BOUND,
        onEvent: (event) => events.push(event),
      })
    const [cache, elsewhere] = [open(own.url), open(world.url)]
    const [r1, r2] = [prices(cache, options), prices(elsewhere, options)]
    await until('ready', () => cache.health().trusted && elsewhere.health().trusted)
    await r1.get(1)
    await r2.get(1)
    const at = `${name}, command ${i}, ${fate}`

    let commands = 0
    // Probes go on their own, and are no part of the operation.
    own.fate = (command) => (command === 'probe' || commands++ !== i ? 'pass' : fate)
    await act({ cache, events }, r1, source).catch((error: { code?: string }) =>
      expect(error.code, at).toMatch(/^CACHE_/),
    )
    const sent = commands
    expect((await r1.get(1))?.price, `${at}: read in the same process`).toBe(source.price)
    own.fate = () => 'pass'
    const acknowledgedAt = performance.now()
    await until('delivered', () => cache.health().pendingInvalidations === 0 && cache.health().redis === 'up')
    await passed(BOUND, acknowledgedAt)
    expect(await Promise.all([r1.get(1), r2.get(1)]), `${at}: read later, in both`).toEqual([source, source])
    expect(cache.health(), at).toMatchObject({ flights: 0, loads: 0 })
    await Promise.all([cache.close(), elsewhere.close()])
    await own.close()
    return sent
  }

  test('each operation gives the right answer or a named error, and leaves nothing stale', async () => {
    for (const fate of ['cut before', 'cut after'] as const) {
      await Promise.all(
        operations.map(async ([name, act]) => {
          const commands = await run(name, act, -1, fate)
          expect(commands, name).toBeGreaterThan(0)
          await Promise.all(Array.from({ length: commands }, (_, i) => run(name, act, i, fate)))
        }),
      )
    }
  })
})
