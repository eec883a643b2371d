/** The API as a process: how it starts, what it says, and how it goes. */

import { Agent, get, type IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import { freePort, startRedis, temporaryDirectory } from '@shop/local-stack'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'

import { ADMIN_TOKEN, ApiProcess, startApi } from './api-process.ts'
import { createDatabase } from './database.ts'
import { insertFixture } from './fixture.ts'

const database = await createDatabase()
beforeAll(() => insertFixture(database.sql))
afterAll(() => database.close())

const WITHOUT_REDIS = { DATABASE_URL: database.url }
const WITH_REDIS = { DATABASE_URL: database.url, REDIS_URL: inject('redisUrl') }

describe('the start', () => {
  test('tells its parent and its log where it listens', async () => {
    const api = await startApi(WITH_REDIS)
    expect(api.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await api.logs('listening')).toMatchObject({ url: api.url, cache: 'on', redis: true, tracing: false })
    expect((await fetch(`${api.url}/products/1`)).status).toBe(200)
  })

  test('with a wrong configuration prints every problem and ends with 1', async () => {
    const api = new ApiProcess({ PORT: 'many', CACHE: 'maybe' })
    expect(await api.exitCode()).toBe(1)
    expect(api.errors).toMatch(/DATABASE_URL is required/)
    expect(api.errors).toMatch(/CACHE expected on, off, /)
    expect(api.errors).toMatch(/PORT expected a whole number/)
  })

  test('on a taken port says how to mend it and ends with 1', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void taken.close())
    const address = taken.address()
    const port = typeof address === 'object' && address ? String(address.port) : ''
    const api = new ApiProcess({ ...WITHOUT_REDIS, PORT: port })
    expect(await api.exitCode()).toBe(1)
    expect(await api.logs('cannot listen')).toMatchObject({ cure: expect.stringContaining('Set PORT to a free one') })
  })

  test('without REDIS_URL serves from memory, and says so', async () => {
    const api = await startApi(WITHOUT_REDIS)
    expect(await api.logs('cache without redis: one process only')).toMatchObject({ level: 'warn' })
    const status = async () => (await fetch(`${api.url}/products/1`)).headers.get('Cache-Status')
    expect(await status()).toMatch(/^shop; fwd=miss; stored/)
    expect(await status()).toMatch(/^shop; hit; ttl=/)
  })

  test('with CACHE=off asks the database each time and has no Cache-Status', async () => {
    const api = await startApi({ ...WITH_REDIS, CACHE: 'off' })
    const response = await fetch(`${api.url}/products/1`)
    expect(response.status).toBe(200)
    expect(response.headers.get('Cache-Status')).toBeNull()
    expect(await (await fetch(`${api.url}/readyz`)).json()).toMatchObject({
      status: 'ready',
      dependencies: { redis: { state: 'off' } },
    })
  })

  test('without its database serves 503 and is not ready, but alive', async () => {
    const api = await startApi({ DATABASE_URL: `postgres://shop@127.0.0.1:${await freePort()}/shop` })
    const [live, ready, product] = await Promise.all(
      ['/livez', '/readyz', '/products/1'].map((path) => fetch(`${api.url}${path}`)),
    )
    expect([live?.status, ready?.status, product?.status]).toEqual([200, 503, 503])
    expect(await product?.json()).toMatchObject({ type: '/problems/unavailable' })
    expect(product?.headers.get('Retry-After')).toBe('1')
  })
})

test('a read, the same read again, a change of price, and the read after it', async () => {
  const api = await startApi(WITH_REDIS)
  const read = async () => {
    const response = await fetch(`${api.url}/products/2`)
    const { price } = (await response.json()) as { price: { amount: number } }
    return [response.headers.get('Cache-Status')?.split('; ttl')[0], price.amount]
  }
  expect(await read()).toEqual(['shop; fwd=miss; stored', 1999])
  expect(await read()).toEqual(['shop; hit', 1999])
  const change = await fetch(`${api.url}/products/2/price`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ amount: 1799, currency: 'EUR' }),
  })
  expect(change.status).toBe(200)
  expect(await read()).toEqual(['shop; fwd=miss; stored', 1799])
  expect(await read()).toEqual(['shop; hit', 1799])
})

