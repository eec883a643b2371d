/** What the compiler infers from a declaration, and what it refuses. These tests are compiled and never run. */

import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'

import {
  type Cache,
  type CacheEvent,
  type CacheOptions,
  createCache,
  type KeyPart,
  NOT_MODIFIED,
  type ReadOutcome,
  type Resource,
  type ResourceOptions,
} from '../src/index.ts'
import { redis } from '../src/redis/index.ts'

interface Product {
  readonly id: number
  readonly name: string
}

declare const cache: Cache
declare const product: Resource<number, Product>
declare const load: (id: number) => Promise<Product | undefined>

const NAMED = { name: 'product', version: 1 } as const
const COMMON = { ...NAMED, ttl: 60_000 } as const

test('the argument is inferred from the key, and the value from the loader', () => {
  const inferred = cache.resource({
    ...COMMON,
    key: (id: number) => [id],
    load: async (id) => ({ id, name: 'Lamp' }),
    tags: (id) => [`product:${id.toFixed()}`],
    tagsOf: (value, id) => [`name:${value.name}`, `id:${id.toFixed()}`],
  })
  expectTypeOf(inferred).toEqualTypeOf<Resource<number, { id: number; name: string }>>()
})

test('an argument of several fields keeps them', () => {
  const listing = cache.resource({
    ...COMMON,
    key: ({ category, page }: { readonly category: string; readonly page: number }) => [category, page],
    load: async ({ category, page }) => [category.trim(), page.toFixed()],
  })
  expectTypeOf(listing.get).parameter(0).toEqualTypeOf<{ readonly category: string; readonly page: number }>()
  expectTypeOf(listing.peek).returns.toEqualTypeOf<string[] | undefined>()
})

test('what is said of a value that is not there or not modified is no part of the value', () => {
  const conditional = cache.resource({
    ...COMMON,
    key: (id: number) => [id],
    load,
    reload: async (id, previous, { signal }) => {
      signal.throwIfAborted()
      return previous.value.name === 'Lamp' ? NOT_MODIFIED : load(id)
    },
  })
  expectTypeOf(conditional).toEqualTypeOf<Resource<number, Product>>()
})

test('a loader that uses its context says of what kind the value is, and what stands below it knows', () => {
  const abortable = cache.resource({
    ...COMMON,
    key: (id: number) => [id],
    load: async (id, { signal }) => ({ id, aborted: signal.aborted }),
    tagsOf: (value) => [`aborted:${value.aborted}`],
    weight: ({ id }, bytes) => id + bytes,
  })
  expectTypeOf(abortable).toEqualTypeOf<Resource<number, { id: number; aborted: boolean }>>()
})

test('a scope and a schema are of the argument and of the value', () => {
  const COMMON_SCOPED = { ...COMMON, key: (user: { readonly id: number }) => [user.id], load: async () => 1 }
  cache.resource({ ...COMMON_SCOPED, scope: { user: (user) => user.id } })
  // @ts-expect-error an owner is a part of a key
  cache.resource({ ...COMMON_SCOPED, scope: { user: (user) => user } })
  // @ts-expect-error whose it is, is one of three words
  cache.resource({ ...COMMON_SCOPED, scope: 'private' })
  cache.resource({ ...COMMON_SCOPED, schema: z.number() })
  // @ts-expect-error the schema is of another value
  cache.resource({ ...COMMON_SCOPED, schema: z.string() })
})
test('null is a value', () => {
  const nullable = cache.resource({ ...COMMON, key: (id: number) => [id], load: async () => null })
  expectTypeOf(nullable).toEqualTypeOf<Resource<number, null>>()
})

test('a read is of the value, or of undefined', () => {
  expectTypeOf(product.get(1)).resolves.toEqualTypeOf<Product | undefined>()
  expectTypeOf(product.getMany([1, 2])).resolves.toEqualTypeOf<(Product | undefined)[]>()
  expectTypeOf(product.peek(1)).toEqualTypeOf<Product | undefined>()
  expectTypeOf(product.update(1, async () => undefined)).resolves.toEqualTypeOf<Product | undefined>()
  // @ts-expect-error It may be absent.
  product.get(1).then((value) => value.name)
})

