/** The hook stands around every statement once. What was really sent is counted by the server. */

import { eq, sql as raw } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { categories, connect, type Database, type QueryHook } from '../src/index.ts'
import { useDatabase } from './database.ts'

const database = useDatabase()
let seen: string[]
let open: number
let hooked: Database

const recording: QueryHook = async ({ statement }, run) => {
  seen.push(statement)
  open++
  try {
    return await run()
  } finally {
    open--
  }
}

beforeEach(async () => {
  seen = []
  open = 0
  hooked = connect({ url: database.url, hook: recording })
  await database.sql`select pg_stat_statements_reset()`
})

afterEach(async () => {
  expect(open).toBe(0)
  await hooked.close()
})

/** How often the server ran statements on categories. Statements of transactions are counted apart by it. */
async function ran(): Promise<number> {
  const [row] = await database.sql<{ calls: number }[]>`
    select coalesce(sum(calls), 0)::int as calls from pg_stat_statements
    where query like '%categories%' and query not like '%pg_stat_statements%'
      and dbid = (select oid from pg_database where datname = current_database()) and toplevel`
  return row?.calls ?? -1
}

const onCategories = (): string[] => seen.filter((statement) => statement.includes('categories'))

describe('through drizzle', () => {
  test('a query, a prepared query, an insert and raw SQL pass once each', async () => {
    const { db } = hooked
    const prepared = db
      .select({ id: categories.id })
      .from(categories)
      .where(eq(categories.id, raw.placeholder('id')))
      .prepare('category_by_id')
    await db.select({ id: categories.id }).from(categories)
    await prepared.execute({ id: 1 })
    await prepared.execute({ id: 2 })
    await db.insert(categories).values({ slug: 'one', name: 'One' })
    await db.update(categories).set({ name: 'Two' }).where(eq(categories.slug, 'one'))
    await db.execute(raw`select count(*) from categories`)
    await db.query.categories.findFirst()
    await db.$count(categories)
    await db.delete(categories)
    expect(onCategories()).toHaveLength(9)
    expect(seen).toHaveLength(9)
    expect(await ran()).toBe(9)
  })

  test('a transaction passes as one, around its statements, and a savepoint likewise', async () => {
    const trace: string[] = []
    const tracing: QueryHook = async ({ statement }, run) => {
      const name = statement.split(' ')[0]
      trace.push(`${name} {`)
      try {
        return await run()
      } finally {
        trace.push(`} ${name}`)
      }
    }
    const traced = connect({ url: database.url, hook: tracing })
    await traced.db.transaction(async (tx) => {
      await tx.insert(categories).values({ slug: 'in-transaction', name: 'n' })
      await tx.transaction((inner) => inner.select({ id: categories.id }).from(categories))
      await tx.delete(categories)
    })
    await traced.close()
    expect(trace).toEqual([
      ...['begin {', 'insert {', '} insert'],
      ...['savepoint {', 'select {', '} select', '} savepoint'],
      ...['delete {', '} delete', '} begin'],
    ])
    expect(await ran()).toBe(3)
  })

  test('statements sent side by side pass once each', async () => {
    const { db } = hooked
    await Promise.all(Array.from({ length: 25 }, () => db.select({ id: categories.id }).from(categories)))
    await db.transaction((tx) =>
      Promise.all(Array.from({ length: 25 }, () => tx.select({ id: categories.id }).from(categories))),
    )
    expect(onCategories()).toHaveLength(50)
    expect(await ran()).toBe(50)
  })

  test('the statement has placeholders and no values', async () => {
    await hooked.db.select({ id: categories.id }).from(categories).where(eq(categories.slug, 'secret'))
    expect(seen).toEqual(['select "id" from "categories" where "categories"."slug" = $1'])
  })
})

describe('through postgres.js', () => {
  test('templates, fragments, unsafe, reserved connections and transactions pass once', async () => {
    const { sql } = hooked
    const fragment = sql`where slug = ${'secret'}`
    await sql`select id from categories ${fragment}`
    await sql.unsafe('select id from categories')
    const reserved = await sql.reserve()
    await reserved`select id from categories`
    reserved.release()
    await sql.begin(async (tx) => {
      await tx`select id from categories`
      await tx.savepoint((inner) => inner`select id from categories`)
    })
    expect(onCategories()).toHaveLength(5)
    expect(seen[0]).toBe('select id from categories where slug = ?')
    expect(await ran()).toBe(5)
  })

  test('a query awaited twice is sent and seen once', async () => {
    const query = hooked.sql`select id from categories`
    await Promise.all([query, query])
    await query
    expect(seen).toHaveLength(1)
    expect(await ran()).toBe(1)
  })
})

describe('failures', () => {
  test('the error of the database reaches the hook and the caller', async () => {
    const errors: unknown[] = []
    const { db, close } = connect({
      url: database.url,
      hook: (_query, run) =>
        run().catch((error: unknown) => {
          errors.push(error)
          throw error
        }),
    })
    await expect(db.execute(raw`select * from absent`)).rejects.toMatchObject({ cause: { code: '42P01' } })
    await expect(
      db.transaction(async (tx) => {
        await tx.insert(categories).values({ slug: 'rolled-back', name: 'n' })
        throw new Error('changed my mind')
      }),
    ).rejects.toThrow('changed my mind')
    expect(errors).toMatchObject([{ code: '42P01' }, { message: 'changed my mind' }])
    expect(await db.$count(categories, eq(categories.slug, 'rolled-back'))).toBe(0)
    await close()
  })

  test.each([
    ['rejects', async (): Promise<never> => Promise.reject(new Error('no'))],
    [
      'throws',
      (): never => {
        throw new Error('no')
      },
    ],
  ])('a hook that %s before it ran fails the statement, which is not sent', async (_how, hook) => {
    const { db, sql, close } = connect({ url: database.url, hook })
    await expect(sql`select id from categories`).rejects.toThrow('no')
    await expect(db.execute(raw`select id from categories`)).rejects.toMatchObject({ cause: { message: 'no' } })
    expect(await ran()).toBe(0)
    await close()
  })
})
