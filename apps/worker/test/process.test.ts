/** The worker as a process: how it starts, what it says, and how it goes. */

import { createServer } from 'node:net'
import { freePort } from '@shop/local-stack'
import { afterAll, expect, onTestFinished, test } from 'vitest'

import { createDatabase } from './database.ts'
import { ShopProcess } from './process.ts'
import { commandRedis, World } from './world.ts'

const database = await createDatabase()
afterAll(() => database.close())
const { sql } = database

test('it tells its parent and its log where it listens, and is ready', async () => {
  const world = await World.open(database)
  const worker = await world.worker()
  expect(worker.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(await worker.logs('listening')).toMatchObject({ url: worker.url, apis: 0, tracing: false })
  expect((await fetch(`${worker.url}/livez`)).status).toBe(200)
  expect(await (await fetch(`${worker.url}/readyz`)).json()).toMatchObject({
    status: 'ready',
    dependencies: { postgres: { state: 'up' }, redis: { state: 'up' } },
    outbox: { oldestOpenMs: expect.any(Number) },
  })
})

test('with a wrong configuration it prints every problem and ends with 1', async () => {
  const worker = new ShopProcess('worker', { PORT: 'many' })
  expect(await worker.exitCode()).toBe(1)
  expect(worker.errors).toMatch(/DATABASE_URL is required/)
  expect(worker.errors).toMatch(/REDIS_URL is required/)
  expect(worker.errors).toMatch(/PORT expected a whole number/)
})

test('on a taken port it says how to mend it and ends with 1', async () => {
  const world = await World.open(database)
  const taken = createServer()
  const port = await freePort()
  await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => void taken.close())
  const servers = { DATABASE_URL: database.url, REDIS_URL: world.redis.url }
  const worker = new ShopProcess('worker', { ...servers, PORT: String(port) })
  expect(await worker.exitCode()).toBe(1)
  expect(await worker.logs('cannot listen')).toMatchObject({ cure: expect.stringContaining('Set PORT to a free one') })
})

test('without any of its servers it starts, lives and is not ready', async () => {
  const away = `127.0.0.1:${await freePort()}`
  const servers = { DATABASE_URL: `postgres://shop@${away}/shop`, REDIS_URL: `redis://${away}` }
  const worker = await new ShopProcess('worker', servers).listening()
  expect((await fetch(`${worker.url}/livez`)).status).toBe(200)
  expect((await fetch(`${worker.url}/readyz`)).status).toBe(503)
})

test.each(['SIGTERM', 'SIGINT'] as const)('after %s it ends its turns and exits with 0', async (signal) => {
  const world = await World.open(database)
  const worker = await world.worker()
  worker.child.kill(signal)
  expect(await worker.exitCode()).toBe(0)
  expect(await worker.logs('draining')).toMatchObject({ reason: signal })
  expect(await worker.logs('stopped')).toBeDefined()
})

test('when its parent is gone it ends by itself', async () => {
  const world = await World.open(database)
  const worker = await world.worker()
  worker.child.disconnect()
  expect(await worker.exitCode()).toBe(0)
})

test('a turn that does not end is cut off when the time is up, and its rows are open', async () => {
  const world = await World.open(database)
  const worker = await world.worker({ SHUTDOWN_TIMEOUT_MS: '500' })
  await sql.begin(async (tx) => {
    await tx`lock table outbox in access exclusive mode`
    await tx`insert into outbox (tags, source) values ('{a}', 'test')`
    await world.workerWaits()
    worker.child.kill('SIGTERM')
    expect(await worker.exitCode()).toBe(0)
  })
  await worker.logs('drain cut short')
  expect(await world.open()).toBe(1)
})

test('what was relayed more than an hour ago is removed at the start', async () => {
  const world = await World.open(database)
  await sql`insert into outbox (tags, source, relayed_at) values
    ('{a}', 'test', now() - interval '61 minutes'), ('{b}', 'test', now() - interval '59 minutes')`
  await world.worker()
  const tags = async () => (await sql<{ tags: string[] }[]>`select tags from outbox`).flatMap((row) => row.tags)
  await expect.poll(tags, { timeout: 10_000 }).toEqual(['b'])
})

test('a row that waits behind 2 000 others is relayed with them', async () => {
  const world = await World.open(database)
  await sql`insert into outbox (tags, source) select array['product:' || n], 'test' from generate_series(1, 2001) n`
  await world.worker()
  await world.allRelayed()
})

test('a claim with more tags than one invalidation may have is relayed in parts', async () => {
  const world = await World.open(database)
  await sql`insert into outbox (tags, source)
    select array_agg('product:' || (block * 500 + n)), 'test'
    from generate_series(0, 49) block, generate_series(1, 500) n group by block`
  await world.worker()
  await world.allRelayed()
  // Each tag has a key of its own in Redis.
  expect(Number((await commandRedis(world.redis.url, 'dbsize')).slice(1))).toBeGreaterThanOrEqual(25_000)
})
