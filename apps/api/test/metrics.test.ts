/**
 * `/metrics` of a real application: what a scrape shows after requests of each kind, held against `docs/metrics.md` in both
 * directions.
 */

import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startRedis, temporaryDirectory } from '@shop/local-stack'
import { startTelemetry } from '@shop/telemetry'
import { differences, readExposition, readMetricsPage, recordInstruments } from '@shop/telemetry/testing'
import { afterAll, expect, test } from 'vitest'

import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { openDeps } from '../src/deps.ts'
import { createDatabase } from './database.ts'
import { fixtureId, insertFixture } from './fixture.ts'
import { asCustomer } from './ordering.ts'
import { RecordingLog } from './recording-log.ts'
import { CUSTOMER_SECRET } from './test-app.ts'

const TOKEN = 'the-token-of-the-metrics'
/** Of variant 1 of the fixture. */
const PIECES = 5
const GROUPS = ['Every process', 'The cache', 'The API']

const page = readMetricsPage(readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8'))

const database = await createDatabase()
afterAll(() => database.close())
await insertFixture(database.sql)
// Of its own, so that the first read of each product is a load.
const directory = await temporaryDirectory('metrics')
const server = await startRedis({ dir: directory.path })
afterAll(async () => {
  await server.stop()
  await directory.remove()
})

const telemetry = startTelemetry({ serviceName: 'shop-api', metrics: true })
const instruments = recordInstruments()
const config = readConfig({
  DATABASE_URL: database.url,
  REDIS_URL: server.url,
  ADMIN_TOKEN: TOKEN,
  CUSTOMER_TOKEN_SECRET: CUSTOMER_SECRET,
  RATE_LIMIT_CUSTOMER: '1',
  REDIS_TIMEOUT_MS: '10000', // A busy machine does not miss it.
})
const deps = await openDeps(config, new RecordingLog(), { draining: false })
afterAll(async () => {
  await deps.close()
  await telemetry.shutdown()
})
const app = createApp({ ...deps.app, metrics: telemetry.metrics })

async function scrape(accept?: string) {
  const response = await app.request('/metrics', { headers: accept === undefined ? {} : { accept } })
  return { type: response.headers.get('Content-Type'), text: await response.text() }
}

test.each(['/metrics', '/%6Detrics', '/metric%73'])(
  '%s is there for the inside, and not for who comes through something',
  async (path) => {
    expect((await app.request(path)).status).toBe(200)
    for (const field of ['via', 'forwarded', 'x-forwarded-for']) {
      expect((await app.request(path, { headers: { [field]: '10.0.0.1' } })).status).toBe(404)
    }
  },
)

test('after requests of each kind a scrape is what the page says, and the page what there is', async () => {
  const kettle = fixtureId('kettle-steel')
  await deps.warmer?.start()
  const paths = [`/products/${kettle}`, `/products/${kettle}`, '/products', '/categories', '/products/999', '/nowhere']
  for (const path of paths) await app.request(path)
  await app.request(`/products/${kettle}/price`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ amount: 4_711, currency: 'EUR' }),
  })
  // One is granted by this process alone, while the limit has no connection yet, and one by Redis.
  const ordered: number[] = []
  while (ordered.at(-1) !== 429 && ordered.length < PIECES) {
    const { status } = await app.request('/orders', {
      method: 'POST',
      headers: { ...(await asCustomer(1)), 'Content-Type': 'application/json', 'Idempotency-Key': `${ordered.length}` },
      body: JSON.stringify({ lines: [{ variantId: 1, quantity: 1 }] }),
    })
    ordered.push(status)
  }
  const placed = ordered.length - 1
  expect(ordered).toEqual([...Array<number>(placed).fill(201), 429])

  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  await expect
    .poll(async () => (await scrape()).text.includes('v8js_gc_duration_seconds'), { timeout: 20_000, interval: 20 })
    .toBe(true)
  const scraped = readExposition((await scrape()).text, 'text')
  const rows = page.filter(({ group }) => GROUPS.includes(group))
  expect(differences(rows, instruments.made(), scraped)).toEqual([])
  expect(rows.length).toBeGreaterThan(30)

  const counted = (family: string, wanted: Record<string, string>) =>
    scraped
      .get(family)
      ?.samples.filter((sample) => Object.entries(wanted).every(([label, value]) => sample.labels.get(label) === value))
      .reduce((total, sample) => total + sample.value, 0)
  const durations = 'http_server_request_duration_seconds'
  expect(
    scraped
      .get(durations)
      ?.samples.filter(({ name }) => name === `${durations}_count`)
      .map(({ labels, value }) => [...labels.values(), value].join(' '))
      .sort(),
  ).toEqual([
    'GET 200 /categories 1',
    'GET 200 /products 1',
    'GET 200 /products/{id} 2',
    'GET 404 /products/{id} 1',
    'GET 404 1',
    `POST 201 /orders ${placed}`,
    'POST 429 /orders 1',
    'PUT 200 /products/{id}/price 1',
  ])
  expect(counted('shop_orders_attempts_total', { shop_orders_outcome: 'placed' })).toBe(placed)
  expect(counted('shop_rate_limit_refusals_total', { shop_rate_limit_principal: 'customer' })).toBe(1)
  expect(counted('db_client_connection_max', { db_client_connection_pool_name: 'db' })).toBe(config.databasePoolMax)
  expect(counted('db_client_connection_count', {})).toBe(0)
  expect(counted('shop_cache_reads_total', { shop_cache_outcome: 'hit', shop_cache_tier: 'memory' })).toBeGreaterThan(0)
})

test('who asks for OpenMetrics gets it, without a rule broken', async () => {
  const { type, text } = await scrape('application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2')
  expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8')
  expect(readExposition(text, 'openmetrics').get('http_server_request_duration_seconds')?.kind).toBe('histogram')
})

test.each([undefined, '*/*', 'text/html,*/*;q=0.8', 'text/plain', 'application/openmetrics-text;q=0'])(
  'who sends Accept %s gets the text of Prometheus',
  async (accept) => {
    expect((await scrape(accept)).type).toBe('text/plain; version=0.0.4; charset=utf-8')
  },
)

test('no key, no tag, no token and no address is in it', async () => {
  const { text } = await scrape()
  expect(text).not.toMatch(/kettle|product:\d|category:\d|postgres:\/\/|redis:\/\//)
  expect(text).not.toContain(TOKEN)
})

test('a scrape is not counted, and neither are health checks', async () => {
  await app.request('/livez')
  await scrape()
  expect((await scrape()).text).not.toMatch(/http_route="\/(metrics|livez)"/)
})

test('without metrics there is no such address', async () => {
  expect((await createApp(deps.app).request('/metrics')).status).toBe(404)
})
