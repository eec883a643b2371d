import { randomUUID } from 'node:crypto'
import type { Cache } from '@shop/cache'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import { cachedOptions, memoryCache, redisCache } from '../../test/caches.ts'
import { createDatabase } from '../../test/database.ts'
import { fixtureId, insertFixture } from '../../test/fixture.ts'
import { productRepositorySuite } from '../../test/product-repository.suite.ts'
import { RecordingLog } from '../../test/recording-log.ts'
import { cachedProducts, keyOf } from './cached-repository.ts'
import { type ProductRepository, postgresProducts } from './repository.ts'
import type { ProductQuery } from './schema.ts'

const database = await createDatabase()
const { sql } = database
afterAll(() => database.close())

const postgres = postgresProducts(database.db)

productRepositorySuite('cachedProducts in memory', async () => {
  await insertFixture(sql)
  const cache = memoryCache()
  return cachedProducts(postgres, cache, cachedOptions(database))
})

productRepositorySuite('cachedProducts in memory and Redis', async () => {
  await insertFixture(sql)
  const cache = await redisCache()
  return cachedProducts(postgres, cache, cachedOptions(database))
})

/** Of the cache, by default. */
const BOUND_MS = 500

const QUERY: ProductQuery = { sort: 'popular', inStock: false, limit: 24 }
const BY_PRICE: ProductQuery = { ...QUERY, sort: 'price' }
const kettle = fixtureId('kettle-steel')

let cache: Cache
let log: RecordingLog
let products: ProductRepository
/** How often the source was asked. */
let calls: { list: number; get: number; getMany: number }

beforeEach(async () => {
  await insertFixture(sql)
  // What the fixture itself has written.
  await sql`delete from outbox`
  cache = await redisCache()
  log = new RecordingLog()
  calls = { list: 0, get: 0, getMany: 0 }
  const counted: ProductRepository = {
    ...postgres,
    list: (query) => {
      calls.list++
      return postgres.list(query)
    },
    get: (id) => {
      calls.get++
      return postgres.get(id)
    },
    getMany: (ids) => {
      calls.getMany++
      return postgres.getMany(ids)
    },
  }
  products = cachedProducts(counted, cache, cachedOptions(database, log))
})

async function listCallsOf(query: ProductQuery): Promise<number> {
  const before = calls.list
  await products.list(query)
  return calls.list - before
}

async function idsOf(query: ProductQuery): Promise<readonly number[]> {
  return (await products.list(query)).items.map(({ id }) => id)
}

/** Tags that nobody has invalidated yet, as far as the outbox knows. */
async function openTags(): Promise<readonly string[]> {
  const rows = await sql<{ tags: string[] }[]>`select tags from outbox where relayed_at is null`
  return rows.flatMap(({ tags }) => tags)
}

describe('what reaches the source', () => {
  test('a second read of a product, a list or a batch does not', async () => {
    const readAll = () => Promise.all([products.get(kettle), products.list(QUERY), products.getMany([1, 2, 3])])
    await readAll()
    const after = { ...calls }
    await readAll()
    expect(calls).toEqual(after)
  })

  test('a list reads all products it lacks at once', async () => {
    await products.list(QUERY)
    expect(calls).toEqual({ list: 1, getMany: 1, get: 0 })
  })

  test('that there is no such product is remembered too', async () => {
    await products.get(4711)
    await products.get(4711)
    expect(calls.get).toBe(1)
  })

  test('a new price reloads the product and the lists that look at prices near it, and no other list', async () => {
    const near = { ...QUERY, maxPrice: 3000 }
    const far = { ...QUERY, minPrice: 5000 }
    for (const query of [QUERY, BY_PRICE, near, far]) await products.list(query)
    await products.setPrice(kettle, { amount: 2500, currency: 'EUR' })
    expect(await listCallsOf(QUERY)).toBe(0)
    expect(await listCallsOf(far)).toBe(0)
    expect(await listCallsOf(BY_PRICE)).toBe(1)
    expect(await listCallsOf(near)).toBe(1)
  })

  test('a new name or description reloads no list', async () => {
    for (const query of [QUERY, BY_PRICE]) await products.list(query)
    await products.update(kettle, { name: 'Kettle', description: 'Hot.', brand: 'Southern' })
    expect(await listCallsOf(QUERY)).toBe(0)
    expect(await listCallsOf(BY_PRICE)).toBe(0)
    expect((await products.list(QUERY)).items.find(({ id }) => id === kettle)?.name).toBe('Kettle')
  })

  test('another category reloads the lists of both and of the whole shop, and no other', async () => {
    const lists = [undefined, 'kettles', 'kitchen', 'headphones', 'audio', 'electronics'].map((category) => ({
      ...QUERY,
      category,
    }))
    for (const query of lists) await products.list(query)
    await products.update(fixtureId('torch'), { categoryId: 3 })
    const reloaded = []
    for (const query of lists) if ((await listCallsOf(query)) > 0) reloaded.push(query.category)
    expect(reloaded).toEqual([undefined, 'audio', 'electronics'])
  })

  test('an archived product reloads the lists it was in', async () => {
    for (const category of ['kettles', 'audio']) await products.list({ ...QUERY, category })
    await products.update(kettle, { status: 'archived' })
    expect(await listCallsOf({ ...QUERY, category: 'kettles' })).toBe(1)
    expect(await listCallsOf({ ...QUERY, category: 'audio' })).toBe(0)
  })

  test.each([
    ['was refused', { amount: 1, currency: 'USD' }],
    ['changed nothing', { amount: 999, currency: 'EUR' }],
  ])('a write that %s invalidates nothing', async (_what, price) => {
    const tin = fixtureId('kettle-tin')
    await products.get(tin)
    await products.setPrice(tin, price)
    await products.get(tin)
    expect(calls.get).toBe(1)
  })
})

