/** The lock and the count, on a real Postgres. */

import { join } from 'node:path'
import {
  type RunningServer,
  startPostgres,
  type TemporaryDirectory,
  temporaryDirectory,
  throwaway,
} from '@shop/local-stack'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { lockProducts, type PostgresWatch, watchPostgres } from '../src/products-lock.ts'
import { until } from '../src/waiting.ts'

let directory: TemporaryDirectory
let server: RunningServer
let shop: postgres.Sql
let watch: PostgresWatch

beforeAll(async () => {
  directory = await temporaryDirectory('products-lock')
  server = await startPostgres({ dir: join(directory.path, 'postgres'), settings: throwaway })
  shop = postgres(server.url, { max: 2, onnotice: () => undefined })
  await shop.unsafe(`
    create extension pg_stat_statements;
    create table products (id int primary key, category_id int);
    create table products_old (id int);
    create table categories (id int);
    insert into products values (1, 1)`)
  watch = watchPostgres(server.url)
})

afterAll(async () => {
  await watch?.close()
  await shop?.end({ timeout: 1 })
  await server?.stop()
  await directory?.remove()
})

beforeEach(() => watch.countFromHere())

const patience = { limitMs: 5_000, everyMs: 10, signal: new AbortController().signal }

describe('the lock', () => {
  test('a query of products waits until it is released, and is seen waiting', async () => {
    const lock = await lockProducts(server.url)
    let isAnswered = false
    const query = shop`select id from products where id = 1`.then(() => (isAnswered = true))

    expect(await until(async () => (await watch.waiting()) === 1, patience)).toBe(true)
    expect(isAnswered).toBe(false)
    expect(await watch.productReads()).toBe(0)

    await lock.release()
    await query
    expect(await watch.waiting()).toBe(0)
    expect(await watch.productReads()).toBe(1)
  })

  test('releasing twice is not an error, and other tables are never held', async () => {
    const lock = await lockProducts(server.url)
    await shop`select id from categories`
    await lock.release()
    await lock.release()
  })
})

describe('the count', () => {
  test.each([
    ['by its id', 'select "products"."id" from "products" inner join "categories" on true where "products"."id" = 1'],
    ['joined to another', 'select 1 from categories c join products p on p.category_id = c.id'],
    ['in a subquery', 'select (select count(*) from products)'],
    ['by its full name', 'select 1 from public.products'],
    ['without a space after it', 'select 1 from (select id from products) as p'],
  ])('a read of products counts: %s', async (_, statement) => {
    await shop.unsafe(statement)
    expect(await watch.productReads()).toBe(1)
  })

  test.each([
    ['another table', 'select id from products_old'],
    ['a column of that name', `select 1 as products from categories`],
    ['a text that says so', `select 'from products'`],
    ['a write elsewhere', 'insert into products_old select id from products where false'],
  ])('what reads no product does not count: %s', async (_, statement) => {
    await shop.unsafe(statement)
    expect(await watch.productReads()).toBe(0)
  })

  test('every execution counts, whatever its values', async () => {
    for (const id of [1, 2, 3]) await shop`select id from products where id = ${id}`
    expect(await watch.productReads()).toBe(3)
  })

  test('watching does not count itself', async () => {
    await watch.waiting()
    await watch.productReads()
    expect(await watch.productReads()).toBe(0)
  })
})
