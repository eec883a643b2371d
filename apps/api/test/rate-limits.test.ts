/** Limits that hold for all processes, and what is left of them while Redis is away or stands still. */

import { type RunningServer, startRedis, temporaryDirectory } from '@shop/local-stack'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'

import { type OpenRateLimits, openRateLimits } from '../src/limits/rate-limits.ts'
import { postgresOrders } from '../src/orders/repository.ts'
import { createDatabase } from './database.ts'
import { asCustomer, insertFixtureWithoutOrders } from './ordering.ts'
import { RecordingLog } from './recording-log.ts'
import { createTestApp, type TestApp } from './test-app.ts'

const QUOTA = 4
/** Longer than any test: none meets the end of its window. */
const WINDOW_S = 600
/** A variant of the fixture with five pieces. */
const STEEL = 1
/** Longer than a busy machine takes: where Redis is there, its count is awaited. */
const PATIENT_MS = 10_000

const database = await createDatabase()
afterAll(() => database.close())

let redis: RunningServer
let close: (() => unknown)[] = []

beforeEach(async () => {
  await insertFixtureWithoutOrders(database.sql)
  const directory = await temporaryDirectory('limits')
  redis = await startRedis({ dir: directory.path })
  close = [() => redis.stop(), () => directory.remove()]
})

afterEach(async () => {
  for (const one of close) await one()
})

interface Process extends TestApp {
  readonly limits: OpenRateLimits
  readonly limitsLog: RecordingLog
}

/** As a process of the API is, in front of the one Redis. */
async function openProcess(commandTimeoutMs = PATIENT_MS): Promise<Process> {
  const limitsLog = new RecordingLog()
  const limits = openRateLimits({
    customer: QUOTA,
    admin: 0,
    windowS: WINDOW_S,
    redisUrl: redis.url,
    log: limitsLog,
    commandTimeoutMs,
  })
  close.unshift(() => limits.close())
  await untilShared(limits, true)
  return { ...createTestApp({ rateLimits: limits, orders: postgresOrders(database.db) }), limits, limitsLog }
}

function openClient(): Redis {
  const client = new Redis(redis.url)
  close.unshift(() => client.disconnect())
  return client
}

function untilShared(limits: OpenRateLimits, shared: boolean): Promise<void> {
  return expect.poll(() => limits.shared, { interval: 5 }).toBe(shared)
}

async function order({ request }: TestApp, customer: number, key = 'a-key'): Promise<number> {
  const response = await request('/orders', {
    method: 'POST',
    headers: { ...(await asCustomer(customer)), 'Content-Type': 'application/json', 'Idempotency-Key': key },
    body: JSON.stringify({ lines: [{ variantId: STEEL, quantity: 1 }] }),
  })
  return response.status
}

test('two processes share one limit, and a replayed order counts like any other', async () => {
  const [one, other] = [await openProcess(), await openProcess()]
  expect(await order(one, 1)).toBe(201)
  expect(await order(other, 1)).toBe(201)
  expect(await order(one, 1)).toBe(201)
  expect(await order(other, 1)).toBe(201)
  expect([await order(one, 1), await order(other, 1)]).toEqual([429, 429])
  const placed = await database.sql`select from orders`
  expect(placed).toHaveLength(1)
  expect([await order(one, 2), await order(other, 2)]).toEqual([201, 201])
})

test('a count is one small key that goes with its window', async () => {
  const one = await openProcess()
  await order(one, 1)
  await order(one, 1)
  const client = openClient()
  expect(await client.keys('*')).toEqual(['shop:rate:customer:1'])
  expect(await client.get('shop:rate:customer:1')).toBe('2')
  const left = await client.pttl('shop:rate:customer:1')
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThanOrEqual(WINDOW_S * 1_000)
})

test('whoever is refused once is refused without a question to Redis until the window ends', async () => {
  const one = await openProcess()
  for (let i = 0; i < QUOTA + 5; i++) await order(one, 1)
  const client = openClient()
  expect(await client.get('shop:rate:customer:1')).toBe(String(QUOTA + 1))
})

test('without Redis each process counts alone, from nothing', async () => {
  const [one, other] = [await openProcess(), await openProcess()]
  expect(await order(one, 1)).toBe(201)
  redis.kill('SIGKILL')
  await Promise.all([untilShared(one.limits, false), untilShared(other.limits, false)])
  for (const process of [one, other]) {
    const answered: number[] = []
    for (let i = 0; i < QUOTA + 1; i++) answered.push(await order(process, 1))
    expect(answered).toEqual([201, 201, 201, 201, 429])
  }
  await expect
    .poll(() => one.limitsLog.lines.map(({ message }) => message), { interval: 5 })
    .toEqual(['rate limits are counted by this process alone'])
})

// Redis    ───────┤ stands still                              ├─────────────
// order 1            waits for its count: 250 ms, no longer
// orders 2 to 4            the connection is given up: no wait
// order 5                                                         counted by Redis
test('while Redis stands still orders are placed, and afterwards they are counted together again', async () => {
  const [one, client] = [await openProcess(250), openClient()]
  redis.kill('SIGSTOP')
  expect(await order(one, 1, 'first')).toBe(201)
  await untilShared(one.limits, false)
  expect([await order(one, 1, 'second'), await order(one, 1, 'third')]).toEqual([201, 201])
  redis.kill('SIGCONT')
  await untilShared(one.limits, true)
  // A busy machine may miss the deadline once more, and that order is counted here.
  const countOfNext = async (): Promise<number> => {
    await order(one, 2)
    return Number(await client.get('shop:rate:customer:2'))
  }
  await expect.poll(countOfNext, { interval: 5 }).toBeGreaterThan(0)
})