test('a key part is a string, a number or a boolean', () => {
  expectTypeOf<KeyPart>().toEqualTypeOf<string | number | boolean>()
  cache.resource({ ...COMMON, key: (id: number) => [id, 'text', true], load })
  cache.resource({
    ...COMMON,
    // @ts-expect-error An object is none.
    key: (id: number) => [{ id }],
    load,
  })
  cache.resource({
    ...COMMON,
    // @ts-expect-error A date is none.
    key: (id: number) => [new Date(id)],
    load,
  })
  cache.resource({
    ...COMMON,
    // @ts-expect-error Nor is what may be undefined.
    key: (id: number) => [[id][0]],
    load,
  })
  cache.resource({
    ...COMMON,
    // @ts-expect-error One part is still a list of parts.
    key: (id: number) => id,
    load,
  })
})

test('ttl, name, version, key and loader must be said', () => {
  // @ts-expect-error No ttl.
  cache.resource({ ...NAMED, key: (id: number) => [id], load })
  // @ts-expect-error No name.
  cache.resource({ version: 1, ttl: 60_000, key: (id: number) => [id], load })
  // @ts-expect-error No version.
  cache.resource({ name: 'product', ttl: 60_000, key: (id: number) => [id], load })
  // @ts-expect-error No key.
  cache.resource({ ...COMMON, load })
  // @ts-expect-error No loader.
  cache.resource({ ...COMMON, key: (id: number) => [id] })
})

test('an option that does not exist is refused', () => {
  cache.resource({
    ...COMMON,
    key: (id: number) => [id],
    load,
    // @ts-expect-error A slip of the pen.
    staleTime: 1_000,
  })
})

test('an option has its type', () => {
  cache.resource({ ...COMMON, key: (id: number) => [id], load, refreshAhead: 'xfetch', keep: 'bytes' })
  cache.resource({
    ...COMMON,
    key: (id: number) => [id],
    load,
    // @ts-expect-error A duration is a number of milliseconds.
    staleFor: '60s',
  })
  cache.resource({
    ...COMMON,
    key: (id: number) => [id],
    load,
    // @ts-expect-error There is one word for this.
    refreshAhead: 'always',
  })
  // @ts-expect-error The cache is given redis({ url }).
  createCache({ name: 'shop', redis: 'redis://shop' })
})

test('a loader fits the key and the tags', () => {
  const key = (id: number): readonly KeyPart[] => [id]
  cache.resource({ ...COMMON, key, load, tags: (id) => [`product:${id}`], tagsOf: ({ name }) => [`name:${name}`] })
  // @ts-expect-error The key is made of a number.
  cache.resource({ ...COMMON, key, load: async (name: string) => ({ id: 1, name }) })
  // @ts-expect-error A loader answers with a promise.
  cache.resource({ ...COMMON, key, load: (id: number): Product => ({ id, name: 'Lamp' }) })
  // @ts-expect-error The loader brings no such value.
  cache.resource({ ...COMMON, key, load, tagsOf: (value: { readonly brand: string }) => [value.brand] })
  // @ts-expect-error The loader brings no such field.
  cache.resource({ ...COMMON, key, load, tagsOf: (value) => [value.brand] })
  // @ts-expect-error A tag is a string.
  cache.resource({ ...COMMON, key, load, tags: (id) => [id] })
  // @ts-expect-error A tag is a string, and the answer is a list.
  cache.resource({ ...COMMON, key, load, tagsOf: ({ name }) => name })
})

test('a loader of many brings the values of a loader of one', () => {
  const key = (id: number): readonly KeyPart[] => [id]
  cache.resource({ ...COMMON, key, load, loadMany: (ids) => Promise.all(ids.map(load)) })
  // @ts-expect-error Other values.
  cache.resource({ ...COMMON, key, load, loadMany: async (ids) => ids.map(String) })
  // @ts-expect-error One value.
  cache.resource({ ...COMMON, key, load, loadMany: async ([id]) => load(id ?? 0) })
})

