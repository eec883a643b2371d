/**
 * What a change costs the searches: how many of those that are cached it makes look up again. `docs/lists.md` has the
 * table that this prints.
 */

import { seed } from '@shop/db'
import { expect, test } from 'vitest'

import { cachedSearch } from '../src/search/cached-repository.ts'
import { postgresSearch } from '../src/search/repository.ts'
import { normalize, type SearchQuery } from '../src/search/schema.ts'
import { redisCache } from './caches.ts'
import { createDatabase } from './database.ts'
import { relayAll } from './relay-all.ts'

test('a change invalidates the searches for a word of the product, and others that begin like it', async () => {
  const database = await createDatabase()
  const { sql } = database
  await seed(database.url, { size: 'tiny' })
  const cache = await redisCache()
  const source = postgresSearch(database.db)
  let loads = 0
  const counted = {
    find(query: SearchQuery) {
      loads++
      return source.find(query)
    },
  }
  const search = cachedSearch(counted, cache, { loadTimeout: 5000 })

  // What people type: a word of a name or a brand, or what follows the brand but the model: "Aluminium Bluetooth Speaker".
  const names = await sql<{ name: string; brand: string }[]>`select name, brand from products order by id`
  const rest = names.map(({ name, brand }) => normalize(name.slice(brand.length).replace(/ [A-Z]{2}-\d{4}$/, '')))
  const single = [...rest, ...names.map(({ brand }) => normalize(brand))].flatMap((words) => words.split(' '))
  const asked = [...new Set([...single, ...rest.map((words) => words.split(' ').slice(1).join(' '))])]
  const queries = asked.map((q) => ({ q, inStock: false }))

  async function loadsToFindAll(): Promise<number> {
    loads = 0
    for (let begin = 0; begin < queries.length; begin += 50) {
      await Promise.all(queries.slice(begin, begin + 50).map((query) => search.find(query)))
    }
    return loads
  }

  const [hottest] = await sql<{ id: number }[]>`
    select id from products where status = 'active' and in_stock order by popularity desc limit 1`
  const id = hottest?.id ?? 0
  const changes: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['nothing yet', async () => undefined],
    ['nothing', async () => undefined],
    [
      'its price',
      () =>
        sql`update prices set amount = amount + 1, compare_at = null where variant_id in (select id from variants where product_id = ${id})`,
    ],
    [
      'sold out',
      () => sql`update stock set quantity = 0 where variant_id in (select id from variants where product_id = ${id})`,
    ],
    ['another category', () => sql`update products set category_id = 4 where id = ${id}`],
    ['archived', () => sql`update products set status = 'archived' where id = ${id}`],
    ['active again', () => sql`update products set status = 'active' where id = ${id}`],
    ['another description', () => sql`update products set description = 'Yellow.' where id = ${id}`],
    ['another name', () => sql`update products set name = 'Samovar' where id = ${id}`],
    ['every name', () => sql`update products set name = name || ' II'`],
  ]
  const loaded: Record<string, number> = {}
  for (const [what, change] of changes) {
    await change()
    await relayAll(sql, cache)
    loaded[what] = await loadsToFindAll()
  }
  await database.close()

  console.log(`${queries.length} searches. Looked up again after:`)
  console.table(loaded)
  expect(loaded).toEqual({
    'nothing yet': 471,
    nothing: 0,
    'its price': 0,
    'sold out': 0,
    'another category': 0,
    archived: 89,
    'active again': 89,
    'another description': 89,
    'another name': 54,
    'every name': 468,
  })
})
