/** What must be fresh never passes the cache, however much the rest of the shop is cached. */

import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import { postgresOrders } from '../src/orders/repository.ts'
import { cachedProducts } from '../src/products/cached-repository.ts'
import { postgresProducts } from '../src/products/repository.ts'
import { postgresStock } from '../src/stock/repository.ts'
import { redisCache } from './caches.ts'
import { createDatabase } from './database.ts'
import { fixtureId } from './fixture.ts'
import { asCustomer, insertFixtureWithoutOrders } from './ordering.ts'
import { RecordingLog } from './recording-log.ts'
import { createTestApp, type TestApp } from './test-app.ts'

const database = await createDatabase()
const { sql } = database
afterAll(() => database.close())

const glass = fixtureId('kettle-glass')
const VARIANT = 3
let app: TestApp

beforeEach(async () => {
  await insertFixtureWithoutOrders(sql)
  const cache = await redisCache()
  app = createTestApp({
    products: cachedProducts(postgresProducts(database.db), cache, { log: new RecordingLog(), loadTimeout: 5000 }),
    orders: postgresOrders(database.db),
    stock: postgresStock(database.db),
  })
})

async function order(quantity: number, key: string): Promise<Response> {
  return app.request('/orders', {
    method: 'POST',
    headers: { ...(await asCustomer(1)), 'Content-Type': 'application/json', 'Idempotency-Key': key },
    body: JSON.stringify({ lines: [{ variantId: VARIANT, quantity }] }),
  })
}

function expectFresh({ headers }: Response): void {
  expect(headers.get('Cache-Status')).toBeNull()
  expect(headers.get('Cache-Control')).toMatch(/(^|, )no-store$/)
  expect([headers.get('ETag'), headers.get('Surrogate-Key'), headers.get('CDN-Cache-Control')]).toEqual([
    null,
    null,
    null,
  ])
}

describe('with the cache on, and the product in it,', () => {
  beforeEach(async () => {
    await app.request(`/products/${glass}`)
    expect((await app.request(`/products/${glass}`)).headers.get('Cache-Status')).toMatch(/^shop; hit/)
  })

  test('stock that SQL has changed is in the very next answer', async () => {
    for (const quantity of [9, 0, 4711]) {
      await sql`update stock set quantity = ${quantity} where variant_id = ${VARIANT}`
      const response = await app.request(`/products/${glass}/stock`)
      expectFresh(response)
      expect(await response.json()).toMatchObject({ variants: [{ quantity, inStock: quantity > 0 }] })
    }
  })

  test('stock that an order has taken is, too', async () => {
    await order(2, 'a-key')
    expect(await (await app.request(`/products/${glass}/stock`)).json()).toMatchObject({ variants: [{ quantity: 3 }] })
  })

  test('a product that SQL has archived has no stock to show in the very next answer', async () => {
    await sql`update products set status = 'archived' where id = ${glass}`
    const response = await app.request(`/products/${glass}/stock`)
    expect(response.status).toBe(404)
    expectFresh(response)
  })

  test('the next order pays the price that SQL has set, whatever the product shows', async () => {
    await sql`update prices set amount = 1234 where variant_id = ${VARIANT}`
    const response = await order(1, 'a-key')
    expectFresh(response)
    expect(await response.json()).toMatchObject({ totalAmount: 1234 })
  })

  test('the next order gets the stock that SQL has set, and not a piece more', async () => {
    await sql`update stock set quantity = 0 where variant_id = ${VARIANT}`
    const refused = await order(1, 'a-key')
    expectFresh(refused)
    expect(refused.status).toBe(409)
    await sql`update stock set quantity = 1 where variant_id = ${VARIANT}`
    expect((await order(1, 'a-key')).status).toBe(201)
  })

  test('an order that SQL has changed is in the very next answer', async () => {
    const placed = await order(1, 'a-key')
    await sql`update orders set status = 'paid'`
    const response = await app.request(placed.headers.get('Location') ?? '', { headers: await asCustomer(1) })
    expectFresh(response)
    expect(await response.json()).toMatchObject({ status: 'paid' })
  })
})

test.each(['orders', 'stock'])('nothing in src/%s knows of a cache', (folder) => {
  const source = new URL(`../src/${folder}/`, import.meta.url)
  const knowing = readdirSync(source)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .filter((file) => /from '(@shop\/cache|.*cached-repository)/.test(readFileSync(new URL(file, source), 'utf8')))
  expect(knowing).toEqual([])
})
