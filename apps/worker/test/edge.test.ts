/** The edge is told of every change, once Redis knows and once more later, whoever dies or is away meanwhile. */

import { afterAll, expect, test } from 'vitest'

import { createDatabase } from './database.ts'
import { EdgeServer } from './edge-server.ts'
import { setPrice, someProduct, World } from './world.ts'

const database = await createDatabase()
afterAll(() => database.close())
const { sql } = database

/** The second time comes soon. */
const SOON = { CACHE_MAX_STALENESS_MS: '50' }
/** The second time comes after the test. */
const LATER = { CACHE_MAX_STALENESS_MS: '60000' }

async function reprice(product: number): Promise<string> {
  const [row] = await sql<{ amount: number }[]>`select price_amount as amount from products where id = ${product}`
  await setPrice(sql, product, (row?.amount ?? 0) + 1)
  return `product:${product}`
}

/** Rows by how often the edge was told of them. */
async function purges(): Promise<readonly number[]> {
  const rows = await sql<{ purges: number }[]>`select distinct purges from outbox order by purges`
  return rows.map((row) => row.purges)
}

test('a change by psql is purged twice, the second time when no API may serve the old value any more', async () => {
  const world = await World.open(database)
  const edge = await EdgeServer.open()
  await world.worker({ EDGE_PURGE_URL: edge.url, ...SOON })
  const key = await reprice(await someProduct(sql, 0))
  await edge.isTold(key, 1)
  await edge.isTold('any-change', 1)
  await edge.isTold(key, 2)
  await expect.poll(purges).toEqual([2])
})

test('a change whose row the API has marked is purged as well', async () => {
  const world = await World.open(database)
  const edge = await EdgeServer.open()
  const [api] = await Promise.all([world.api(), world.worker({ EDGE_PURGE_URL: edge.url, ...LATER })])
  const product = await someProduct(sql, 1)
  const response = await fetch(`${api.url}/products/${product}/price`, {
    method: 'PUT',
    headers: { Authorization: 'Bearer the-token-of-this-process', 'Content-Type': 'application/json' },
    body: JSON.stringify({ amount: 4711, currency: 'EUR' }),
  })
  expect(response.status).toBe(200)
  await edge.isTold(`product:${product}`, 1)
})

// Redis:  down ──────────────────────────────────────────── back ── acknowledged
// edge:          told of what is relayed, not of what is open             told
test('the edge is not told before Redis has acknowledged', async () => {
  const world = await World.open(database)
  const edge = await EdgeServer.open()
  const worker = await world.worker({ EDGE_PURGE_URL: edge.url, ...LATER })
  world.redis.kill('SIGKILL')
  await world.redis.exited
  const key = await reprice(await someProduct(sql, 2))
  await worker.logs('redis does not acknowledge: rows of the outbox wait')
  await sql`insert into outbox (tags, source, relayed_at) values ('{relayed}', 'test', now())`
  await edge.isTold('relayed', 1)
  expect(edge.told(key)).toBe(0)
  await world.restartRedis()
  await edge.isTold(key, 1)
})

test('an edge that is away fails nothing else, and is told when it is back', async () => {
  const world = await World.open(database)
  const edge = await EdgeServer.open()
  const worker = await world.worker({ EDGE_PURGE_URL: edge.url, ...LATER })
  await edge.stop()
  const key = await reprice(await someProduct(sql, 3))
  const said = 'the edge is not purged: what it keeps may be old until its max-age'
  expect(await worker.logs(said)).toMatchObject({ level: 'warn', failures: 1 })
  await world.allRelayed()
  expect((await fetch(`${worker.url}/readyz`)).status).toBe(200)
  const other = await reprice(await someProduct(sql, 4))
  await world.allRelayed()
  expect(edge.purges).toEqual([])

  await edge.start()
  await edge.isTold(key, 1)
  await edge.isTold(other, 1)
})

test('an edge that refuses is told again', async () => {
  const world = await World.open(database)
  const edge = await EdgeServer.open()
  await world.worker({ EDGE_PURGE_URL: edge.url, ...LATER })
  edge.status = 503
  const key = await reprice(await someProduct(sql, 5))
  await edge.hasRequests(3)
  edge.status = 200
  await edge.isTold(key, 1)
})

// first:   claims ── tells the edge ──╳ killed        the row is due as before
// second:                                     claims ── tells the edge ── marks
test('what a killed worker was telling the edge is told by the next', async () => {
  const world = await World.open(database)
  const edge = await EdgeServer.open()
  const doomed = await world.worker({ EDGE_PURGE_URL: edge.url, ...LATER })
  edge.gate = new Promise(() => undefined)
  const key = await reprice(await someProduct(sql, 6))
  await edge.hasRequests(1)
  await doomed.kill()
  expect(await purges()).toEqual([0])

  edge.gate = Promise.resolve()
  await world.worker({ EDGE_PURGE_URL: edge.url, ...LATER })
  await edge.isTold(key, 1)
})

// one:     claims 1 … n ── tells the edge, which is slow
// other:                      claims n + 1 … and none of the first
test('two workers tell the edge of each change once', async () => {
  const world = await World.open(database)
  const edge = await EdgeServer.open()
  await Promise.all([1, 2].map(() => world.worker({ EDGE_PURGE_URL: edge.url, ...LATER })))
  const slow = Promise.withResolvers<void>()
  edge.gate = slow.promise
  const keys = [await reprice(await someProduct(sql, 10))]
  await edge.hasRequests(1)
  for (let place = 11; place < 40; place++) keys.push(await reprice(await someProduct(sql, place)))
  await edge.hasRequests(2)
  slow.resolve()
  await expect.poll(purges, { timeout: 20_000 }).toEqual([1])
  expect(keys.map((key) => edge.told(key))).toEqual(keys.map(() => 1))
})

test('without an edge nothing is told, and rows are relayed as ever', async () => {
  const world = await World.open(database)
  await world.worker()
  await reprice(await someProduct(sql, 7))
  await world.allRelayed()
  expect(await purges()).toEqual([0])
})
