/**
 * Processes that are killed on the way from a commit to the caches: an API between its commit and its invalidation, and a
 * relay at each of its steps. Each is held at its step from outside, by a lock in Postgres or by a proxy before Redis.
 */

import { afterAll, expect, test } from 'vitest'

import { createDatabase } from './database.ts'
import { HoldingProxy } from './holding-proxy.ts'
import { ADMIN_TOKEN } from './process.ts'
import { look, seenBy, servedFromMemory, setPrice, someProduct, World } from './world.ts'

const database = await createDatabase()
afterAll(() => database.close())
const { sql } = database

/** Rows of the outbox that some transaction holds locked. */
async function held(): Promise<number> {
  const [row] = await sql.begin(
    (tx) => tx<{ n: number }[]>`
      with free as (select id from outbox where relayed_at is null for update skip locked)
      select (select count(*) from outbox where relayed_at is null) - (select count(*) from free) as n`,
  )
  return row?.n ?? 0
}

// writer: commit ──── invalidate ──╳ killed, Redis has heard nothing
// other:  serves the old price from memory ─────────────────── the relay
test('what an API killed between commit and invalidation has changed is shown by the others', async () => {
  const world = await World.open(database)
  const proxy = await HoldingProxy.before(world.redis.url)
  const [writer, other] = await Promise.all([world.api({ REDIS_URL: proxy.url }), world.api()])
  const product = await someProduct(sql, 0)
  const old = await servedFromMemory([writer, other], product)

  const tag = `product:${product}`
  const invalidating = proxy.hold(`"${tag}"`, 'command')
  const put = fetch(`${writer.url}/products/${product}/price`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ amount: old + 1, currency: 'EUR' }),
  }).catch(() => undefined)
  await invalidating
  await writer.kill()
  await put
  const [row] = await sql`select price_amount from products where id = ${product}`
  expect(row?.price_amount).toBe(old + 1)
  await expect.poll(() => look(other, product)).toMatchObject({ amount: old })

  await world.worker()
  await seenBy([other], product, old + 1)
  await world.allRelayed()
})

test('a relay killed before it has claimed leaves the rows to another', async () => {
  const world = await World.open(database)
  const [api, victim] = await Promise.all([world.api(), world.worker()])
  const product = await someProduct(sql, 1)
  const old = await servedFromMemory([api], product)

  await sql.begin(async (tx) => {
    await tx`lock table outbox in access exclusive mode`
    await setPrice(tx as unknown as typeof sql, product, old + 1)
    await world.workerWaits()
    await victim.kill()
  })
  expect((await look(api, product)).amount).toBe(old)
  await world.worker()
  await seenBy([api], product, old + 1)
  await world.allRelayed()
})

// victim:  claim ──── invalidate … never leaves the machine ──╳
// other:                                                          claim ──── invalidate ──── mark
test('a relay killed after its claim, before Redis, loses nothing: the row is open again', async () => {
  const world = await World.open(database)
  const proxy = await HoldingProxy.before(world.redis.url)
  const [api, victim] = await Promise.all([world.api(), world.worker({ REDIS_URL: proxy.url })])
  const product = await someProduct(sql, 2)
  const old = await servedFromMemory([api], product)

  const invalidating = proxy.hold(`"product:${product}"`, 'command')
  await setPrice(sql, product, old + 1)
  await invalidating
  await victim.kill()
  expect(await world.open()).toBeGreaterThan(0)
  await expect.poll(held).toBe(0)
  expect((await look(api, product)).amount).toBe(old)

  await world.worker()
  await seenBy([api], product, old + 1)
  await world.allRelayed()
})

// victim:  claim ──── invalidate, Redis: done ──── answer lost ──╳
// other:                                                            claim ──── invalidate again ──── mark
test('a relay killed after Redis, before the mark, leaves the row open, and another does it again', async () => {
  const world = await World.open(database)
  const proxy = await HoldingProxy.before(world.redis.url)
  const [api, victim] = await Promise.all([world.api(), world.worker({ REDIS_URL: proxy.url })])
  const product = await someProduct(sql, 3)
  const older = await servedFromMemory([api], product)
  // The first invalidation brings its script to Redis, with an answer between; the second is one command.
  await setPrice(sql, product, older - 1)
  await seenBy([api], product, older - 1)
  await world.allRelayed()
  const old = await servedFromMemory([api], product)

  const invalidating = proxy.hold(`"product:${product}"`, 'answer')
  await setPrice(sql, product, old + 1)
  await invalidating
  await seenBy([api], product, old + 1)
  await victim.kill()
  expect(await world.open()).toBeGreaterThan(0)

  await world.worker()
  await world.allRelayed()
  expect((await look(api, product)).amount).toBe(old + 1)
})

// one:  claims row 1 ──── held before Redis ─────────────────────╳ killed
// two:                       claims row 2, relays it                 claims row 1, relays it
test('two relays share: what one holds keeps no other row waiting, and is taken over when it dies', async () => {
  const world = await World.open(database)
  const proxy = await HoldingProxy.before(world.redis.url)
  const [api, one] = await Promise.all([world.api(), world.worker({ REDIS_URL: proxy.url })])
  const [first, second] = (await Promise.all([4, 5].map((place) => someProduct(sql, place)))) as [number, number]
  const old = await servedFromMemory([api], first)
  const oldSecond = await servedFromMemory([api], second)

  // Its second connection to Postgres is free, and so would be its next turn; a frozen process has neither.
  const invalidating = proxy.hold(`"product:${first}"`, 'command')
  await setPrice(sql, first, old + 1)
  await invalidating
  one.child.kill('SIGSTOP')
  await world.worker()
  await setPrice(sql, second, oldSecond + 1)
  await seenBy([api], second, oldSecond + 1)
  expect(await held()).toBeGreaterThan(0)
  expect((await look(api, first)).amount).toBe(old)

  await one.kill()
  await seenBy([api], first, old + 1)
  await world.allRelayed()
})

test('three relays on 600 changes, one of them killed on the way, lose none', async () => {
  const world = await World.open(database)
  const [api, ...workers] = await Promise.all([world.api(), world.worker(), world.worker(), world.worker()])
  const products = await Promise.all([10, 20, 30].map((place) => someProduct(sql, place)))
  const old = await Promise.all(products.map((product) => servedFromMemory([api], product)))
  for (let round = 1; round <= 200; round++) {
    await Promise.all(products.map((product, index) => setPrice(sql, product, (old[index] as number) + round)))
    if (round === 100) await workers[0]?.kill()
  }
  await Promise.all(products.map((product, index) => seenBy([api], product, (old[index] as number) + 200)))
  await world.allRelayed()
})
