/**
 * Bad input: what may come in as a key, a tag, a value or bytes of Redis is kept as it is or refused by name, and never
 * silently changed.
 */

import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { decodeEntry, encodeEntry } from '../src/codec.ts'
import { type Cache, createCache, type KeyPart, NOT_MODIFIED, type ResourceOptions } from '../src/index.ts'
import { keyOf } from '../src/key.ts'
import { redis } from '../src/redis/index.ts'
import { doubleWorld } from './double-world.ts'
import { redisWorld } from './redis-world.ts'
import { until } from './world.ts'

const ODD_TEXTS: [string, string][] = [
  ['nothing', ''],
  ['a control character', '\u0000\u0001\u001f\u007f'],
  ['a line break', 'a\r\nDEL b\r\n'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['braces and colons', '{a}:{b}'],
  ['percent signs', '%3a%'],
  ['another script', 'Möbel 家具 🛋️'],
  ['a separator of lines', '\u2028\ufeff'],
]

describe('a key part', () => {
  const key = keyOf('odd', 1)

  // Also in Redis: what is stored under one of them is read under it and under no other.
  test('of any odd text is a key of its own', async () => {
    const world = await redisWorld()
    try {
      const [p1, p2] = [await world.open(), await world.open()]
      const odd = (cache: Cache, load: (text: string) => Promise<string>) =>
        cache.resource({
          name: 'odd',
          version: 1,
          ttl: 60_000,
          key: (text: string) => [text],
          tags: (text) => [`t${text}`],
          load,
        })
      const texts = ODD_TEXTS.map(([, text]) => text)
      expect(new Set(texts.map((text) => key([text]))).size).toBe(texts.length)
      const r1 = odd(p1.cache, async (text) => `value of ${text}`)
      const r2 = odd(p2.cache, () => Promise.reject(new Error('not asked')))
      for (const text of texts) expect(await r1.get(text)).toBe(`value of ${text}`)
      for (const text of texts) expect(await r2.get(text)).toBe(`value of ${text}`)
      expect(await world.admin.keys('test:e:*')).toHaveLength(texts.length)
      for (const text of texts) {
        expect(await p1.cache.invalidateTags([`t${text}`])).toBe(true)
        await until('gone', () => r2.peek(text) === undefined)
      }
    } finally {
      await world.close()
    }
  })

  test.each<[string, unknown]>([
    ['half a surrogate pair', '\ud800'],
    ['the other half', 'x\udc00'],
    ['not a number', Number.NaN],
    ['infinite', Number.NEGATIVE_INFINITY],
    ['null', null],
    ['undefined', undefined],
    ['an object', { toString: () => 'x' }],
    ['an array', ['x']],
    ['a date', new Date(0)],
    ['a BigInt', 1n],
    ['a symbol', Symbol('x')],
    ['a function', () => 'x'],
    ['a boxed string', new String('x')],
    ['10 MB', 'x'.repeat(10_000_000)],
    ['10 MB to be escaped', ':'.repeat(10_000_000)],
  ])('that is %s is refused by name', (_what, part) => {
    expect(() => key([part as KeyPart])).toThrow(expect.objectContaining({ code: 'CACHE_KEY_INVALID' }))
  })

  test('that is refused leaves nothing behind, by whatever way it came', async () => {
    const cache = createCache({ name: 'alone' })
    const resource = cache.resource({
      name: 'odd',
      version: 1,
      ttl: 60_000,
      key: (part: KeyPart) => [part],
      load: async () => 1,
    })
    const acts = [
      () => resource.get('\ud800'),
      () => resource.getMany(['x', '\ud800']),
      () => resource.update('\ud800', async () => 1),
      () => resource.set('\ud800', 1),
      () => resource.invalidate('\ud800'),
      () => resource.expire('\ud800'),
      () => resource.explain('\ud800'),
    ]
    for (const act of acts) await expect(act()).rejects.toMatchObject({ code: 'CACHE_KEY_INVALID' })
    expect(() => resource.peek('\ud800')).toThrow(expect.objectContaining({ code: 'CACHE_KEY_INVALID' }))
    expect(await resource.warm(['\ud800', 'y'])).toMatchObject({ done: 1, failed: 1 })
    await cache.close()
    expect(cache.health()).toMatchObject({ flights: 0, loads: 0 })
  })
})

describe('a tag', () => {
  let world: Awaited<ReturnType<typeof redisWorld>>
  beforeAll(async () => {
    world = await redisWorld()
  })
  afterAll(() => world.close())

  // names go through JSON, Lua and JSON again on their way to the others
  test('of any text reaches Redis and the other processes as it is', async () => {
    const patient = { redis: redis({ url: world.url, commandTimeout: 10_000 }) }
    const [p1, p2] = [await world.open(patient), await world.open(patient)]
    let tag = ''
    const tagged = (cache: Cache) =>
      cache.resource({ name: 'tagged', version: 1, ttl: 60_000, key: (id: number) => [id], tags: () => [tag], load })
    const load = async (id: number): Promise<number> => id
    const [r1, r2] = [tagged(p1.cache), tagged(p2.cache)]
    let id = 0
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter((some) => some.isWellFormed())
    const odd = ODD_TEXTS.slice(1).map(([, each]) => each)
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, fc.constantFrom(...odd)), async (one) => {
        tag = one
        id++
        expect([await r1.get(id), await r2.get(id)]).toEqual([id, id])
        expect((await r1.explain(id)).redis).toMatchObject({ verdict: 'serve', tags: [{}, { tag: one }] })
        await until('P2 holds it', () => r2.peek(id) === id)
        expect(await p1.cache.invalidateTags([one])).toBe(true)
        await until('P2 has heard', () => r2.peek(id) === undefined)
        expect((await r1.explain(id)).redis).toMatchObject({ verdict: 'invalidated' })
      }),
      { numRuns: 25 },
    )
  })
})

