import { afterAll, describe, expect, test } from 'vitest'

import { createDatabase } from '../../test/database.ts'
import { fixtureId, insertFixture } from '../../test/fixture.ts'
import { MemoryProducts } from '../../test/memory-products.ts'
import { productRepositorySuite } from '../../test/product-repository.suite.ts'
import { postgresProducts } from './repository.ts'

const database = await createDatabase()
afterAll(() => database.close())

const products = postgresProducts(database.db)

productRepositorySuite('postgresProducts', async () => {
  await insertFixture(database.sql)
  return products
})

productRepositorySuite('MemoryProducts', async () => new MemoryProducts())

describe('in Postgres', () => {
  test('a write that fails leaves nothing behind', async () => {
    await insertFixture(database.sql)
    const id = fixtureId('kettle-steel')
    const before = await products.get(id)
    // The second variant refuses, after the first was written.
    await database.sql`create function refuse() returns trigger language plpgsql as $$
      begin if new.variant_id = 2 then raise 'refused'; end if; return new; end $$`
    await database.sql`create trigger refuse before update on prices for each row execute function refuse()`
    await expect(products.setPrice(id, { amount: 1, currency: 'EUR' })).rejects.toThrow()
    await database.sql`drop trigger refuse on prices`
    expect(await products.get(id)).toEqual(before)
  })

  test('a product without a price cannot be written to', async () => {
    await insertFixture(database.sql)
    await database.sql`insert into products (slug, name, brand, category_id) values ('draft', 'Draft', 'Nordic', 1)`
    const id = 12
    expect(await products.get(id)).toBeUndefined()
    expect(await products.update(id, { status: 'active' })).toEqual({ type: 'not-found' })
  })

  test('a category is not mistaken for one whose slug begins alike', async () => {
    await insertFixture(database.sql)
    await database.sql`insert into categories (slug, name) values ('kitchenware', 'Kitchenware')`
    await database.sql`update products set category_id = (select id from categories where slug = 'kitchenware')
      where slug = 'ladle'`
    const { items } = await products.list({ sort: 'price', inStock: false, limit: 24, category: 'kitchen' })
    expect(items.map(({ slug }) => slug)).toEqual(['kettle-tin', 'kettle-glass', 'kettle-steel'])
  })

  test('reading a product is one statement, and so is a page of a list', async () => {
    await insertFixture(database.sql)
    await products.get(1)
    await products.list({ sort: 'popular', inStock: false, limit: 3 })
    await database.sql`select pg_stat_statements_reset()`
    await products.get(1)
    await products.list({ sort: 'popular', inStock: false, limit: 3 })
    const rows = await database.sql<{ calls: number }[]>`select s.calls from pg_stat_statements s
      join pg_database d on d.oid = s.dbid where d.datname = current_database() and s.query ilike '%from "products"%'`
    expect(rows.map(({ calls }) => Number(calls))).toEqual([1, 1])
  })
})
