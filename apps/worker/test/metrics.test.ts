/** `/metrics` of a real worker: what a scrape shows once it has relayed, held against `docs/metrics.md` in both directions. */

import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { startRedis, temporaryDirectory } from '@shop/local-stack'
import { startTelemetry } from '@shop/telemetry'
import { differences, readExposition, readMetricsPage, recordInstruments } from '@shop/telemetry/testing'
import { afterAll, expect, test } from 'vitest'

import { readConfig } from '../src/config.ts'
import { openDeps } from '../src/deps.ts'
import { healthApp } from '../src/health.ts'
import { createDatabase } from './database.ts'

const GROUPS = ['Every process', 'The cache', 'The worker']

const page = readMetricsPage(readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8'))

const database = await createDatabase()
afterAll(() => database.close())
const directory = await temporaryDirectory('worker-metrics')
const redis = await startRedis({ dir: directory.path })
afterAll(async () => {
  await redis.stop()
  await directory.remove()
})

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const telemetry = startTelemetry({ serviceName: 'shop-worker' })
const instruments = recordInstruments()
const deps = await openDeps(
  readConfig({ DATABASE_URL: database.url, REDIS_URL: redis.url, RELAY_INTERVAL_MS: '5' }),
  silent,
)
afterAll(async () => {
  await deps.close()
  await telemetry.shutdown()
})
const lifecycle = { draining: false }
const app = healthApp({ lifecycle, metrics: telemetry.metrics, ...deps.health })

const scrape = async () => readExposition(await (await app.request('/metrics')).text(), 'text')

test('once it has relayed, a scrape is what the page says, and the page what there is', async () => {
  await database.sql`update outbox set relayed_at = now()`
  await database.sql`update products set name = 'Another' where id = 1`
  const value = async (family: string) => (await scrape()).get(family)?.samples[0]?.value
  const open = await value('shop_worker_outbox_open')
  expect(open).toBeGreaterThan(0)

  deps.startJobs()
  await expect.poll(() => value('shop_worker_relay_rows_total'), { timeout: 20_000, interval: 20 }).toBe(open)
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  await expect
    .poll(async () => (await scrape()).has('v8js_gc_duration_seconds'), { timeout: 20_000, interval: 20 })
    .toBe(true)
  const scraped = await scrape()
  const rows = page.filter(({ group }) => GROUPS.includes(group))
  expect(differences(rows, instruments.made(), scraped)).toEqual([])
  expect(rows.length).toBeGreaterThan(30)
  expect(await value('shop_worker_outbox_open')).toBe(0)
  expect(scraped.get('db_client_connection_max')?.samples.length).toBeGreaterThan(3)
})

test('what Postgres has to be asked for is left out when it does not answer, and the rest is there', async () => {
  await database.sql`alter table outbox rename to outbox_away`
  try {
    const scraped = await scrape()
    expect(scraped.has('process_uptime_seconds')).toBe(true)
    expect((await app.request('/metrics')).status).toBe(200)
  } finally {
    await database.sql`alter table outbox_away rename to outbox`
  }
})

test('without metrics there is no such address', async () => {
  expect((await healthApp({ lifecycle, ...deps.health }).request('/metrics')).status).toBe(404)
})
