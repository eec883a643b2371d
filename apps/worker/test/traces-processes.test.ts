/** Traces through several processes: real ones, which export to a collector in this test. */

import type { Sql } from '@shop/db'
import { type Collector, drawTraces, type RecordedSpan, startCollector } from '@shop/telemetry/testing'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { CUSTOMER_SECRET, openEdge, tokenOf } from './busy-shop.ts'
import { createDatabase } from './database.ts'
import { ADMIN_TOKEN, type ShopProcess } from './process.ts'
import { seenBy, servedFromMemory, setPrice, someProduct, World } from './world.ts'

const database = await createDatabase()
afterAll(() => database.close())
const { sql } = database

let collector: Collector
beforeAll(async () => {
  collector = await startCollector()
})
afterAll(() => collector.stop())
beforeEach(() => collector.clear())

function traced(service: string): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_SERVICE_NAME: service }
}

async function changePrice(api: ShopProcess, product: number, amount: number): Promise<void> {
  const response = await fetch(`${api.url}/products/${product}/price`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ amount, currency: 'EUR' }),
  })
  expect(response.status).toBe(200)
}

/** What is not a single statement or command: of those, only the transaction, which the rest hangs on. */
function story(spans: readonly RecordedSpan[]): string {
  const steps = spans.filter(({ name, attributes }) => attributes['db.system.name'] === undefined || name === 'BEGIN')
  return drawTraces(steps, { services: true, order: 'name' })
}

/** Waits for this story: the spans of each process come when it delivers them. */
async function told(...lines: readonly string[]): Promise<void> {
  await collector.find((spans) => story(spans) === lines.join('\n'))
}

test('a price change is one trace, from the PUT to the memory of every process', async () => {
  const world = await World.open(database)
  const apis = await Promise.all([world.api(traced('api-1')), world.api(traced('api-2'))])
  const product = await someProduct(sql, 0)
  const old = await servedFromMemory(apis, product)
  await changePrice(apis[0], product, old + 1)
  await seenBy(apis, product, old + 1)

  await told(
    'api-1: PUT /products/{id}/price',
    '  BEGIN',
    '  cache invalidate',
    '    api-2: cache apply',
    '    cache apply',
  )
})

test('what a process wrote that could tell nobody is relayed by the worker in the trace of the writer', async () => {
  const world = await World.open(database)
  const [alone, reader] = await Promise.all([
    world.api({ ...traced('alone'), REDIS_URL: '' }),
    world.api(traced('reader')),
  ])
  const product = await someProduct(sql, 1)
  const old = await servedFromMemory([reader], product)
  await changePrice(alone, product, old + 1)
  await world.worker(traced('worker'))
  await seenBy([reader], product, old + 1)

  await told(
    'alone: PUT /products/{id}/price',
    '  BEGIN',
    '    worker: outbox relay',
    '      cache invalidate',
    '        cache apply',
    '        reader: cache apply',
    '  cache invalidate',
  )
})

test('what psql changed is a trace that begins with the relay', async () => {
  const world = await World.open(database)
  const [api] = await Promise.all([world.api(traced('api')), world.worker(traced('worker'))])
  const product = await someProduct(sql, 2)
  const old = await servedFromMemory([api], product)
  await setPrice(sql as Sql, product, old + 1)
  await seenBy([api], product, old + 1)

  await told(
    'worker: outbox relay', //
    '  cache invalidate',
    '    api: cache apply',
    '    cache apply',
  )
})

test('an order that sells a product out is one trace with all that hears of it, the edge too', async () => {
  const world = await World.open(database)
  const product = await someProduct(sql, 3)
  await sql`update stock set quantity = 0 where variant_id in (select id from variants where product_id = ${product})`
  const [variant] = await sql<{ id: number }[]>`
    update stock set quantity = 1 where variant_id = (select min(id) from variants where product_id = ${product})
      returning variant_id as id`
  await sql`truncate outbox`
  const [api] = await Promise.all([
    world.api({ ...traced('api'), CUSTOMER_TOKEN_SECRET: CUSTOMER_SECRET }),
    world.worker({ ...traced('worker'), EDGE_PURGE_URL: await openEdge() }),
  ])
  const [customer] = await sql<{ id: number }[]>`select min(id) as id from customers`
  const response = await fetch(`${api.url}/orders`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await tokenOf(Number(customer?.id))}`,
      'content-type': 'application/json',
      'idempotency-key': 'a-key-of-this-test',
    },
    body: JSON.stringify({ lines: [{ variantId: variant?.id, quantity: 1 }] }),
  })
  expect(response.status).toBe(201)

  await told(
    'api: POST /orders',
    '  worker: edge purge',
    '  worker: edge purge',
    '  worker: outbox relay',
    '    cache invalidate',
    '      api: cache apply',
    '      cache apply',
  )
})
