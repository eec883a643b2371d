import { randomUUID } from 'node:crypto'
import type { Cache } from '@shop/cache'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import { memoryCache, redisCache } from '../../test/caches.ts'
import { createDatabase } from '../../test/database.ts'
import { fixtureId, insertFixture } from '../../test/fixture.ts'
import { MemoryProducts } from '../../test/memory-products.ts'
import { productRepositorySuite } from '../../test/product-repository.suite.ts'
import { RecordingLog } from '../../test/recording-log.ts'
import { cachedProducts, keyOf } from './cached-repository.ts'
import { type ProductRepository, postgresProducts } from './repository.ts'
import type { ProductQuery } from './schema.ts'

const database = await createDatabase()
afterAll(() => database.close())

const OPTIONS = { log: new RecordingLog(), loadTimeout: 5000 }

productRepositorySuite('cachedProducts in memory', async () => {
  await insertFixture(database.sql)
  return cachedProducts(postgresProducts(database.db), memoryCache(), OPTIONS)
})

productRepositorySuite('cachedProducts in memory and Redis', async () => {
  await insertFixture(database.sql)
  return cachedProducts(postgresProducts(database.db), await redisCache(), OPTIONS)
})

/** Counts what reaches it. */
class CountedProducts implements ProductRepository {
  readonly calls = { list: 0, get: 0, getMany: 0 }
  readonly #source = new MemoryProducts()
  readonly update = this.#source.update.bind(this.#source)
  readonly setPrice = this.#source.setPrice.bind(this.#source)

  list(query: ProductQuery) {
    this.calls.list++
    return this.#source.list(query)
  }

  get(id: number) {
    this.calls.get++
    return this.#source.get(id)
  }

  getMany(ids: readonly number[]) {
    this.calls.getMany++
    return this.#source.getMany(ids)
  }
}

const QUERY: ProductQuery = { sort: 'popular', inStock: false, limit: 24 }
const BY_PRICE: ProductQuery = { ...QUERY, sort: 'price' }
const kettle = fixtureId('kettle-steel')

describe('what reaches the source', () => {
  let source: CountedProducts
  let products: ProductRepository

  beforeEach(async () => {
    source = new CountedProducts()
    products = cachedProducts(source, await redisCache(), OPTIONS)
  })

  async function listCallsOf(query: ProductQuery): Promise<number> {
    const before = source.calls.list
    await products.list(query)
    return source.calls.list - before
  }

  test('a second read of a product, a list or a batch does not', async () => {
    const readAll = () => Promise.all([products.get(kettle), products.list(QUERY), products.getMany([1, 2, 3])])
    await readAll()
    const after = { ...source.calls }
    await readAll()
    expect(source.calls).toEqual(after)
  })

  test('a list reads all products it lacks at once', async () => {
    await products.list(QUERY)
    expect(source.calls).toEqual({ list: 1, getMany: 1, get: 0 })
  })

  test('that there is no such product is remembered too', async () => {
    await products.get(4711)
    await products.get(4711)
    expect(source.calls.get).toBe(1)
  })

  test('a new price reloads the product and the lists that look at prices, and no other list', async () => {
    const range = { ...QUERY, maxPrice: 5000 }
    for (const query of [QUERY, BY_PRICE, range]) await products.list(query)
    await products.setPrice(kettle, { amount: 1, currency: 'EUR' })
    expect(await listCallsOf(QUERY)).toBe(0)
    expect(await listCallsOf(BY_PRICE)).toBe(1)
    expect(await listCallsOf(range)).toBe(1)
  })

  test('a new name or description reloads no list', async () => {
    for (const query of [QUERY, BY_PRICE]) await products.list(query)
    await products.update(kettle, { name: 'Kettle', description: 'Hot.', brand: 'Southern' })
    expect(await listCallsOf(QUERY)).toBe(0)
    expect(await listCallsOf(BY_PRICE)).toBe(0)
    expect((await products.list(QUERY)).items.find(({ id }) => id === kettle)?.name).toBe('Kettle')
  })

  test.each([{ categoryId: 1 }, { status: 'archived' as const }])('%j reloads every list', async (change) => {
    for (const query of [QUERY, BY_PRICE]) await products.list(query)
    await products.update(kettle, change)
    expect(await listCallsOf(QUERY)).toBe(1)
    expect(await listCallsOf(BY_PRICE)).toBe(1)
  })

  test('a write that was refused invalidates nothing', async () => {
    await products.get(kettle)
    const before = source.calls.get
    await products.setPrice(kettle, { amount: 1, currency: 'USD' })
    await products.get(kettle)
    expect(source.calls.get).toBe(before)
  })
})

