/**
 * The shape of the traces of requests, in memory, over a real Postgres and a real Redis. Two applications with one Redis are
 * two processes, as far as either can tell.
 */

import type { Resource } from '@shop/cache'
import { SCRIPTS } from '@shop/cache/redis'
import { startRedis, temporaryDirectory } from '@shop/local-stack'
import { traceRedis } from '@shop/telemetry'
import { drawTraces, type RecordedSpan, type Recording, recordSpans } from '@shop/telemetry/testing'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'

import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { type OpenDeps, openDeps } from '../src/deps.ts'
import { COUNT } from '../src/limits/rate-limits.ts'
import { createDatabase } from './database.ts'
import { fixtureId } from './fixture.ts'
import { asCustomer, insertFixtureWithoutOrders } from './ordering.ts'
import { RecordingLog } from './recording-log.ts'
import { CUSTOMER_SECRET } from './test-app.ts'

const ADMIN_TOKEN = 'the-token-of-this-test'
const kettle = fixtureId('kettle-steel')
const PRODUCT = `/products/${kettle}`

const database = await createDatabase()
const { sql } = database
afterAll(() => database.close())

let recording: Recording
const untrace: (() => void)[] = []
beforeAll(() => {
  recording = recordSpans()
  untrace.push(traceRedis({ scripts: [...SCRIPTS, COUNT] }))
})
afterAll(async () => {
  for (const stop of untrace) stop()
  await recording.stop()
})

interface Shop {
  readonly deps: OpenDeps
  request(path: string, init?: RequestInit): Promise<Response>
}

let redis: Awaited<ReturnType<typeof startRedis>>
const opened: OpenDeps[] = []

beforeEach(async () => {
  await insertFixtureWithoutOrders(sql)
  const directory = await temporaryDirectory('traces')
  redis = await startRedis({ dir: directory.path })
  onTestFinished(async () => {
    await Promise.all(opened.splice(0).map((deps) => deps.close()))
    await redis.stop()
    await directory.remove()
  })
})
afterEach(() => recording.clear())

/** Without rate limits, whose connection may be ready a moment later, unless they are asked for. */
async function openShop(rateLimit = '0'): Promise<Shop> {
  const config = readConfig({
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    ADMIN_TOKEN,
    CUSTOMER_TOKEN_SECRET: CUSTOMER_SECRET,
    RATE_LIMIT_ADMIN: rateLimit,
    RATE_LIMIT_CUSTOMER: rateLimit,
    WARM_LIMIT_MS: '0',
  })
  const deps = await openDeps(config, new RecordingLog(), { draining: false })
  opened.push(deps)
  const app = createApp(deps.app)
  // Each script is sent to a new Redis once; after this its digest is enough.
  await app.request(`/products/${fixtureId('torch')}`)
  await deps.cache?.invalidateTags(['of-nothing'])
  return { deps, request: async (path, init) => app.request(path, init) }
}

/** What a request makes, from its own beginning. */
async function traceOf(shop: Shop, path: string, init?: RequestInit): Promise<RecordedSpan[]> {
  recording.clear()
  expect((await shop.request(path, init)).status).toBeLessThan(300)
  return recording.spans()
}

function only(wanted: string): RecordedSpan {
  const [span, ...more] = recording.spans().filter(({ name }) => name === wanted)
  if (span === undefined || more.length > 0) {
    throw new Error(`Expected one ${wanted} in\n${drawTraces(recording.spans())}`)
  }
  return span
}

/** Waits for spans that nobody who asks waits for. */
async function ended(name: string, attributes: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const there = () =>
    recording
      .spans()
      .some(
        (span) =>
          span.name === name && Object.entries(attributes).every(([key, value]) => span.attributes[key] === value),
      )
  await expect.poll(there, { timeout: 10_000, interval: 2 }).toBe(true)
}

const drawn = (spans: readonly RecordedSpan[]): readonly string[] => drawTraces(spans).split('\n')
const seconds = expect.any(Number)

test('a cold read shows every step from the request to the row', async () => {
  const shop = await openShop()
  expect(drawn(await traceOf(shop, PRODUCT))).toEqual([
    'GET /products/{id}',
    '  cache get product',
    '    cache lookup product',
    '      MGET',
    '    cache lease product',
    '      EVALSHA claim',
    '      EVALSHA tags',
    '    cache load product',
    '      SELECT variants prices stock products categories',
    '    cache store product',
    '      EVALSHA tags',
    '      EVALSHA fill',
  ])
  expect(only('cache get product').attributes).toEqual({
    'shop.cache.operation': 'get',
    'shop.cache.resource': 'product',
    'shop.cache.outcome': 'miss',
    'shop.cache.tier': 'source',
    'shop.cache.stored': 'shared',
    'shop.cache.age': seconds,
    'shop.cache.ttl': seconds,
    'shop.cache.tags.checked': 4,
  })
  expect(only('SELECT variants prices stock products categories').attributes).toMatchObject({
    'db.query.text': expect.stringMatching(/"products"."id" = \$1/),
    'db.response.returned_rows': 1,
  })
})

test('a read that memory answers is one span, and the hit is an attribute of it', async () => {
  const shop = await openShop()
  await shop.request(PRODUCT)
  expect(drawn(await traceOf(shop, PRODUCT))).toEqual(['GET /products/{id}'])
  expect(only('GET /products/{id}').attributes).toMatchObject({
    'shop.cache.outcome': 'hit',
    'shop.cache.tier': 'memory',
    'shop.cache.age': seconds,
    'shop.cache.ttl': seconds,
    'shop.cache.tags.checked': seconds,
  })
})

