/** The clients: what they ask of the server, and what they make of its answers. */

import { createServer } from 'node:net'
import { eq, sql as raw } from 'drizzle-orm'
import postgres from 'postgres'
import { expect, test } from 'vitest'

import { CONNECTION_DEFAULTS } from '../src/connect.ts'
import { connect, isAbandonedTypeQuery, products } from '../src/index.ts'
import { insertProduct, useDatabase } from './database.ts'

const database = useDatabase()

test('both clients state their name and limits to the server', async () => {
  const { sql, db, close } = connect({ url: database.url, applicationName: 'shop-test' })
  const settings = `select current_setting('application_name') as name, current_setting('statement_timeout') as statement,
    current_setting('idle_in_transaction_session_timeout') as idle, current_setting('TimeZone') as zone`
  const stated = { name: 'shop-test', statement: '4s', idle: '15s', zone: 'UTC' }
  expect([...(await sql.unsafe(settings))]).toEqual([stated])
  expect([...(await db.execute(raw.raw(settings)))]).toEqual([stated])
  await close()
})

test('the limits in the documentation are the limits', () => {
  expect(CONNECTION_DEFAULTS).toMatchObject({ max: 10, sqlMax: 2, applicationName: 'shop', connectTimeoutSeconds: 5 })
})

test('drizzle opens as many connections as asked for, and the other client two more', async () => {
  const { sql, db, close } = connect({ url: database.url, max: 3, applicationName: 'five' })
  const count = `select count(*)::int as count from pg_stat_activity where application_name = 'five'`
  const most = async (ask: () => PromiseLike<readonly Record<string, unknown>[]>) => {
    const answers = await Promise.all(Array.from({ length: 8 }, ask))
    return Math.max(...answers.flat().map((row) => Number(row.count)))
  }
  expect(await most(() => sql.unsafe(count))).toBe(2)
  expect(await most(() => db.execute(raw.raw(count)))).toBe(5)
  await close()
})

test('numbers and instants come as numbers and dates, from either client', async () => {
  const { id } = await insertProduct(database.sql)
  const [byTemplate] =
    await database.sql`select id, created_at, count(*) over () as count from products where id = ${id}`
  expect(byTemplate).toEqual({ id, created_at: expect.any(Date), count: 1 })
  const [byDrizzle] = await database.db.select().from(products).where(eq(products.id, id))
  expect(byDrizzle).toMatchObject({ id, createdAt: expect.any(Date), ratingAverage: null, ratingScore: 0 })
})

test('an instant is read exactly as it is stored, so it can be a cursor', async () => {
  const { id } = await insertProduct(database.sql)
  const [row] = await database.db.select().from(products).where(eq(products.id, id))
  const at = row?.createdAt ?? new Date(0)
  const found = await database.db.select({ id: products.id }).from(products).where(eq(products.createdAt, at))
  expect(found).toContainEqual({ id })
})

test('an array is one parameter, from either client', async () => {
  const { id } = await insertProduct(database.sql)
  const prepared = database.db
    .select({ id: products.id })
    .from(products)
    .where(raw`${products.id} = any(${raw.placeholder('ids')})`)
    .prepare('products_by_ids')
  expect(await prepared.execute({ ids: [id, 0] })).toEqual([{ id }])
  expect([...(await database.sql`select id from products where id = any(${[id, 0]})`)]).toEqual([{ id }])
})

test('a bigint that a number cannot hold is refused, not rounded', async () => {
  await expect(database.sql`select 9007199254740993::bigint as big`).rejects.toThrow(RangeError)
})

test('a server that accepts and never answers is given up', async () => {
  const silent = createServer((socket) => socket.resume())
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const port = typeof address === 'object' ? address?.port : 0
  const { sql, close } = connect({ url: `postgres://u:p@127.0.0.1:${port}/d`, max: 1 })
  await expect(sql`select 1`).rejects.toMatchObject({ code: 'CONNECT_TIMEOUT' })
  await close()
  silent.close()
})

test('closing twice is closing', async () => {
  const { sql, close } = connect({ url: database.url })
  await sql`select 1`
  await Promise.all([close(), close()])
  await expect(sql`select 1`).rejects.toMatchObject({ code: 'CONNECTION_ENDED' })
})

test('a rejection of the question for array types is known for what it is, and no other', async () => {
  const asked: string[] = []
  const client = postgres(database.url, { max: 1, debug: (_connection, query) => asked.push(query) })
  await client`select 1`
  await client.end()
  const [ofTypes, other] = asked.map((query) => Object.assign(new Error('read ECONNRESET'), { query }))
  expect([isAbandonedTypeQuery(ofTypes), isAbandonedTypeQuery(other)]).toEqual([true, false])
  expect(isAbandonedTypeQuery(new Error('another'))).toBe(false)
})