test('a product that vanished since its list was cached is left out of the list', async () => {
  const source = new MemoryProducts()
  const cache = await redisCache()
  const products = cachedProducts(source, cache, OPTIONS)
  expect((await products.list(QUERY)).items.map(({ id }) => id)).toContain(kettle)
  // Behind the back of the decorator, which then learns of the product only.
  await source.update(kettle, { status: 'archived' })
  await cache.invalidateTags([`product:${kettle}`])
  const { items } = await products.list(QUERY)
  expect(items.map(({ id }) => id)).not.toContain(kettle)
  expect(items).toHaveLength(9)
})

// process A: get 2999 from memory                                   get: not 2999
// process B:                         setPrice 500, invalidate, true
test('a price set by another process is seen within the bound, in detail and in lists', async () => {
  const source = new MemoryProducts()
  const name = `test-${randomUUID()}`
  const [here, there] = (await Promise.all([redisCache(name), redisCache(name)])).map((cache) =>
    cachedProducts(source, cache, OPTIONS),
  )
  if (here === undefined || there === undefined) throw new Error('two were opened')
  for (let round = 1; round <= 20; round++) {
    await here.list(BY_PRICE)
    await here.get(kettle)
    await there.setPrice(kettle, { amount: round, currency: 'EUR' })
    await expect.poll(async () => (await here.get(kettle))?.price.amount, { interval: 1, timeout: 600 }).toBe(round)
    const { items } = await here.list(BY_PRICE)
    expect(items.find(({ id }) => id === kettle)?.price.amount).toBe(round)
  }
})

describe('when Redis cannot be told', () => {
  function untold(cache: Cache): Cache {
    return Object.assign(Object.create(cache) as Cache, {
      invalidateTags: async (tags: readonly string[]) => {
        await cache.invalidateTags(tags)
        return false
      },
      resource: cache.resource.bind(cache),
    })
  }

  test('the write still succeeds, and the log says that it is not known everywhere yet', async () => {
    const log = new RecordingLog()
    const products = cachedProducts(new MemoryProducts(), untold(memoryCache()), { ...OPTIONS, log })
    expect((await products.setPrice(kettle, { amount: 1, currency: 'EUR' })).type).toBe('written')
    expect(log.lines).toEqual([
      {
        level: 'warn',
        message: 'invalidation not acknowledged yet',
        fields: { tags: [`product:${kettle}`, 'listings:price'] },
      },
    ])
    expect((await products.get(kettle))?.price.amount).toBe(1)
  })
})

// commit --- connection lost, the answer with it
//                the write rejects, and is true in the database
test('a write whose answer was lost is invalidated all the same', async () => {
  class LosingProducts extends MemoryProducts {
    override async setPrice(...args: Parameters<MemoryProducts['setPrice']>): Promise<never> {
      await super.setPrice(...args)
      throw new Error('connection lost')
    }
  }
  const products = cachedProducts(new LosingProducts(), memoryCache(), OPTIONS)
  await products.get(kettle)
  await expect(products.setPrice(kettle, { amount: 1, currency: 'EUR' })).rejects.toThrow('connection lost')
  expect((await products.get(kettle))?.price.amount).toBe(1)
})

describe('the key of a list', () => {
  test('is the same for every way to ask for the same list', () => {
    expect(keyOf(QUERY)).toEqual(['sort=popular'])
    expect(keyOf({ limit: 24, inStock: false, sort: 'popular', category: undefined, minPrice: 0 })).toEqual(
      keyOf(QUERY),
    )
  })

  test('has every part that changes the list, in a fixed order', () => {
    const query: ProductQuery = {
      sort: 'newest',
      minPrice: 1,
      maxPrice: 2,
      limit: 3,
      inStock: true,
      category: 'kettles',
      after: { value: 0.5, id: 4 },
    }
    expect(keyOf(query)).toEqual([
      'after=0.5,4',
      'category=kettles',
      'inStock',
      'limit=3',
      'maxPrice=2',
      'minPrice=1',
      'sort=newest',
    ])
  })
})
