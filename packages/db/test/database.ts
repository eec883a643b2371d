/** A database for one test file, and the few rows that most tests begin with. */

import postgres from 'postgres'
import { afterAll, beforeAll, inject } from 'vitest'

import { createClient } from '../src/connect.ts'
import { connect, type Database } from '../src/index.ts'

let created = 0

/** Makes a database: a copy of the migrated one, or an empty one. Gives its URL. */
export async function createDatabase(options: { readonly migrated: boolean } = { migrated: true }): Promise<string> {
  const url = new URL(inject('postgresUrl'))
  const name = `test_${process.pid}_${created++}`
  const admin = postgres(url.href, { max: 1 })
  await admin.unsafe(`create database ${name}${options.migrated ? ' template migrated' : ''}`)
  await admin.end()
  url.pathname = `/${name}`
  return url.href
}

/** A migrated database for all tests of the file. Its `sql` has connections for transactions that wait for each other. */
export function useDatabase(): { readonly url: string; readonly sql: Database['sql']; readonly db: Database['db'] } {
  let url = ''
  let database: Database | undefined
  let sql: Database['sql'] | undefined
  const opened = <T>(what: T | undefined): T => {
    if (!what) throw new Error('The database is there only while tests run')
    return what
  }
  beforeAll(async () => {
    url = await createDatabase()
    database = connect({ url, applicationName: 'test' })
    sql = createClient(url, { max: 10, applicationName: 'test' })
  })
  afterAll(async () => {
    await sql?.end()
    await database?.close()
  })
  return {
    get url() {
      return url
    },
    get sql() {
      return opened(sql)
    },
    get db() {
      return opened(database).db
    },
  }
}

let numbered = 0

/** An active product of two variants at 10.00 and 20.00 euros, three of each in stock, in a category of its own. */
export async function insertProduct(
  sql: Database['sql'],
): Promise<{ readonly categoryId: number; readonly id: number; readonly low: number; readonly high: number }> {
  const name = `p-${++numbered}`
  const [category] = await sql<{ id: number }[]>`
    insert into categories (slug, name) values (${`c-${name}`}, ${name}) returning id`
  const categoryId = category?.id ?? 0
  const [product] = await sql<{ id: number }[]>`
    insert into products (slug, name, category_id, brand) values (${name}, ${name}, ${categoryId}, 'Brand') returning id`
  const id = product?.id ?? 0
  const variants = await sql<{ id: number }[]>`
    insert into variants (product_id, sku, title, position)
    values (${id}, ${`P${numbered}-LOW`}, 'Low', 0), (${id}, ${`P${numbered}-HIGH`}, 'High', 1) returning id`
  const [low = 0, high = 0] = variants.map((variant) => variant.id)
  await sql`insert into prices (variant_id, amount, currency) values (${low}, 1000, 'EUR'), (${high}, 2000, 'EUR')`
  await sql`insert into stock (variant_id, quantity) values (${low}, 3), (${high}, 3)`
  await sql`update products set status = 'active' where id = ${id}`
  return { categoryId, id, low, high }
}

export async function insertCustomer(sql: Database['sql']): Promise<number> {
  const [row] = await sql<{ id: number }[]>`
    insert into customers (email, name) values (${`c${++numbered}@example.com`}, 'Customer') returning id`
  return row?.id ?? 0
}

/** Resolves once some connection of this database waits for a lock. */
export async function someoneWaits(sql: Database['sql']): Promise<void> {
  for (;;) {
    const waiting = await sql`
      select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    if (waiting.length > 0) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}
