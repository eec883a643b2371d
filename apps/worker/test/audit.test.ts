/** The audit, over real API processes: a fault that was put in is found and named, and what is well is not. */

import type { Sql } from '@shop/db'
import { afterAll, expect, test } from 'vitest'

import { createDatabase } from './database.ts'
import { look, servedFromMemory, setPrice, someProduct, World } from './world.ts'

const database = await createDatabase()
afterAll(() => database.close())
const { sql } = database

/** Changes a price and marks the row as relayed in one transaction, so that nobody delivers it. */
async function swallow(product: number, amount: number): Promise<void> {
  await sql.begin(async (tx) => {
    await setPrice(tx as unknown as Sql, product, amount)
    await tx`update outbox set relayed_at = now() where relayed_at is null`
  })
}

const DIFFERS = 'the cache differs from the database'

test('an invalidation that was swallowed is found, with the product, the fields, the API and the tier', async () => {
  const world = await World.open(database)
  const [one, two] = await Promise.all([world.api(), world.api()])
  const product = await someProduct(sql, 0)
  const old = await servedFromMemory([one, two], product)
  const worker = await world.worker({ API_URLS: `${one.url},${two.url}` })
  await swallow(product, old + 1)

  await expect.poll(() => worker.said(DIFFERS).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2)
  const lines = worker.said(DIFFERS)
  for (const api of [one, two]) {
    expect(lines.find((line) => line.api === api.url)).toMatchObject({
      level: 'error',
      product,
      fields: expect.arrayContaining(['price', 'version']),
      tier: 'memory',
      since: expect.stringMatching(/^\d{4}-/),
      age_ms: 1_000,
    })
  }
})

// one: reads, so the old entry is in Redis; two: reads it from there for the audit
test('a difference in a process that had to ask Redis is named so', async () => {
  const world = await World.open(database)
  const one = await world.api()
  const product = await someProduct(sql, 1)
  const old = await servedFromMemory([one], product)
  const two = await world.api({ CACHE_L1_MAX_BYTES: '1024' })
  const worker = await world.worker({ API_URLS: two.url })
  await swallow(product, old + 1)
  expect((await look(two, product)).status).toContain('detail=redis')
  expect(await worker.logs(DIFFERS)).toMatchObject({ product, tier: 'redis', api: two.url })
})

test('what was relayed as it should is no difference, and neither is what is changed again and again', async () => {
  const world = await World.open(database)
  const api = await world.api()
  const [still, restless] = (await Promise.all([2, 3].map((place) => someProduct(sql, place)))) as [number, number]
  const old = await servedFromMemory([api], still)
  let amount = await servedFromMemory([api], restless)
  const worker = await world.worker({ API_URLS: api.url, LOG_LEVEL: 'debug' })
  await setPrice(sql, still, old + 1)
  const audited = () => worker.said('audited').filter(({ age_ms }) => age_ms === 1_000).length
  await expect
    .poll(
      async () => {
        await setPrice(sql, restless, ++amount)
        return audited()
      },
      { timeout: 30_000, interval: 20 },
    )
    .toBeGreaterThan(2)
  expect(worker.said(DIFFERS)).toEqual([])
})

test('an API that does not answer is told, and the others are audited', async () => {
  const world = await World.open(database)
  const api = await world.api()
  const product = await someProduct(sql, 4)
  const old = await servedFromMemory([api], product)
  const worker = await world.worker({ API_URLS: `http://127.0.0.1:1,${api.url}` })
  await swallow(product, old + 1)
  expect(await worker.logs(DIFFERS)).toMatchObject({ product, api: api.url })
  expect(await worker.logs('the audit could not ask')).toMatchObject({ api: 'http://127.0.0.1:1' })
})
