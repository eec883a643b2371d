/**
 * A real Redis that refuses, forgets or is not what it was: out of memory, denied by ACL, without scripts, with foreign
 * things under our keys, frozen. No read fails, none waits longer than it must, and an invalidation says the truth.
 */

import { inspect } from 'node:util'

import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { type Clock, systemClock } from '../src/clock.ts'
import {
  type Cache,
  CacheError,
  type CacheEvent,
  createCache,
  type Resource,
  type ResourceOptions,
} from '../src/index.ts'
import { redis } from '../src/redis/index.ts'
import { type Layout, layout } from '../src/redis/layout.ts'
import { redisWorld } from './redis-world.ts'
import { BOUND, closeAndCheck, type Member, until } from './world.ts'

interface Price {
  readonly price: number
}

/** What the source holds, and how often it was asked. */
class Source {
  price = 1
  loads = 0

  readonly load = async (): Promise<Price> => {
    this.loads++
    return { price: this.price }
  }
}

let world: Awaited<ReturnType<typeof redisWorld>>

beforeAll(async () => {
  world = await redisWorld()
})
afterEach(async () => {
  await world.closeMembers()
  await world.flushAll()
})
afterAll(() => world.close())

function prices(
  cache: Cache,
  source: Source,
  options: Partial<ResourceOptions<number, Price>> = {},
): Resource<number, Price> {
  return cache.resource<number, Price>({
    name: 'price',
    version: 1,
    ttl: 60_000,
    jitter: 0,
    loadTimeout: 100,
    key: (id) => [id],
    tags: (id) => [`price:${id}`],
    load: source.load,
    ...options,
  })
}

/** Quick to find out what happened; what waits for this deadline has waited for nothing. */
const FAST = { commandTimeout: 20_000, probeInterval: 20, maxStaleness: 100 }

/** Processes of a cache of another name on the same server, so that several fleets can be tried at once. */
class Fleet {
  readonly name: string
  readonly #url: string
  readonly #members: Member[] = []

  constructor(name: string, url: string) {
    this.name = name
    this.#url = url
  }