test('an argument of another type is refused everywhere', () => {
  // @ts-expect-error The key is made of a number.
  product.get('1')
  // @ts-expect-error The same for each of many.
  product.getMany(['1'])
  // @ts-expect-error Many is a list.
  product.getMany(1)
  // @ts-expect-error The same.
  product.peek('1')
  // @ts-expect-error The same.
  product.invalidate('1')
  // @ts-expect-error The same.
  product.expire('1')
  // @ts-expect-error The same.
  product.explain('1')
  // @ts-expect-error The same.
  product.warm(['1'])
  // @ts-expect-error It must be given.
  product.get()
})

test('a value of another type is not written', () => {
  product.set(1, { id: 1, name: 'Lamp' })
  product.set(1, undefined)
  // @ts-expect-error A field is missing.
  product.set(1, { id: 1 })
  // @ts-expect-error What is not there is undefined.
  product.set(1, null)
  // @ts-expect-error What a commit returns is written.
  product.update(1, async () => ({ id: 1, name: 2 }))
})

test('options may be read-only, shared, and undefined', () => {
  const shared: Readonly<ResourceOptions<number, Product>> = Object.freeze({
    ...COMMON,
    staleFor: undefined,
    key: (id: number): readonly KeyPart[] => Object.freeze([id]),
    tags: (id: number): readonly string[] => Object.freeze([`product:${id}`]),
    load,
  })
  expectTypeOf(cache.resource(shared)).toEqualTypeOf<Resource<number, Product>>()
  expectTypeOf({ name: 'shop', redis: redis({ url: 'redis://shop' }), memory: undefined }).toExtend<CacheOptions>()
  const ids: readonly number[] = [1]
  product.getMany(ids)
  cache.invalidateTags(Object.freeze(['product:1']))
})

test('what is read of a cache cannot be changed', () => {
  // @ts-expect-error Counters are counted by events.
  cache.stats().hits = 0
  // @ts-expect-error Health is found, not set.
  cache.health().trusted = true
  // @ts-expect-error A resource keeps its name.
  product.name = 'other'
})

test('a list of every event compiles, and one without the last does not', () => {
  const all = (event: CacheEvent): string => {
    switch (event.type) {
      case 'read':
        return event.outcome
      case 'load':
        return event.stored
      case 'wait':
        return event.end
      case 'invalidate':
        return String(event.acknowledged)
      case 'applied':
        return String(event.tags)
      case 'reload-failed':
      case 'reload-dropped':
        return event.resource
      case 'rejected':
      case 'reset':
        return event.reason
      case 'remote-error':
        return event.operation
      case 'remote-state':
        return String(event.usable)
      default:
        return event satisfies never
    }
  }
  const allButOne = (
    event: Exclude<CacheEvent, { readonly type: 'read' | 'load' | 'wait' | 'invalidate' | 'applied' }>,
  ) => {
    switch (event.type) {
      case 'reload-failed':
      case 'reload-dropped':
      case 'rejected':
      case 'reset':
      case 'remote-error':
        return event.type
      default:
        // @ts-expect-error The state of Redis is left out.
        return event satisfies never
    }
  }
  expectTypeOf(all).returns.toEqualTypeOf<string>()
  expectTypeOf(allButOne).parameter(0).not.toBeNever()
})

test('a list of every outcome compiles, and one without the last does not', () => {
  const known = { hit: 1, stale: 2, miss: 3, collapsed: 4, error: 5 } as const
  expectTypeOf(known).toExtend<Record<ReadOutcome, number>>()
  const { error: _error, ...allButOne } = known
  // @ts-expect-error Errors are left out.
  expectTypeOf(allButOne).toExtend<Record<ReadOutcome, number>>()
})
