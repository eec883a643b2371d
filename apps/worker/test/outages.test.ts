/** Redis or Postgres away, frozen or without memory: rows wait, and none is marked that Redis has not acknowledged. */

import { afterAll, expect, test } from 'vitest'

import { createDatabase } from './database.ts'
import { HoldingProxy } from './holding-proxy.ts'
import type { ShopProcess } from './process.ts'
import { commandRedis, look, seenBy, servedFromMemory, setPrice, someProduct, World } from './world.ts'

const database = await createDatabase()
afterAll(() => database.close())
const { sql } = database

interface Readiness {
  readonly status: string
  readonly outbox?: { readonly oldestOpenMs: number }
}

async function readiness(worker: ShopProcess): Promise<Readiness> {
  return (await (await fetch(`${worker.url}/readyz`)).json()) as Readiness
}

test('rows written while Redis is down wait, are not marked, and are relayed when it is back', async () => {
  const world = await World.open(database)
  const [api, worker] = await Promise.all([world.api(), world.worker()])
  const product = await someProduct(sql, 0)
  const old = await servedFromMemory([api], product)
  expect(await readiness(worker)).toMatchObject({ status: 'ready', outbox: { oldestOpenMs: 0 } })

  world.redis.kill('SIGKILL')
  await world.redis.exited
  await setPrice(sql, product, old + 1)
  expect(await worker.logs('redis does not acknowledge: rows of the outbox wait')).toMatchObject({ level: 'warn' })
  await expect.poll(() => readiness(worker), { timeout: 10_000 }).toMatchObject({ status: 'degraded' })
  await expect.poll(async () => (await readiness(worker)).outbox?.oldestOpenMs).toBeGreaterThan(0)
  expect(await world.open()).toBeGreaterThan(0)

  await world.restartRedis()
  await world.allRelayed()
  await seenBy([api], product, old + 1)
})

// relay:  claim ──── invalidate ──── no answer in time ──── roll back        as often as it takes
// Redis:  frozen ────────────────────────────────────────────────────── thawed
test('nothing is marked while Redis is frozen', async () => {
  const world = await World.open(database)
  const [api, worker] = await Promise.all([world.api(), world.worker()])
  const product = await someProduct(sql, 1)
  const old = await servedFromMemory([api], product)

  world.redis.kill('SIGSTOP')
  await setPrice(sql, product, old + 1)
  await worker.logs('redis does not acknowledge: rows of the outbox wait')
  expect(await world.open()).toBeGreaterThan(0)

  world.redis.kill('SIGCONT')
  await seenBy([api], product, old + 1)
  await world.allRelayed()
})

// Redis:  old price cached ── saved ── invalidated ── killed ── restarted with what was saved
//                                                               a new epoch: nothing of it is believed
test('a Redis that comes back with an old snapshot serves no old price, and the last hour is relayed again', async () => {
  const world = await World.open(database)
  const [one, two, worker] = await Promise.all([world.api(), world.api(), world.worker()])
  const product = await someProduct(sql, 2)
  const old = await servedFromMemory([one, two], product)
  await commandRedis(world.redis.url, 'save')
  await setPrice(sql, product, old + 1)
  await seenBy([one, two], product, old + 1)
  await world.allRelayed()

  world.redis.kill('SIGKILL')
  await world.redis.exited
  await world.restartRedis()
  expect(await commandRedis(world.redis.url, 'dbsize')).not.toBe(':0')
  expect(await worker.logs('redis lost its memory: the last hour is relayed again')).toMatchObject({
    rows: expect.any(Number),
  })
  await world.allRelayed()
  for (const api of [one, two]) {
    await expect.poll(async () => (await look(api, product)).status, { timeout: 20_000 }).toContain('detail=memory')
    expect((await look(api, product)).amount).toBe(old + 1)
  }
})

test('rows older than an hour are not relayed again after a loss', async () => {
  const world = await World.open(database)
  const worker = await world.worker()
  await sql`insert into outbox (tags, source, relayed_at) values
    ('{a}', 'test', now() - interval '61 minutes'), ('{b}', 'test', now() - interval '59 minutes')`
  await commandRedis(world.redis.url, 'flushall')
  expect(await worker.logs('redis lost its memory: the last hour is relayed again')).toMatchObject({ rows: 1 })
  await world.allRelayed()
})

test('a worker whose Postgres is away lives on, says so, and relays when it is back', async () => {
  const world = await World.open(database)
  const proxy = await HoldingProxy.before(database.url)
  const [api, worker] = await Promise.all([world.api(), world.worker({ DATABASE_URL: proxy.url })])
  const product = await someProduct(sql, 3)
  const old = await servedFromMemory([api], product)

  proxy.close()
  await setPrice(sql, product, old + 1)
  await worker.logs('postgres does not answer: nothing is relayed')
  expect((await fetch(`${worker.url}/livez`)).status).toBe(200)
  expect((await fetch(`${worker.url}/readyz`)).status).toBe(503)

  await HoldingProxy.before(database.url, Number(new URL(proxy.url).port))
  await seenBy([api], product, old + 1)
  await world.allRelayed()
})