  /** One more process; not waited for when it has another URL. */
  async open(url = this.#url): Promise<Cache> {
    const { maxStaleness, ...timing } = FAST
    const events: Member['events'] = []
    const cache = createCache({
      name: this.name,
      redis: redis({ url, ...timing }),
      maxStaleness,
      onEvent: (event) => events.push(event),
    })
    this.#members.push({ cache, events })
    if (url === this.#url) await until(`${this.name} is ready`, () => cache.health().trusted)
    return cache
  }

  /** Commands that were given up because no answer came. */
  timeouts(): string[] {
    return this.#members
      .flatMap(({ events }) => events)
      .flatMap((event) => (event.type === 'remote-error' && isTimeout(event.error) ? [event.operation] : []))
  }

  /** No read of any of them was rejected. */
  async close(): Promise<void> {
    const errors = this.#members.map(({ cache }) => cache.stats().errors)
    expect(errors, `${this.name}: reads that failed`).toEqual(errors.map(() => 0))
    await closeAndCheck(this.#members)
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof CacheError && error.code === 'CACHE_REMOTE_TIMEOUT'
}

async function passed(milliseconds: number): Promise<void> {
  const from = performance.now()
  await until(`${milliseconds} ms have passed`, () => performance.now() - from > milliseconds)
}

describe('out of memory', () => {
  afterEach(() => world.admin.config('SET', 'maxmemory', '256mb', 'maxmemory-policy', 'allkeys-lfu'))

  const fill = (): Promise<unknown> => world.admin.config('SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction')
  const empty = (): Promise<unknown> => world.admin.config('SET', 'maxmemory', '256mb')

  test('reads go on, from this memory and from what Redis still has', async () => {
    const source = new Source()
    const [p1, p2] = [await world.open(), await world.open()]
    const [r1, r2] = [prices(p1.cache, source), prices(p2.cache, source)]
    await r1.get(1)
    await fill()
    expect(await r2.get(1)).toEqual({ price: 1 })
    expect(source.loads).toBe(1)
    expect([await r1.get(2), await r1.get(2), await r2.get(2)]).toEqual([{ price: 1 }, { price: 1 }, { price: 1 }])
    expect(source.loads).toBe(3)
    expect(p1.cache.stats().errors + p2.cache.stats().errors).toBe(0)
  })

  test('an invalidation says false, is applied here, and reaches all when there is room again', async () => {
    const source = new Source()
    const [p1, p2] = [await world.open(), await world.open()]
    const [r1, r2] = [prices(p1.cache, source), prices(p2.cache, source)]
    await r1.getMany([1, 2])
    await r2.getMany([1, 2])
    await fill()
    source.price = 2
    expect(await p1.cache.invalidateTags(['price:1'])).toBe(false)
    expect(await r1.invalidate(2)).toBe(false)
    expect(await r1.getMany([1, 2])).toEqual([{ price: 2 }, { price: 2 }])
    expect(p1.cache.health()).toMatchObject({ redis: 'up', pendingInvalidations: 2 })
    await empty()
    await until('delivered', () => p1.cache.health().pendingInvalidations === 0)
    await passed(BOUND)
    expect(await r2.getMany([1, 2])).toEqual([{ price: 2 }, { price: 2 }])
  })

  test('a write through the cache is read here at once, and elsewhere when there is room again', async () => {
    const source = new Source()
    const [p1, p2] = [await world.open(), await world.open()]
    const [r1, r2] = [prices(p1.cache, source), prices(p2.cache, source)]
    await r1.get(1)
    await r2.get(1)
    await fill()
    const written = await r1.update(1, async () => {
      source.price = 2
      return { price: 2 }
    })
    expect([written, await r1.get(1)]).toEqual([{ price: 2 }, { price: 2 }])
    await empty()
    await until('P2 sees it', async () => (await r2.get(1))?.price === 2)
  })
})

describe('denied by ACL', () => {
  /** All that a cache does, once. */
  async function everything(cache: Cache, source: Source): Promise<void> {
    const resource = prices(cache, source, { staleFor: 60_000 })
    await resource.getMany([1, 2])
    await resource.expire(1)
    await resource.get(1)
    await until('reloaded', async () => ((await resource.explain(1)).redis?.ttlMs ?? 0) > 0)
    await resource.update(1, source.load)
    await resource.set(2, { price: 2 })
    await resource.invalidate(1)
    await resource.clear()
  }

  /** Every command that reaches the server when a cache does all it can, those of its scripts among them. */
  async function commandsUsed(): Promise<string[]> {
    await world.admin.config('RESETSTAT')
    const member = await world.open()
    await everything(member.cache, new Source())
    const stats = await world.admin.info('commandstats')
    const used = [...stats.matchAll(/^cmdstat_([^:]+):/gm)].map(([, name = '']) => name)
    return used.filter((name) => !/^(config|flushall|acl|ping)/.test(name)).sort()
  }

  const user = (name: string): string => world.url.replace('redis://', `redis://${name}:secret@`)
  const acl = (name: string, ...rules: string[]): Promise<unknown> => world.admin.acl('SETUSER', name, ...rules)

  /** A cache whose user may do anything but this, and one beside it that may do all, through everything. */
  async function isSound(denied: string): Promise<void> {
    const name = `no-${denied.replaceAll('|', '-')}`
    await acl(name, 'on', '>secret', '~*', '&*', '+@all', `-${denied}`)
    const fleet = new Fleet(name, world.url)
    const [cache, free] = [await fleet.open(user(name)), await fleet.open()]
    const source = new Source()
    const [mine, other] = [prices(cache, source), prices(free, source)]
    await cache.ready({ timeout: 200 })

    const read = async (): Promise<void> => {
      expect(await mine.getMany([1, 2, 3]), `${name}: read in the same process`).toEqual(
        Array(3).fill(await source.load()),
      )
    }
    const acknowledged: boolean[] = []
    await other.getMany([1, 2, 3])
    for (const write of [
      () => cache.invalidateTags(['price:1', 'price:2', 'price:3']),
      async () => (await Promise.all([1, 2, 3].map((id) => mine.invalidate(id)))).every(Boolean),
      () => mine.clear(),
    ]) {
      await read()
      source.price++
      const done = await write()
      acknowledged.push(done)
      await read()
      if (!done) continue
      await passed(FAST.maxStaleness)
      expect(await other.getMany([1, 2, 3]), `${name}: said true`).toEqual(Array(3).fill(await source.load()))
    }
    expect(fleet.timeouts(), `${name}: a deadline that was waited for`).toEqual([])

    await acl(name, `+${denied}`)
    await until(`${name}: delivered`, () => cache.health().pendingInvalidations === 0 && cache.health().redis === 'up')
    await passed(FAST.maxStaleness)
    expect(await other.getMany([1, 2, 3]), `${name}: told later`).toEqual(Array(3).fill(await source.load()))
    await fleet.close()
  }

  test('each command that is used, in turn: no read fails, no invalidation says true that was not', async () => {
    const commands = await commandsUsed()
    expect(commands).toEqual(expect.arrayContaining(['evalsha', 'del', 'hset', 'info', 'publish', 'set', 'subscribe']))
    await Promise.all(commands.map(isSound))
  })

  // CLAIM: HSET done, PEXPIRE refused: a lease that nothing ends, and that nobody holds
  test('a lease that has no end is not waited for', async () => {
    await acl('no-end', 'on', '>secret', '~*', '&*', '+@all', '-pexpire')
    const source = new Source()
    const options = { commandTimeout: 2_000 }
    const [p1, p2] = [
      await world.open({ redis: redis({ url: user('no-end'), ...options }) }),
      await world.open({ redis: redis({ url: world.url, ...options }) }),
    ]
    expect(await prices(p1.cache, source).get(1)).toEqual({ price: 1 })
    await world.admin.config('RESETSTAT')
    const other = prices(p2.cache, source)
    expect(await other.get(1)).toEqual({ price: 1 })
    expect((await other.explain(1)).redis?.verdict).toBe('serve')
    const calls = /cmdstat_evalsha:calls=(\d+)/.exec(await world.admin.info('commandstats'))?.[1]
    expect(Number(calls)).toBeLessThan(50)
  })

  // subscribe: refused ........ a second, in the test's hand ........ once more
  test('a subscription that is refused is asked for again after a while, and not at once', async () => {
    await acl('deaf', 'on', '>secret', '~*', '&*', '+@all', '-subscribe')
    const connections = async (): Promise<number> =>
      Number(/total_connections_received:(\d+)/.exec(await world.admin.info('stats'))?.[1])
    const before = await connections()
    const due: (() => void)[] = []
    const clock: Clock = {
      ...systemClock,
      timer: (delay, act) => {
        if (delay !== 1_000) return systemClock.timer(delay, act)
        due.push(act)
        return () => undefined
      },
    }
    const cache = createCache({ name: 'deaf', clock, redis: redis({ url: user('deaf') }) })
    for (let asked = 1; asked <= 3; asked++) {
      await until('it was refused', () => due.length === asked)
      expect((await connections()) - before).toBe(1 + asked)
      due[asked - 1]?.()
    }
    expect(await prices(cache, new Source()).get(1)).toEqual({ price: 1 })
    await cache.close()
  })

  test('a wrong password is as good as no Redis', async () => {
    await acl('wrong', 'on', '>right', '~*', '&*', '+@all')
    const source = new Source()
    const cache = createCache({ name: 'wrong', redis: redis({ url: user('wrong') }) })
    expect(await cache.ready({ timeout: 100 })).toBe(false)
    const resource = prices(cache, source)
    expect(await resource.get(1)).toEqual({ price: 1 })
    source.price = 2
    expect(await resource.invalidate(1)).toBe(false)
    expect(await resource.get(1)).toEqual({ price: 2 })
    await cache.close()
  })
})

// P1, P2   read, write, invalidate ............ SCRIPT FLUSH | SCRIPT FLUSH | SCRIPT FLUSH ............
test('SCRIPT FLUSH in the midst of work is not noticed', async () => {
  const source = new Source()
  const patient = { redis: redis({ url: world.url, commandTimeout: 10_000 }) }
  const members = [await world.open(patient), await world.open(patient)]
  const resources = members.map(({ cache }) => prices(cache, source))
  let working = true
  const flushing = (async () => {
    while (working) await world.admin.script('FLUSH')
  })()
  await Promise.all(
    members.map(async ({ cache }, i) => {
      for (let round = 0; round < 20; round++) {
        expect(await cache.invalidateTags([`price:${round % 3}`])).toBe(true)
        expect(await resources[i]?.getMany([0, 1, 2])).toHaveLength(3)
        await resources[i]?.update(round % 3, source.load)
      }
    }),
  )
  working = false
  await flushing
  for (const { cache } of members) expect(cache.stats()).toMatchObject({ remoteErrors: 0, errors: 0 })
})

describe('something foreign under one of our keys', () => {
  type Put = (admin: Redis, key: string) => Promise<unknown>
  const records: [string, (keys: Layout) => string, Put][] = [
    ['a hash for the entry', (keys) => keys.entry('price.1:2'), (admin, key) => admin.hset(key, 'a', 'b')],
    [
      'four megabytes for the entry',
      (keys) => keys.entry('price.1:2'),
      (admin, key) => admin.set(key, Buffer.alloc(4 * 1_048_576, 'SC')),
    ],
    ['a string for the lease', (keys) => keys.lease('price.1:2'), (admin, key) => admin.set(key, 'x')],
    ['a list for a tag', (keys) => keys.tag('price:2'), (admin, key) => admin.lpush(key, 'x')],
    ['a word for a tag', (keys) => keys.tag('price:2'), (admin, key) => admin.set(key, 'x')],
    ['a string for the state', (keys) => keys.state, (admin, key) => admin.set(key, 'x')],
  ]

  async function isSound(what: string, keyOf: (keys: Layout) => string, put: Put): Promise<void> {
    const source = new Source()
    const fleet = new Fleet(what.replaceAll(' ', '-'), world.url)
    const [cache, other] = [await fleet.open(), await fleet.open()]
    const [r1, r2] = [prices(cache, source), prices(other, source)]
    const key = keyOf(layout(fleet.name, '-'))
    await world.admin.del(key)
    await put(world.admin, key)
    expect([await r1.get(2), await r2.get(2)], what).toEqual([{ price: 1 }, { price: 1 }])
    source.price = 2
    await r1.invalidate(2)
    await cache.invalidateTags(['price:2'])
    expect(await r1.get(2), what).toEqual({ price: 2 })
    if (what.endsWith('state')) await world.admin.del(key)
    await until(`${what}: well`, () => cache.health().redis === 'up' && cache.health().pendingInvalidations === 0)
    await passed(FAST.maxStaleness)
    expect(await r2.get(2), what).toEqual({ price: 2 })
    await until(`${what}: stored again`, async () => {
      await r1.get(2)
      return (await r1.explain(2)).redis?.verdict === 'serve'
    })
    await fleet.close()
  }

  test('fails no read, and goes with an invalidation, or by hand', async () => {
    await Promise.all(records.map((record) => isSound(...record)))
  })
})

describe('something foreign', () => {
  const at = layout('test', '-')

  // read at once: 1, 2, 3; there is something foreign under the entry, or the lease, of 2
  test.each([
    ['entry', at.entry('price.1:2')],
    ['lease', at.lease('price.1:2')],
  ])('under one %s does no harm to what is read with it', async (what, key) => {
    const source = new Source()
    const [p1, p2] = [await world.open(), await world.open()]
    await (what === 'entry' ? world.admin.hset(key, 'a', 'b') : world.admin.set(key, 'x'))
    expect(await prices(p1.cache, source).getMany([1, 2, 3])).toEqual(Array(3).fill({ price: 1 }))
    const r2 = prices(p2.cache, source)
    const verdicts = await Promise.all([1, 3].map(async (id) => (await r2.explain(id)).redis?.verdict))
    expect(verdicts).toEqual(['serve', 'serve'])
    expect(await world.admin.keys(at.lease('*'))).toEqual(what === 'lease' ? [key] : [])
  })
})

describe('frozen', () => {
  afterEach(() => world.thaw())

  const deadlines = ({ events }: Member): number =>
    events.filter(
      (event) => event.type === 'remote-error' && (event.error as { code?: string }).code === 'CACHE_REMOTE_TIMEOUT',
    ).length

  // P1   GET ........ deadline   load ▶ answer
  test('a read waits for one deadline, and a row of reads for no more than three', async () => {
    const source = new Source()
    const p1 = await world.open()
    const resource = prices(p1.cache, source)
    await world.freeze()
    expect(await resource.get(0)).toEqual({ price: 1 })
    expect(deadlines(p1)).toBe(1)
    for (let id = 1; id < 20; id++) expect(await resource.get(id)).toEqual({ price: 1 })
    expect(deadlines(p1)).toBeLessThanOrEqual(3)
    expect(p1.cache.health().redis).toBe('down')
    const before = deadlines(p1)
    expect(await p1.cache.invalidateTags(['price:2'])).toBe(false)
    expect(deadlines(p1)).toBe(before)
  })
})

describe('each script', () => {
  interface Call {
    readonly name: string
    readonly keys: readonly string[]
    /** What it asked of the server. */
    readonly commands: string[][]
  }

  // Redis Cluster, and the rights of a user by key, count on it.
  test('is told every key that it touches, and those that belong together lie in one slot', async () => {
    const calls: Call[] = []
    const monitor = await world.admin.monitor()
    monitor.on('monitor', (_time: string, args: string[], from: string) => {
      const [command = '', script = '', count = '0', ...rest] = args
      if (/^eval(sha)?$/i.test(command)) calls.push({ name: script, keys: rest.slice(0, Number(count)), commands: [] })
      else if (from === 'lua') calls.at(-1)?.commands.push(args)
    })
    const [p1, p2] = [await world.open(), await world.open()]
    const source = new Source()
    const [r1, r2] = [p1, p2].map(({ cache }) => prices(cache, source, { staleFor: 60_000, tagsOf: () => ['late'] }))
    await Promise.all([r1?.getMany([1, 2, 3]), r2?.getMany([3, 4])])
    await r1?.expire(1)
    await r2?.get(1)
    await r1?.update(1, source.load)
    await r1?.invalidate(2)
    await p1.cache.invalidateTags(['late', 'price:1', 'other'])
    await r2?.get(1)
    monitor.disconnect()

    expect(calls.length).toBeGreaterThan(10)
    for (const { name, keys, commands } of calls) {
      for (const args of commands) {
        const touched = await keysOf(args)
        expect(keys, `${name}: ${args.join(' ')}`).toEqual(expect.arrayContaining(touched))
      }
      // The keys of one lease, or of all tags and the count: what is in braces chooses the slot.
      const slots = new Map<string, string[]>()
      for (const key of keys) {
        const slot = /\{([^}]+)\}/.exec(key)?.[1] ?? ''
        slots.set(slot, [...(slots.get(slot) ?? []), key])
      }
      for (const [slot, members] of slots) expect(slot === '0' || members.length <= 2, members.join(' ')).toBe(true)
    }
  })

  async function keysOf(args: readonly string[]): Promise<string[]> {
    if (args.length === 1) return []
    try {
      return (await world.admin.call('COMMAND', 'GETKEYS', ...args)) as string[]
    } catch (error) {
      if (error instanceof Error && /no key arguments/.test(error.message)) return []
      throw error
    }
  }
})

test.each([
  ['a closed port', () => 'redis://127.0.0.1:1', /ECONNREFUSED/],
  ['a wrong password', () => world.url.replace('redis://', 'redis://someone:swordfish@'), /WRONGPASS/],
])('a Redis that was never reached says why, once, and never the password: %s', async (_what, url, reason) => {
  const events: CacheEvent[] = []
  const cache = createCache({ name: 'test', redis: redis({ url: url() }), onEvent: (event) => events.push(event) })
  const troubles = () => events.filter((event) => event.type === 'remote-error')
  await until('it says why', () => troubles().length > 0)
  expect(await prices(cache, new Source()).get(1)).toEqual({ price: 1 })
  const [trouble, ...more] = troubles()
  expect(trouble).toMatchObject({ operation: 'connect', error: { code: 'CACHE_REMOTE_FAILED' } })
  expect(String(trouble?.error)).toMatch(reason)
  expect(inspect(events, { depth: 10, showHidden: true })).not.toContain('swordfish')
  expect(more.map(({ operation }) => operation)).not.toContain('connect')
  await cache.close()
})