describe('a list is filled with products as they are now', () => {
  // Behind the back of the decorator, which then learns of the product only.
  async function changeUnheard(change: () => Promise<unknown>): Promise<void> {
    await change()
    await cache.invalidateTags([`product:${kettle}`])
  }

  test('one that vanished since the list was cached is left out, and the next page begins where it did', async () => {
    const first = await products.list({ ...QUERY, limit: 3 })
    expect(first.items.map(({ id }) => id)).toContain(kettle)
    await changeUnheard(() => sql`update products set status = 'archived' where id = ${kettle}`)
    const { items, next } = await products.list({ ...QUERY, limit: 3 })
    expect(items).toEqual(first.items.filter(({ id }) => id !== kettle))
    expect(next).toEqual(first.next)
  })

  test('one that its price puts out of the range is left out', async () => {
    const cheap = { ...QUERY, maxPrice: 3000 }
    expect(await idsOf(cheap)).toContain(kettle)
    await changeUnheard(() => sql`update prices set amount = 3001 where variant_id in (1, 2)`)
    expect(await idsOf(cheap)).not.toContain(kettle)
    expect((await products.list(QUERY)).items.find(({ id }) => id === kettle)?.price.amount).toBe(3001)
  })

  test('one that sold out is left out of a list of what is in stock', async () => {
    const inStock = { ...QUERY, inStock: true }
    expect(await idsOf(inStock)).toContain(kettle)
    await changeUnheard(() => sql`update stock set quantity = 0 where variant_id in (1, 2)`)
    expect(await idsOf(inStock)).not.toContain(kettle)
    expect(await idsOf(QUERY)).toContain(kettle)
  })
})

// process A: get 2999 from memory                                   get: not 2999
// process B:                         setPrice 500, invalidate, true
test('a price set by another process is seen within the bound, in detail and in lists', async () => {
  const name = `test-${randomUUID()}`
  const [here, there] = (await Promise.all([redisCache(name), redisCache(name)])).map((cache) =>
    cachedProducts(postgres, cache, cachedOptions(database)),
  )
  if (here === undefined || there === undefined) throw new Error('two were opened')
  for (let round = 1; round <= 20; round++) {
    await here.list(BY_PRICE)
    await here.get(kettle)
    await there.setPrice(kettle, { amount: round, currency: 'EUR' })
    const setAt = performance.now()
    for (let isSeen = false; !isSeen; ) {
      const askedAt = performance.now()
      isSeen = (await here.get(kettle))?.price.amount === round
      if (!isSeen) expect(askedAt - setAt, 'asked past the bound, and told the old price').toBeLessThan(BOUND_MS)
    }
    const { items } = await here.list(BY_PRICE)
    expect(items.find(({ id }) => id === kettle)?.price.amount).toBe(round)
  }
})

describe('the rows of the outbox', () => {
  const price = { amount: 1, currency: 'EUR' }

  test('of a write are marked once their tags are invalidated, so that the relay does not repeat them', async () => {
    expect((await products.setPrice(kettle, price)).type).toBe('written')
    await expect.poll(openTags, { interval: 5 }).toEqual([])
    expect(log.lines).toEqual([])
  })

  test('of a write without a cache are left to the relay', async () => {
    expect(await postgres.setPrice(kettle, price)).not.toHaveProperty('own')
    expect(await openTags()).toContain(`product:${kettle}`)
  })

  test('are left to the relay when Redis cannot be told; the write succeeds, and the log says so', async () => {
    const untold: Cache = Object.assign(Object.create(cache) as Cache, {
      invalidateTags: async (tags: readonly string[]) => {
        await cache.invalidateTags(tags)
        return false
      },
      resource: cache.resource.bind(cache),
    })
    const told = cachedProducts(postgres, untold, cachedOptions(database, log))
    expect((await told.setPrice(kettle, price)).type).toBe('written')
    const open = await openTags()
    expect(open).toContain(`product:${kettle}`)
    expect(log.lines).toEqual([
      { level: 'warn', message: 'invalidation not acknowledged yet', fields: { tags: new Set(open).size } },
    ])
    expect((await told.get(kettle))?.price.amount).toBe(1)
  })

  test('that cannot be marked are a line in the log, and fail no write', async () => {
    const markRelayed = () => Promise.reject(new Error('connection lost'))
    const unmarked = cachedProducts(postgres, cache, { log, loadTimeout: 5000, markRelayed })
    expect((await unmarked.setPrice(kettle, price)).type).toBe('written')
    await expect.poll(() => log.lines.map(({ message }) => message)).toEqual(['outbox rows not marked'])
  })

  // commit --- connection lost, the answer with it
  //                the write rejects, and is true in the database
  test('of a write whose answer was lost are left to the relay, and the product is invalidated all the same', async () => {
    const losing: ProductRepository = {
      ...postgres,
      async setPrice(...args) {
        await postgres.setPrice(...args)
        throw new Error('connection lost')
      },
    }
    const lost = cachedProducts(losing, cache, cachedOptions(database))
    await lost.get(kettle)
    await expect(lost.setPrice(kettle, price)).rejects.toThrow('connection lost')
    expect((await lost.get(kettle))?.price.amount).toBe(1)
    expect(await openTags()).toContain(`product:${kettle}`)
  })
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
