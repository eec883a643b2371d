import type { Cache } from '@shop/cache'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import { cachedOptions, redisCache } from '../../test/caches.ts'
import { createDatabase } from '../../test/database.ts'
import { fixtureId, insertFixture } from '../../test/fixture.ts'
import { createTestApp, type TestApp } from '../../test/test-app.ts'
import { cachedProducts } from '../products/cached-repository.ts'
import { postgresProducts } from '../products/repository.ts'
import { ProductPage } from '../products/schema.ts'
import { cachedSearch } from './cached-repository.ts'
import { postgresSearch, type SearchRepository } from './repository.ts'

const database = await createDatabase()
afterAll(() => database.close())

const kettle = fixtureId('kettle-steel')
let cache: Cache
let app: TestApp
let lookups: number

beforeEach(async () => {
  await insertFixture(database.sql)
  cache = await redisCache()
  lookups = 0
  const source = postgresSearch(database.db)
  const counted: SearchRepository = {
    find(query) {
      lookups++
      return source.find(query)
    },
  }
  app = createTestApp({
    products: cachedProducts(postgresProducts(database.db), cache, cachedOptions(database)),
    search: cachedSearch(counted, cache, { loadTimeout: 5000 }),
  })
})

async function read(path: string): Promise<ReturnType<typeof ProductPage.parse>> {
  const response = await app.request(path)
  expect(response.status).toBe(200)
  return ProductPage.strict().parse(await response.json())
}

const slugsOf = async (path: string) => (await read(path)).items.map(({ slug }) => slug)

test('a search answers a page of what a list shows of the products', async () => {
  const page = await read('/search?q=kettles')
  const list = await read('/products?category=kettles')
  expect(page.items).toEqual(list.items)
  expect(page.nextCursor).toBeNull()
})

test('without a match it is empty', async () => {
  expect(await read('/search?q=zeppelin')).toEqual({ items: [], nextCursor: null })
})

test('the filters are those of a list', async () => {
  expect(await slugsOf('/search?q=kettle&inStock=true')).toEqual(['kettle-steel', 'kettle-glass'])
  expect(await slugsOf('/search?q=nordic&category=audio&limit=2')).toEqual(['headphones-over', 'headphones-in'])
})

test('the pages together are all that was found, each once, from one lookup', async () => {
  const whole = await slugsOf('/search?q=nordic')
  const seen: string[] = []
  let cursor = ''
  do {
    const page = await read(`/search?q=nordic&limit=3${cursor}`)
    seen.push(...page.items.map(({ slug }) => slug))
    cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`
  } while (cursor !== '')
  expect(seen).toEqual(whole)
  expect(whole).toHaveLength(10)
  expect(lookups).toBe(1)
})

describe('what has changed since it was looked up', () => {
  test('is a price, and the search that is still cached shows the new one at once', async () => {
    await read('/search?q=kettle')
    await app.send('PUT', `/products/${kettle}/price`, { amount: 7, currency: 'EUR' })
    const response = await app.request('/search?q=kettle')
    const { items } = ProductPage.parse(await response.json())
    expect(items.find(({ id }) => id === kettle)?.price.amount).toBe(7)
    expect(lookups).toBe(1)
  })

  test('is a name, and the writer finds it by the new one and no more by the old', async () => {
    expect(await slugsOf('/search?q=samovar')).toEqual([])
    expect(await slugsOf('/search?q=kettle steel')).toEqual(['kettle-steel'])
    await app.send('PATCH', `/products/${kettle}`, { name: 'Samovar', description: '' })
    expect(await slugsOf('/search?q=samovar')).toEqual(['kettle-steel'])
    expect(await slugsOf('/search?q=kettle steel')).toEqual([])
  })

  test('is what sold out between the two reads, and it is left out', async () => {
    const sold = createTestApp({
      products: postgresProducts(database.db),
      search: {
        async find(query) {
          const found = await postgresSearch(database.db).find(query)
          await database.sql`update stock set quantity = 0`
          await database.sql`update products set status = 'archived' where id = ${kettle}`
          return found
        },
      },
    })
    expect(await (await sold.request('/search?q=kettle&inStock=true')).json()).toEqual({ items: [], nextCursor: null })
    expect(ProductPage.parse(await (await sold.request('/search?q=kettle')).json()).items).toHaveLength(2)
  })
})

test('Cache-Status says miss and stored, then hit', async () => {
  const statusOf = async () => (await app.request('/search?q=kettle')).headers.get('Cache-Status')
  expect(await statusOf()).toMatch(/^shop; fwd=miss; stored/)
  expect(await statusOf()).toMatch(/^shop; hit; ttl=\d+/)
})

describe('refused with a problem that names the parameter', () => {
  test.each([
    ['/search', 'q', 'Required.'],
    ['/search?q=', 'q', 'Expected a word.'],
    ['/search?q=%21%3F', 'q', 'Expected a word.'],
    ['/search?q=a+b+c+d+e+f+g+h+i', 'q', 'At most 8 words.'],
    [`/search?q=${'a'.repeat(101)}`, 'q', 'At most 100 characters in words.'],
    [`/search?q=${'-'.repeat(201)}`, 'q', 'At most 200 characters.'],
    ['/search?q=a&q=b', 'q', 'Given more than once.'],
    ['/search?q=a&sort=price', 'sort', 'This route has no such parameter.'],
    ['/search?q=a&limit=101', 'limit', 'Expected a whole number from 1 to 100.'],
    ['/search?q=a&inStock=yes', 'inStock', 'Expected true or false.'],
    ['/search?q=a&category=Audio', 'category', 'Expected the slug of a category.'],
    ['/search?q=a&cursor=!', 'cursor', 'Expected the nextCursor of a page with the same words and the same filters.'],
  ])('%s', async (path, parameter, detail) => {
    const response = await app.request(path)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ type: '/problems/invalid-request', errors: [{ parameter, detail }] })
  })
})