test('a read that Redis answers has no load', async () => {
  const [one, two] = [await openShop(), await openShop()]
  await one.request(PRODUCT)
  expect(drawn(await traceOf(two, PRODUCT))).toEqual([
    'GET /products/{id}',
    '  cache get product',
    '    cache lookup product',
    '      MGET',
    '      EVALSHA tags',
  ])
  expect(only('cache get product').attributes).toMatchObject({
    'shop.cache.outcome': 'hit',
    'shop.cache.tier': 'redis',
  })
})

test('a stale read is answered at once, and its reload is a trace of its own with a link to it', async () => {
  const shop = await openShop()
  await shop.request('/categories/kettles/facets')
  const facets = shop.deps.cache?.resources.get('facets') as unknown as Resource<string, unknown>
  await facets.expire('kettles')
  await traceOf(shop, '/categories/kettles/facets')
  await ended('cache reload facets')
  expect(drawn(recording.spans())).toEqual([
    'GET /categories/{slug}/facets',
    'cache reload facets ~ GET /categories/{slug}/facets',
    '  MGET',
    '  cache lease facets',
    '    EVALSHA claim',
    '    EVALSHA tags',
    '  cache load facets',
    '    SELECT categories view_refreshes category_facets',
    '  cache store facets',
    '    EVALSHA fill',
  ])
  expect(only('GET /categories/{slug}/facets').attributes).toMatchObject({ 'shop.cache.outcome': 'stale' })
})

test('who waits for the load of another process has a link to it, and no statement of its own', async () => {
  const [one, two] = [await openShop(), await openShop()]
  recording.clear()
  const held = Promise.withResolvers<void>()
  const locked = Promise.withResolvers<void>()
  const holding = sql.begin(async (tx) => {
    await tx`lock table products in access exclusive mode`
    locked.resolve()
    await held.promise
  })
  await locked.promise
  const first = one.request(PRODUCT)
  await ended('cache lease product', { 'shop.cache.outcome': 'granted' })
  const second = two.request(PRODUCT)
  await ended('cache lease product', { 'shop.cache.outcome': 'busy' })
  held.resolve()
  await Promise.all([holding, first, second])
  // Two traces: what they ask Redis is in the tests above.
  expect(drawn(recording.spans().filter(({ attributes }) => attributes['db.system.name'] !== 'redis'))).toEqual([
    'GET /products/{id}',
    '  cache get product',
    '    cache lookup product',
    '    cache lease product',
    '    cache load product',
    '      SELECT variants prices stock products categories',
    '    cache store product',
    'GET /products/{id}',
    '  cache get product',
    '    cache lookup product',
    '    cache lease product',
    '    cache wait product ~ cache load product',
    '    cache lease product',
  ])
  expect(only('cache wait product').attributes).toMatchObject({ 'shop.cache.outcome': 'stored' })
})

test('a price change tells Redis in the trace of its transaction', async () => {
  const shop = await openShop()
  await shop.request(PRODUCT)
  await traceOf(shop, `${PRODUCT}/price`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ amount: 4711, currency: 'EUR' }),
  })
  await ended('UPDATE outbox')
  await ended('cache apply')
  expect(drawn(recording.spans())).toEqual([
    'PUT /products/{id}/price',
    '  BEGIN',
    '    SELECT',
    '    SELECT products',
    '    UPDATE prices variants',
    '    SELECT variants prices stock products categories',
    '    SELECT outbox',
    '  cache invalidate',
    '    EVALSHA invalidate',
    '    cache apply',
    '  UPDATE outbox',
  ])
  const rows = await sql<
    { trace_parent: string }[]
  >`select distinct trace_parent from outbox where trace_parent is not null`
  const { traceId, spanId } = only('BEGIN')
  expect(rows).toEqual([{ trace_parent: `00-${traceId}-${spanId}-01` }])
})

test('with Redis down a read goes to the database, and says so', async () => {
  const shop = await openShop()
  await redis.stop()
  await expect.poll(() => shop.deps.cache?.health().redis, { timeout: 10_000 }).toBe('down')
  expect(drawn(await traceOf(shop, PRODUCT))).toEqual([
    'GET /products/{id}',
    '  cache get product',
    '    cache load product',
    '      SELECT variants prices stock products categories',
  ])
  expect(only('cache get product').attributes).toMatchObject({
    'shop.cache.outcome': 'miss',
    'shop.cache.stored': 'local',
  })
})

test('a request that is limited counts itself first', async () => {
  const shop = await openShop('1000')
  const change = {
    method: 'PUT',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ amount: 4711, currency: 'EUR' }),
  }
  const steps = async () => drawn(await traceOf(shop, `${PRODUCT}/price`, change)).slice(0, 3)
  await expect
    .poll(steps, { timeout: 10_000, interval: 2 })
    .toEqual(['PUT /products/{id}/price', '  EVALSHA count', '  BEGIN'])
})

test('an order asks the cache nothing, and the row that it writes when it sells out is of its trace', async () => {
  const shop = await openShop()
  const [variant] = await sql<{ id: number; quantity: number }[]>`
    select v.id, s.quantity from variants v join stock s on s.variant_id = v.id
      where v.product_id = ${fixtureId('kettle-glass')}`
  const order = {
    method: 'POST',
    headers: { ...(await asCustomer(1)), 'content-type': 'application/json', 'idempotency-key': 'a-key-of-this-test' },
    body: JSON.stringify({ lines: [{ variantId: variant?.id, quantity: variant?.quantity }] }),
  }
  await sql`truncate outbox`
  expect(drawn(await traceOf(shop, '/orders', order))).toEqual([
    'POST /orders',
    '  INSERT products prices stock orders order_lines',
  ])
  const rows = await sql<{ trace_parent: string }[]>`select distinct trace_parent from outbox`
  expect(rows).toEqual([{ trace_parent: expect.stringContaining(only('POST /orders').traceId) }])
})
