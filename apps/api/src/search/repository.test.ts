import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import { createDatabase } from '../../test/database.ts'
import { fixtureId, insertFixture } from '../../test/fixture.ts'
import { MOST_FOUND, postgresSearch } from './repository.ts'
import type { SearchQuery } from './schema.ts'

const database = await createDatabase()
const { sql } = database
afterAll(() => database.close())
beforeEach(() => insertFixture(sql))

const search = postgresSearch(database.db)

async function idsOf(q: string, more: Partial<SearchQuery> = {}): Promise<readonly number[]> {
  return (await search.find({ q, inStock: false, ...more })).ids
}

const ids = (...slugs: readonly string[]) => slugs.map(fixtureId)
const KETTLES = ['kettle-steel', 'kettle-tin', 'kettle-glass']

describe('a search', () => {
  test('finds the products with the words, the more popular first, and of equals the newer', async () => {
    expect(await idsOf('kettles')).toEqual(ids(...KETTLES))
    expect(await idsOf('glass kettle')).toEqual(ids('kettle-glass'))
    expect(await idsOf('glass steel')).toEqual([])
  })

  test('has those with the word in the name before those with it in the description', async () => {
    await sql`update products set description = 'Goes with any kettle.' where slug = 'headphones-over'`
    await sql`update products set popularity = 1000 where slug = 'headphones-over'`
    expect(await idsOf('kettle')).toEqual(ids(...KETTLES, 'headphones-over'))
  })

  test('finds no archived product', async () => {
    expect(await idsOf('walkman')).toEqual([])
    expect(await idsOf('nordic')).not.toContain(fixtureId('walkman'))
  })

  test('of a category finds what is in it and below', async () => {
    expect(await idsOf('nordic', { category: 'kitchen' })).toEqual(ids(...KETTLES, 'ladle'))
    expect(await idsOf('nordic', { category: 'kettles' })).toEqual(ids(...KETTLES))
    expect(await idsOf('nordic', { category: 'garden' })).toEqual([])
  })

  test('of what is in stock leaves out what is sold out', async () => {
    expect(await idsOf('kettle', { inStock: true })).toEqual(ids('kettle-steel', 'kettle-glass'))
  })

  test('says under which tags its words are told, the longest first', async () => {
    const { wordTags } = await search.find({ q: 'tin kettle', inStock: false })
    expect(wordTags).toEqual(['search:ke', 'search:ti'])
    expect(await search.find({ q: 'the', inStock: false })).toEqual({ ids: [], wordTags: [] })
  })

  test(`of very many finds the ${MOST_FOUND} most popular`, async () => {
    await sql`insert into products (slug, name, brand, category_id, status, price_amount, currency, popularity)
      select 'pot-' || i, 'Pot', 'Nordic', 5, 'active', 100, 'EUR', i from generate_series(1, ${MOST_FOUND + 100}) i`
    const found = await sql<{ id: number }[]>`select id from products where slug like 'pot-%' order by popularity desc`
    expect(await idsOf('pot')).toEqual(found.slice(0, MOST_FOUND).map(({ id }) => id))
  })
})
