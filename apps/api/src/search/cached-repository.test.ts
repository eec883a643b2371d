import type { Cache } from '@shop/cache'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import { cachedOptions, redisCache } from '../../test/caches.ts'
import { createDatabase } from '../../test/database.ts'
import { fixtureId, insertFixture } from '../../test/fixture.ts'
import { cachedProducts } from '../products/cached-repository.ts'
import { postgresProducts } from '../products/repository.ts'
import { cachedSearch, tagsOfFound, tagsOfQuery } from './cached-repository.ts'
import { type Found, postgresSearch, type SearchRepository } from './repository.ts'
import { normalize } from './schema.ts'

const database = await createDatabase()
afterAll(() => database.close())
await insertFixture(database.sql)

const postgres = postgresSearch(database.db)
const kettle = fixtureId('kettle-steel')
let cache: Cache
let search: SearchRepository
let asked: number

beforeEach(async () => {
  cache = await redisCache()
  asked = 0
  search = cachedSearch(
    {
      find(query) {
        asked++
        return postgres.find(query)
      },
    },
    cache,
    { loadTimeout: 5000 },
  )
})

const find = (q: string) => search.find({ q: normalize(q), inStock: false })

test('however it is written, a search is looked up once', async () => {
  const ways = ['steel kettle', ' Steel  KETTLE!', 'steel-kettle', 'steel "kettle', '\uFF53teel kettle']
  for (const q of ways) expect((await find(q)).ids).toEqual([kettle])
  expect(asked).toBe(1)
})

test('other words, another category or only what is in stock are searches of their own', async () => {
  await find('kettle')
  await find('kettles')
  for (const category of ['kettles', 'kitchen']) await search.find({ q: 'kettle', category, inStock: false })
  await search.find({ q: 'kettle', inStock: true })
  expect(asked).toBe(5)
})

test('the longest search there may be, in letters of three bytes and the longest category, has a key', async () => {
  const q = `${'水'.repeat(84)}${' 水'.repeat(7)}水水`
  expect(q).toHaveLength(100)
  const query = { q, category: 'a'.repeat(80), inStock: true }
  expect(await search.find(query)).toEqual(await search.find(query))
  expect(asked).toBe(1)
})

test('searches that are made up take no room in memory, and what was hot there stays', async () => {
  const products = cachedProducts(postgresProducts(database.db), cache, cachedOptions(database))
  await products.get(kettle)
  const before = cache.health()
  for (let n = 0; n < 200; n++) await find(`qx${n.toString(36)}z`)
  expect(asked).toBe(200)
  const { entries, bytes } = cache.health()
  expect({ entries, bytes }).toEqual({ entries: before.entries, bytes: before.bytes })
  expect((await products.get(kettle))?.slug).toBe('kettle-steel')
})

describe('the tags', () => {
  test.each([
    [{ q: 'kettle', inStock: false }, ['lists', 'search']],
    [{ q: 'kettle', inStock: true }, ['lists', 'search', 'list:*:stock']],
    [{ q: 'kettle', category: 'audio', inStock: false }, ['lists', 'search', 'list:audio']],
    [{ q: 'kettle', category: 'audio', inStock: true }, ['lists', 'search', 'list:audio', 'list:audio:stock']],
  ])('of %j are %j', (query, tags) => {
    expect(tagsOfQuery(query)).toEqual(tags)
  })

  const found: Found = { ids: [], wordTags: ['search:ke', 'search:st', 'search:ke'] }

  test('have one word of those that must all be there, and each of those of which one will do', () => {
    expect(tagsOfFound(found, { q: 'kettle steel kept', inStock: false })).toEqual(['search:ke'])
    expect(tagsOfFound(found, { q: 'kettle or steel kept', inStock: false })).toEqual(['search:ke', 'search:st'])
    expect(tagsOfFound({ ids: [], wordTags: [] }, { q: 'the', inStock: false })).toEqual([])
  })
})
