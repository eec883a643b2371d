/** `npm start`, whole: what it starts it stops, what was committed stays, and what goes wrong is said. */

import { execFileSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

import { connect } from '@shop/db'
import { commandOf, freePort, signal, type TemporaryDirectory, temporaryDirectory, until } from '@shop/local-stack'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { changePrice, killAll, priceOf, processesOfShop, type Shop, startShop } from './shop.ts'

let directory: TemporaryDirectory
let data: string
const shops: Shop[] = []

beforeAll(async () => {
  directory = await temporaryDirectory('start')
  data = join(realpathSync(directory.path), 'shop')
})
afterEach(async () => {
  for (const { npm, ended } of shops.splice(0)) {
    if (npm.exitCode === null && npm.signalCode === null) npm.kill('SIGTERM')
    await ended
  }
  expect(processesOfShop(data)).toEqual([])
})
afterAll(() => directory.remove())

function start(...args: string[]): Shop {
  const shop = startShop(data, args)
  shops.push(shop)
  return shop
}

test('it starts, says how to use it, and a Ctrl-C stops all of it with exit code 0', async () => {
  const shop = start()
  const { urls } = await shop.ready()
  expect(await (await fetch(`${urls?.[0]}/readyz`)).json()).toMatchObject({ status: 'ready' })
  expect(shop.said().match(/^ {2}curl .*$/gm)).toHaveLength(3)
  expect(processesOfShop(data).filter(({ command }) => command.includes('apps/worker/src/main.ts'))).toHaveLength(1)
  shop.interrupt()
  expect(await shop.ended).toBe(0)
  expect(processesOfShop(data)).toEqual([])
  expect(existsSync(join(data, 'running.json'))).toBe(false)
})

test('the three lines it prints work as they are', async () => {
  const shop = start()
  await shop.ready()
  const [read = '', again = '', change = ''] = shop.said().match(/^ {2}curl .*$/gm) ?? []
  const run = (line: string) => execFileSync('sh', ['-c', line], { encoding: 'utf8' })
  const { price } = JSON.parse(run(read))
  expect(run(again)).toMatch(/^cache-status: .*; hit/im)
  const changed = run(change)
  expect(changed).toMatch(/^HTTP\/1\.1 200/m)
  const after = JSON.parse(changed.slice(changed.lastIndexOf('\r\n\r\n')))
  expect(after.price.amount).not.toBe(price.amount)
})

test('three processes listen on three ports and see the same price', async () => {
  const { urls = [] } = await start('--api', '3').ready()
  expect(new Set(urls).size).toBe(3)
  for (const url of urls) await priceOf(url)
  expect(await changePrice(urls[0] as string, 4321)).toBe(200)
  const seen = async () => Promise.all(urls.map((url) => priceOf(url)))
  await expect.poll(seen, { timeout: 5_000 }).toEqual([4321, 4321, 4321])
})

test('after SIGKILL of everything the next start has the last price', async () => {
  const shop = start()
  const running = await shop.ready()
  expect(await changePrice(running.urls?.[0] as string, 1234)).toBe(200)
  await killAll(data, shop, running)
  const { urls } = await start().ready()
  expect(await priceOf(urls?.[0] as string)).toBe(1234)
})

test('after SIGKILL of the start script alone the next start takes over from the servers it left', async () => {
  const shop = start()
  const running = await shop.ready()
  expect(await changePrice(running.urls?.[0] as string, 2345)).toBe(200)
  signal(running.pid, 'SIGKILL')
  expect(await shop.ended).toBe('SIGKILL')
  expect(processesOfShop(data).length).toBeGreaterThan(1)
  const { urls } = await start().ready()
  expect(await priceOf(urls?.[0] as string)).toBe(2345)
})

test('an API process that a killed start left hanging is ended by the next start', async () => {
  const shop = start()
  const { pid } = await shop.ready()
  const api = processesOfShop(data).find(({ command }) => command.includes('apps/api/src/main.ts'))?.pid as number
  signal(api, 'SIGSTOP')
  signal(pid, 'SIGKILL')
  await shop.ended
  await start().ready()
  expect(commandOf(api)).toBeUndefined()
})

test.each(['npm', 'run.mjs'])('when %s is killed the shop stops by itself', async (victim) => {
  const shop = start()
  const { pid, startedBy } = await shop.ready()
  signal(victim === 'npm' ? (shop.npm.pid as number) : startedBy, 'SIGKILL')
  expect(await until(() => commandOf(pid) === undefined, 20_000)).toBe(true)
  expect(processesOfShop(data)).toEqual([])
})

test('a second start in the same clone is refused and disturbs nothing', async () => {
  const first = start()
  const { urls, pid } = await first.ready()
  const second = start()
  expect(await second.ended).toBe(1)
  expect(second.said()).toContain(`already running at ${urls?.[0]} (pid ${pid})`)
  expect(await priceOf(urls?.[0] as string)).toBeGreaterThan(0)
})

test('a taken port moves to the next free one, and that is said', async () => {
  const port = await freePort()
  const listener = createServer().listen(port, '127.0.0.1')
  const shop = start('--port', String(port))
  const { urls } = await shop.ready()
  expect(Number(new URL(urls?.[0] as string).port)).toBeGreaterThan(port)
  expect(shop.said()).toContain(`Port ${port} is taken`)
  await new Promise((resolve) => listener.close(resolve))
})

test('an API process that ends unasked takes the others with it, and the exit code is 1', async () => {
  const shop = start('--api', '2')
  await shop.ready()
  const [api] = processesOfShop(data).filter(({ command }) => command.includes('apps/api/src/main.ts'))
  signal(api?.pid as number, 'SIGKILL')
  expect(await shop.ended).toBe(1)
  expect(shop.said()).toMatch(/api \d ended \(killed by SIGKILL\)\. Stopping the others/)
  expect(processesOfShop(data)).toEqual([])
})

test('an API process that was alone takes nobody with it', async () => {
  const shop = start('--no-redis')
  await shop.ready()
  const [api] = processesOfShop(data).filter(({ command }) => command.includes('apps/api/src/main.ts'))
  signal(api?.pid as number, 'SIGKILL')
  expect(await shop.ended).toBe(1)
  expect(shop.said()).toContain('api 1 ended (killed by SIGKILL). Stopping …')
})

test('a change by SQL is seen by every process, because a worker runs beside them', async () => {
  const { urls = [], databaseUrl = '' } = await start('--api', '2').ready()
  const old = await Promise.all(urls.map((url) => priceOf(url)))
  const { sql, close } = connect({ url: databaseUrl })
  await sql`update prices set amount = 7777, compare_at = null
    where variant_id in (select id from variants where product_id = 1)`
  await close()
  expect(old).not.toContain(7777)
  await expect.poll(() => Promise.all(urls.map((url) => priceOf(url))), { timeout: 10_000 }).toEqual([7777, 7777])
})

test('an end of the worker that nobody asked for stops the shop', async () => {
  const shop = start()
  await shop.ready()
  const [worker] = processesOfShop(data).filter(({ command }) => command.includes('apps/worker/src/main.ts'))
  signal(worker?.pid as number, 'SIGKILL')
  expect(await shop.ended).toBe(1)
  expect(shop.said()).toContain('worker ended (killed by SIGKILL). Stopping the others …')
})

test('without its database the shop stops, without its Redis it goes on', async () => {
  const shop = start()
  const { urls } = await shop.ready()
  const find = (name: RegExp) => processesOfShop(data).find(({ command }) => name.test(command))?.pid as number
  signal(find(/^(redis|valkey)-server/), 'SIGKILL')
  await expect.poll(() => shop.said(), { timeout: 5_000 }).toContain('Redis ended (SIGKILL)')
  expect(await priceOf(urls?.[0] as string)).toBeGreaterThan(0)
  signal(find(/bin\/postgres -D/), 'SIGKILL')
  expect(await shop.ended).toBe(1)
  expect(shop.said()).toContain('PostgreSQL ended (SIGKILL)')
})

test('a second Ctrl-C does not wait for what hangs', async () => {
  const shop = start()
  await shop.ready()
  const api = processesOfShop(data).find(({ command }) => command.includes('apps/api/src/main.ts'))
  signal(api?.pid as number, 'SIGSTOP')
  shop.interrupt()
  await until(() => shop.said().includes('Stopping'), 5_000)
  // One press arrives several times; those within a second are one.
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  shop.interrupt()
  expect(await shop.ended).toBe(1)
  expect(await until(() => processesOfShop(data).length === 0, 5_000)).toBe(true)
})

test('a stop in the middle of the start leaves nothing', async () => {
  for (const word of ['postgres', 'redis', 'migrate', 'seed']) {
    const shop = start()
    await until(() => shop.said().includes(word), 20_000, 1)
    shop.interrupt()
    expect(await shop.ended).toBe(0)
    expect(processesOfShop(data)).toEqual([])
  }
})

test('without Redis one process runs and says so', async () => {
  const shop = start('--no-redis')
  const { urls } = await shop.ready()
  expect(await (await fetch(`${urls?.[0]}/readyz`)).json()).toMatchObject({ dependencies: { redis: { state: 'off' } } })
  expect(shop.said()).toMatch(/^ {2}Redis +none$/m)
})