test('when Redis dies every read is still answered, and readiness says degraded until it is back', async () => {
  const directory = await temporaryDirectory('process')
  onTestFinished(() => directory.remove())
  const first = await startRedis({ dir: `${directory.path}/redis` })
  const api = await startApi({ ...WITHOUT_REDIS, REDIS_URL: first.url })
  const readiness = async () => ((await (await fetch(`${api.url}/readyz`)).json()) as { status: string }).status
  expect(await readiness()).toBe('ready')

  await first.stop()
  await expect.poll(readiness, { timeout: 10_000 }).toBe('degraded')
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => fetch(`${api.url}/products/${(n % 10) + 1}`)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  expect((await fetch(`${api.url}/readyz`)).status).toBe(200)
  await api.logs('redis down: reads go on without it')

  await startRedis({ dir: `${directory.path}/redis`, port: Number(new URL(first.url).port) })
  await expect.poll(readiness, { timeout: 15_000 }).toBe('ready')
})

describe('the drain', () => {
  /** Holds every read of products until it is released. */
  async function holdProducts(): Promise<() => Promise<void>> {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const { promise: held, resolve: hold } = Promise.withResolvers<void>()
    const transaction = database.sql.begin(async (tx) => {
      await tx`lock table products in access exclusive mode`
      hold()
      await released
    })
    await held
    return async () => {
      release()
      await transaction
    }
  }

  async function waiting(count: number): Promise<void> {
    const query = () =>
      database.sql<{ n: number }[]>`select count(*)::int n from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`
    await expect.poll(async () => (await query())[0]?.n, { timeout: 10_000, interval: 5 }).toBe(count)
  }

  function request(url: string, agent: Agent): Promise<IncomingMessage> {
    return new Promise((resolve, reject) =>
      get(url, { agent }, (message) => resolve(message.resume())).on('error', reject),
    )
  }

  test.each(['SIGTERM', 'SIGINT'] as const)('after %s an idle process ends with 0', async (signal) => {
    const api = await startApi(WITH_REDIS)
    await fetch(`${api.url}/products/1`)
    api.child.kill(signal)
    expect(await api.exitCode()).toBe(0)
    expect(await api.logs('draining')).toMatchObject({ reason: signal })
    expect(await api.logs('stopped')).toBeDefined()
  })

  // request: sent ---- waits for the lock ------------------------------- 200, Connection: close
  // SIGTERM:                              draining, no new connection              exit 0
  test('a request in flight is answered, its kept-alive connection closed, and no new one accepted', async () => {
    const api = await startApi({ ...WITH_REDIS, CACHE: 'off' })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    expect((await request(`${api.url}/livez`, agent)).headers.connection).toBe('keep-alive')

    const release = await holdProducts()
    const inFlight = request(`${api.url}/products/3`, agent)
    await waiting(1)
    api.child.kill('SIGTERM')
    api.child.kill('SIGTERM')
    await api.logs('draining')
    await expect(fetch(`${api.url}/livez`)).rejects.toThrow()

    await release()
    const response = await inFlight
    expect([response.statusCode, response.headers.connection]).toEqual([200, 'close'])
    expect(await api.exitCode()).toBe(0)
    expect(api.lines.map(({ msg }) => msg)).not.toContain('requests cut off')
  })

  test('a request that does not end is cut off when the time is up, and the process still ends with 0', async () => {
    const api = await startApi({ ...WITH_REDIS, CACHE: 'off', SHUTDOWN_TIMEOUT_MS: '500' })
    const release = await holdProducts()
    onTestFinished(release)
    const agent = new Agent()
    const inFlight = request(`${api.url}/products/3`, agent).catch((error: unknown) => error)
    await waiting(1)
    const signalledAt = performance.now()
    api.child.kill('SIGTERM')
    // It would wait for good otherwise: the lock is held until the test is over.
    expect(await api.exitCode()).toBe(0)
    expect(performance.now() - signalledAt).toBeGreaterThanOrEqual(500)
    expect(await inFlight).toBeInstanceOf(Error)
    expect(await api.logs('draining')).toMatchObject({ limit_ms: 500 })
    await api.logs('requests cut off')
  })

  test('a process whose parent is gone ends by itself', async () => {
    const api = await startApi(WITH_REDIS)
    api.child.disconnect()
    expect(await api.exitCode()).toBe(0)
  })

  test('a signal during the start is not lost', async () => {
    // A Redis that never answers keeps the start waiting for its second.
    const api = new ApiProcess({ ...WITHOUT_REDIS, REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
    await api.logs('redis does not answer yet: serving without it')
    api.child.kill('SIGTERM')
    expect(await api.exitCode()).toBe(0)
  })
})
