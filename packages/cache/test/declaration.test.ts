/** What a declaration says of its values: whose they are, of what shape, and what they weigh. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'

import type { ResourceOptions } from '../src/index.ts'
import { scopeTag } from '../src/index.ts'
import { GatedLoad } from '../src/testing.ts'
import { doubleWorld } from './double-world.ts'

interface Basket {
  readonly items: readonly string[]
}

interface Owned {
  readonly user: number
  readonly basket: number
}

let world: Awaited<ReturnType<typeof doubleWorld>>
beforeEach(async () => {
  world = await doubleWorld()
})
afterEach(() => world.close())

async function open<V>(options: Partial<ResourceOptions<number, V>> & Pick<ResourceOptions<number, V>, 'load'>) {
  const { cache, events } = await world.open()
  const common = { name: 'basket', version: 1, ttl: 60_000, key: (id: number) => [id] }
  return { cache, events, resource: cache.resource<number, V>({ ...common, ...options }) }
}

describe('scope', () => {
  async function baskets(loads: Owned[]) {
    const { cache } = await world.open()
    return {
      cache,
      baskets: cache.resource({
        name: 'basket',
        version: 1,
        ttl: 60_000,
        scope: { user: ({ user }: Owned) => user },
        key: ({ basket }) => [basket],
        load: async (owned): Promise<Basket> => {
          loads.push(owned)
          return { items: [`of ${owned.user}`] }
        },
      }),
    }
  }

  test('a value of one user is not that of another, though its key says nothing of users', async () => {
    const { baskets: all } = await baskets([])
    const [ada, grace] = [await all.get({ user: 1, basket: 7 }), await all.get({ user: 2, basket: 7 })]
    expect([ada?.items, grace?.items]).toEqual([['of 1'], ['of 2']])
  })

  test('all that is cached of one user is invalidated at once', async () => {
    const loads: Owned[] = []
    const { cache, baskets: all } = await baskets(loads)
    const read = () => Promise.all([1, 2].map((user) => all.get({ user, basket: 7 })))
    await read()
    await cache.invalidateTags([scopeTag('user', 1)])
    await read()
    expect(loads.map(({ user }) => user)).toEqual([1, 2, 1])
  })

  test('a scope that is none is refused where it is declared', async () => {
    const declaring = open({ scope: 'private' as 'public', load: async () => 1 })
    await expect(declaring).rejects.toMatchObject({ code: 'CACHE_OPTION_INVALID' })
  })
})

describe('schema', () => {
  const Basket = z.object({ items: z.array(z.string()) })

  test('what the source brings is what the schema makes of it', async () => {
    const { resource } = await open<Basket>({
      schema: Basket,
      load: async () => ({ items: ['lamp'], internal: 'secret' }) as Basket,
    })
    expect(await resource.get(1)).toEqual({ items: ['lamp'] })
  })

  test('what it refuses rejects the read, with the place and without the value', async () => {
    const { resource } = await open<Basket>({ schema: Basket, load: async () => ({ items: [4711] }) as never })
    const failure = await resource.get(1).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'CACHE_VALUE_INVALID', message: expect.stringContaining('items.0') })
    expect(String(failure)).not.toContain('4711')
  })

  test('what another release has stored is as good as absent', async () => {
    const old = await open({ load: async () => ({ items: 'lamp, chair' }) })
    await old.resource.get(1)
    const { resource, events } = await open<Basket>({
      schema: Basket,
      load: async () => ({ items: ['lamp', 'chair'] }),
    })
    expect(await resource.get(1)).toEqual({ items: ['lamp', 'chair'] })
    expect(events.filter(({ type }) => type === 'rejected')).toMatchObject([{ reason: 'foreign' }])
  })

  test('one that answers later is refused by name', async () => {
    const later = {
      '~standard': { version: 1, vendor: 'test', validate: async (value: unknown) => ({ value }) },
    } as const
    const { resource } = await open<unknown>({ schema: later, load: async () => 1 })
    await expect(resource.get(1)).rejects.toMatchObject({ code: 'CACHE_OPTION_INVALID' })
  })
})

describe('weight', () => {
  test('a value counts what its declaration says', async () => {
    const weighing = (weight: ResourceOptions<number, string>['weight']) =>
      open<string>({ weight, load: async () => 'x' })
    const bytes: number[] = []
    for (const weight of [undefined, () => 1_000, (_value: string, own: number) => own + 500]) {
      const { cache, resource } = await weighing(weight)
      await resource.get(bytes.length)
      bytes.push(cache.health().bytes)
    }
    const [plain = 0] = bytes
    expect(bytes).toEqual([plain, plain - 3 + 1_000, plain + 500])
  })

  test('a weight that is none rejects by name', async () => {
    const { resource } = await open<string>({ weight: () => Number.NaN, load: async () => 'x' })
    await expect(resource.get(1)).rejects.toMatchObject({ code: 'CACHE_VALUE_INVALID' })
  })
})

test('what has been declared can be asked for by name, and its entries by the parts of their keys', async () => {
  const { cache, resource } = await open({ load: async (id) => ({ id }) })
  const declared = cache.resources.get('basket')
  expect([...cache.resources.keys()]).toEqual(['basket'])
  expect(declared?.policy).toMatchObject({
    resource: 'basket',
    version: 1,
    ttl: 60_000,
    keep: 'value',
    scope: 'public',
  })

  await resource.get(1)
  expect((await declared?.explainKey(['1']))?.memory?.verdict).toBe('serve')
  expect(await declared?.invalidateKey(['1'])).toBe(true)
  expect((await resource.explain(1)).memory).toBeUndefined()
  await expect(declared?.explainKey([Number.NaN])).rejects.toMatchObject({ code: 'CACHE_KEY_INVALID' })
})

test('bytes tell whose invalidation ends them, and nothing once that has come', async () => {
  const gate = new GatedLoad<number, Basket>()
  const { cache, resource } = await open<Basket>({
    keep: 'bytes',
    tags: (id) => [`basket:${id}`],
    load: gate.load,
    tagsOf: ({ items }) => items,
  })
  const overtaken = resource.getBytes(1)
  await gate.called(1)
  await cache.invalidateTags(['basket:1'])
  gate.resolve(0, { items: ['lamp'] })
  expect((await overtaken)?.tags).toEqual([])

  const current = resource.getBytes(1)
  await gate.called(2)
  gate.resolve(1, { items: ['lamp'] })
  expect((await current)?.tags).toEqual(['~basket', 'basket:1', 'lamp'])
  expect((await resource.getBytes(1))?.tags).toEqual(['~basket', 'basket:1', 'lamp'])
})