// The compiler would refuse them.
test.each<[string, (cache: Cache) => Promise<unknown>, string]>([
  ['a tag that is a number', (cache) => cache.invalidateTags([5 as never]), 'CACHE_TAG_INVALID'],
  ['a text for a list of tags', (cache) => cache.invalidateTags('abc' as never), 'CACHE_TAG_INVALID'],
  [
    'a tag of the value that is an object',
    (cache) => plain(cache, { tagsOf: () => [{} as never] }),
    'CACHE_TAG_INVALID',
  ],
  ['a key that is no list', (cache) => plain(cache, { key: () => undefined as never }), 'CACHE_KEY_INVALID'],
  ['a key that is a text', (cache) => plain(cache, { key: () => 'abc' as never }), 'CACHE_KEY_INVALID'],
])('%s, from plain JavaScript, is refused by name', async (_what, act, code) => {
  const cache = createCache({ name: 'alone' })
  await expect(act(cache)).rejects.toMatchObject({ code })
  expect(cache.health()).toMatchObject({ flights: 0, loads: 0 })
  await cache.close()
})

function plain(cache: Cache, options: Partial<ResourceOptions<number, number>>): Promise<number | undefined> {
  return cache
    .resource({ name: 'plain', version: 1, ttl: 60_000, key: (id: number) => [id], load: async () => 1, ...options })
    .get(1)
}

describe('a value', () => {
  let world: Awaited<ReturnType<typeof doubleWorld>>
  beforeEach(async () => {
    world = await doubleWorld()
  })
  afterEach(() => world.close())

  const valued = (
    cache: Cache,
    load: () => Promise<unknown>,
    options: Partial<ResourceOptions<string, unknown>> = {},
  ) =>
    cache.resource<string, unknown>({ name: 'value', version: 1, ttl: 60_000, key: (name) => [name], load, ...options })

  class Money {
    readonly amount = 5
  }
  const cycle: Record<string, unknown> = { price: 1 }
  cycle.self = cycle
  const deep = (depth: number): unknown => {
    let value: unknown = 1
    for (let i = 0; i < depth; i++) value = { value }
    return value
  }

  test.each<[string, unknown]>([
    ['null', null],
    ['an empty string', ''],
    ['a string with everything', '\u0000\u2028\ufeff"\\Möbel 🛋️'],
    ['half a surrogate pair', ['\ud800', { '\udc00': 1 }]],
    ['zero', 0],
    ['a number at the edge', [Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, 0.1 + 0.2, -1e300]],
    ['false', false],
    ['an empty array', []],
    ['an empty object', {}],
    ['nested arrays', [[], [[1]], null]],
    ['an own member __proto__', JSON.parse('{"__proto__":{"polluted":1},"a":1}')],
    ['members named as methods are', JSON.parse('{"constructor":1,"prototype":2,"toString":3,"hasOwn":4,"then":5}')],
    ['an object twice', [cycle.price, { a: [1] }, { a: [1] }]],
    ['100 levels', deep(100)],
  ])('that is %s is kept as it is, in memory and in Redis', async (_what, value) => {
    const [p1, p2] = [await world.open(), await world.open()]
    for (const keep of ['value', 'bytes', 'nothing'] as const) {
      const [r1, r2] = [p1, p2].map(({ cache }) => valued(cache, async () => value, { keep }))
      for (const resource of [r1, r1, r2, r2]) expect(await resource?.get(keep)).toStrictEqual(value)
      expect(Object.hasOwn({}, 'polluted') || 'polluted' in {}).toBe(false)
    }
  })

  // These are the two that change, in memory as in Redis, and mean the same afterwards.
  test('loses members that are undefined or named by a symbol, and the sign of zero', async () => {
    const value = { price: -0, note: undefined, [Symbol('x')]: 1, list: [-0] }
    const [p1, p2] = [await world.open(), await world.open()]
    for (const { cache } of [p1, p1, p2]) {
      expect(await valued(cache, async () => value).get('x')).toStrictEqual({ price: 0, list: [0] })
    }
  })

  test('is an array like any other, whatever its class was', async () => {
    class List extends Array<number> {}
    const p1 = await world.open()
    const list = (await valued(p1.cache, async () => List.from([1, 2])).get('x')) as unknown
    expect(Object.getPrototypeOf(list)).toBe(Array.prototype)
  })

  test('that is undefined is absent, also where it is kept', async () => {
    const [p1, p2] = [await world.open(), await world.open()]
    const [r1, r2] = [p1, p2].map(({ cache }) => valued(cache, async () => undefined, { negativeTtl: 10_000 }))
    for (const resource of [r1, r1, r2]) expect(await resource?.get('none')).toBeUndefined()
    expect((await r1?.explain('none'))?.redis?.absent).toBe(true)
  })

  test.each<[string, unknown]>([
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a BigInt', 1n],
    ['an object with a BigInt', { price: 1n }],
    ['an object in itself', cycle],
    ['100 000 levels', deep(100_000)],
    [
      'a getter that throws',
      {
        get price() {
          throw new RangeError('no')
        },
      },
    ],
    ['an object with a toJSON of its own', { toJSON: () => 1 }],
    // What JSON would change without a word:
    ['a Date', new Date(0)],
    ['an invalid Date within', { at: new Date(Number.NaN) }],
    ['a Map', new Map([[1, 2]])],
    ['a Set within', { set: new Set([1]) }],
    ['a regular expression', [/a/]],
    ['an Error', new Error('x')],
    ['a Buffer', { bytes: Buffer.from('ab') }],
    ['a typed array', new Uint8Array([1, 2])],
    ['a promise within', { later: Promise.resolve(1) }],
    ['not a number', { price: Number.NaN }],
    ['infinite', Number.POSITIVE_INFINITY],
    ['an instance of a class', new Money()],
    ['a URL', { url: new URL('http://localhost') }],
    ['a boxed string', [new String('x')]],
    ['a function within', { act: () => 1 }],
    ['a symbol within', { sign: Symbol('x') }],
    ['undefined in a list', [undefined]],
    ['a list with a hole', new Array(3)],
    ['a list with a member', Object.assign([1], { extra: 1 })],
    ['what an object inherits', Object.create({ price: 1 })],
  ])('that is %s is refused by name, is stored nowhere and leaves no lease', async (_what, value) => {
    const p1 = await world.open()
    const resource = valued(p1.cache, async () => value)
    await expect(resource.get('bad')).rejects.toMatchObject({ code: 'CACHE_VALUE_INVALID' })
    await until('the lease has ended', () => world.double.memory.leases.size === 0)
    expect(world.double.memory.entries.size).toBe(0)
    expect(resource.peek('bad')).toBeUndefined()
    expect(p1.cache.health()).toMatchObject({ flights: 0, loads: 0 })
  })

  // P1   holds 1   seize --- commit 2: done --- what it returned cannot be cached: the caller is told, and 1 is gone
  // P2   holds 1                                                               2
  test.each<[string, unknown]>([
    ['a BigInt', { price: 2n }],
    ['a tag that is too long', { price: 2, tag: 'x'.repeat(300) }],
    ['that nothing has changed', NOT_MODIFIED],
  ])('that was committed and is %s is refused, and what was cached before is not believed', async (_what, written) => {
    const [p1, p2] = [await world.open(), await world.open()]
    let price = 1
    const load = async (): Promise<unknown> => ({ price })
    const tagsOf = (value: unknown): string[] =>
      Object.values(value as { tag?: string }).filter((one) => typeof one === 'string')
    const options = { tagsOf, tags: (name: string) => [name] }
    const [r1, r2] = [valued(p1.cache, load, options), valued(p2.cache, load, options)]
    await r1.get('x')
    await r2.get('x')
    const write = r1.update('x', async () => {
      price = 2
      return written
    })
    await expect(write).rejects.toMatchObject({ code: expect.stringMatching(/^CACHE_(VALUE|TAG)_INVALID$/) })
    expect(await r1.get('x')).toEqual({ price: 2 })
    await until('P2 as well', async () => ((await r2.get('x')) as { price: number }).price === 2)
    await until('the lease has ended', () => world.double.memory.leases.size === 0)
  })

  test('that is JSON is kept as it is, whatever it is', async () => {
    const [p1, p2] = [await world.open(), await world.open()]
    let value: unknown
    const [r1, r2] = [p1, p2].map(({ cache }) => valued(cache, async () => value))
    let runs = 0
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ noUnicodeString: false }), async (json) => {
        value = json
        const name = `${runs++}`
        // JSON has one zero.
        const expected = JSON.parse(JSON.stringify(json))
        for (const resource of [r1, r1, r2, r2]) expect(await resource?.get(name)).toStrictEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  test('is frozen, so that no reader changes it for another', async () => {
    const p1 = await world.open()
    const resource = valued(p1.cache, async () => ({ list: [{ price: 1 }] }))
    const value = (await resource.get('x')) as { list: { price: number }[] }
    expect(() => value.list.push({ price: 2 })).toThrow(TypeError)
    expect(() => Object.assign(value.list[0] ?? {}, { price: 2 })).toThrow(TypeError)
    expect(await resource.get('x')).toEqual({ list: [{ price: 1 }] })
  })
})

describe('bytes under a key of ours', () => {
  let world: Awaited<ReturnType<typeof doubleWorld>>
  let good: Buffer
  beforeEach(async () => {
    world = await doubleWorld()
    await resource((await world.open()).cache).get(1)
    good = Buffer.from(world.double.memory.entries.get(KEY)?.bytes ?? '')
  })
  afterEach(() => world.close())

  const KEY = 'price.1:1'
  let loads = 0
  /** The last process to read said that what it found was foreign. */
  let foreign = false
  const resource = (cache: Cache, options: Partial<ResourceOptions<number, unknown>> = {}) =>
    cache.resource<number, unknown>({
      name: 'price',
      version: 1,
      ttl: 60_000,
      key: (id) => [id],
      tags: (id) => [`price:${id}`],
      load: async () => ({ price: ++loads }),
      ...options,
    })

  const put = (bytes: Buffer): void => {
    world.double.memory.entries.set(KEY, { bytes, expiresAt: performance.now() + 60_000 })
  }

  /** Reads these bytes in a process that has seen nothing. */
  async function readAnew(bytes: Buffer, keep: 'value' | 'bytes' = 'value'): Promise<unknown> {
    put(bytes)
    const member = await world.open()
    const value = await resource(member.cache, { keep }).get(1)
    foreign = member.events.some((event) => event.type === 'rejected' && event.reason === 'foreign')
    await member.cache.close()
    return value
  }

  const reference = (): unknown => ({ price: loads })

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['foreign', () => Buffer.from('{"price":666}')],
    ['empty', () => Buffer.alloc(0)],
    ['all zero', (bytes) => Buffer.alloc(bytes.length)],
    ['cut in the header', (bytes) => bytes.subarray(0, 20)],
    ['cut in the tags', (bytes) => bytes.subarray(0, 70)],
    ['cut in the payload', (bytes) => bytes.subarray(0, bytes.length - 1)],
    ['longer than they were', (bytes) => Buffer.concat([bytes, Buffer.from(' ')])],
    ['of the wire version before', (bytes) => Buffer.from(bytes).fill(0, 2, 3)],
    ['of the wire version after', (bytes) => Buffer.from(bytes).fill(99, 2, 3)],
    ['said to be absent', (bytes) => Buffer.from(bytes).fill(1, 3, 4)],
    ['huge', () => Buffer.alloc(8_000_000, 'SC')],
  ])('that are %s read as absent, are said to be foreign, and are replaced', async (_what, change) => {
    const before = loads
    expect(await readAnew(change(good))).toEqual(reference())
    expect([foreign, loads]).toEqual([true, before + 1])
    expect(await readAnew(Buffer.from(world.double.memory.entries.get(KEY)?.bytes ?? ''))).toEqual(reference())
    expect([foreign, loads]).toEqual([false, before + 1])
  })

  test('that are damaged anywhere give the value of the source and no error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: good.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        fc.constantFrom('value' as const, 'bytes' as const),
        async (at, change, keep) => {
          const before = loads
          const damaged = Buffer.from(good)
          damaged.writeUInt8(damaged.readUInt8(at) ^ change, at)
          expect(await readAnew(damaged, keep)).toEqual({ price: before + 1 })
        },
      ),
      { numRuns: 200 },
    )
  })

  // made by who knows how to make a checksum: nothing of it can be told from ours, but it must do no harm
  test('that are forged, with a right checksum, fail no read', async () => {
    const entry = decodeEntry(KEY, good)
    if (!entry) throw new Error('it was stored')
    const forged = [
      { ...entry, payload: Buffer.from('{"price":') },
      { ...entry, payload: Buffer.alloc(0) },
      { ...entry, payload: Buffer.from([0xff, 0xfe, 0x00]) },
      { ...entry, payload: Buffer.from('['.repeat(100_000) + ']'.repeat(100_000)) },
      { ...entry, stamps: entry.stamps.map(({ tag }) => ({ tag, nonce: '' })) },
      { ...entry, staleAt: Number.NaN as never, expiresAt: Number.NaN as never },
      { ...entry, staleAt: Number.POSITIVE_INFINITY as never, expiresAt: Number.NEGATIVE_INFINITY as never },
      { ...entry, epoch: '' },
      { ...entry, stamps: Array.from({ length: 255 }, (_, i) => ({ tag: `${i}`.repeat(60), nonce: 'x' })) },
      { ...entry, absent: true },
    ]
    for (const [i, one] of forged.entries()) {
      const value = await readAnew(encodeEntry(KEY, one))
      expect([undefined, { price: loads }, { price: 1 }], `forgery ${i}`).toContainEqual(value)
      // Absence of a nonce fails safe.
      if (one.stamps[0]?.nonce === '') expect(value).toEqual({ price: loads })
    }
  })
})

test.each(['product:1', undefined, new Set(['product:1'])])(
  'tags that are no list but %s are refused',
  async (tags) => {
    const cache = createCache({ name: 'alone' })
    const common = { version: 1, ttl: 60_000, key: (id: number) => [id], load: async () => 1 }
    const known = cache.resource({ ...common, name: 'known', tags: () => tags as never })
    const late = cache.resource({ ...common, name: 'late', tagsOf: () => tags as never })
    for (const resource of [known, late])
      await expect(resource.get(1)).rejects.toMatchObject({ code: 'CACHE_TAG_INVALID' })
  },
)
