import { expect, test } from 'vitest'

import { asCustomer } from '../../test/ordering.ts'
import { RecordingLog } from '../../test/recording-log.ts'
import { ADMIN, createTestApp, type TestApp } from '../../test/test-app.ts'
import { openRateLimits } from '../limits/rate-limits.ts'
import { orderNotFound } from './problem.ts'

const ORDER = '/orders/00000000-0000-4000-8000-000000000000'

/** Its orders are never found, so a request that gets as far as them is answered 404. */
function limitedApp({ customer = 3, admin = 2 } = {}): TestApp {
  const rateLimits = openRateLimits({
    customer,
    admin,
    redisUrl: undefined,
    commandTimeoutMs: 250,
    log: new RecordingLog(),
  })
  const none = () => Promise.reject(orderNotFound())
  return createTestApp({ rateLimits, orders: { place: none, get: none } })
}

async function statuses(count: number, request: () => Promise<Response>): Promise<readonly number[]> {
  const answered: number[] = []
  for (let i = 0; i < count; i++) answered.push((await request()).status)
  return answered
}

test('what is beyond the limit of a customer is refused, and says when to try again', async () => {
  const { request } = limitedApp()
  const headers = await asCustomer(1)
  expect(await statuses(3, () => request(ORDER, { headers }))).toEqual([404, 404, 404])

  const response = await request(ORDER, { headers })
  expect(response.status).toBe(429)
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  const seconds = response.headers.get('Retry-After')
  expect(seconds).toMatch(/^([1-9]|10)$/)
  expect(response.headers.get('RateLimit-Policy')).toBe('"customer";q=3;w=10')
  expect(response.headers.get('RateLimit')).toBe(`"customer";r=0;t=${seconds}`)
  expect(await response.json()).toEqual({
    type: '/problems/too-many-requests',
    title: 'You have sent too many requests.',
    status: 429,
    detail: 'Nothing was done. The next window begins soon.',
    requestId: response.headers.get('X-Request-Id'),
  })
})

test('each answer says how much is left, a problem too', async () => {
  const { request } = limitedApp()
  const headers = await asCustomer(1)
  const left = async () => (await request(ORDER, { headers })).headers.get('RateLimit')?.split(';')[1]
  expect([await left(), await left(), await left(), await left()]).toEqual(['r=2', 'r=1', 'r=0', 'r=0'])
})

test('another customer is not affected, and neither is the administrator', async () => {
  const { request } = limitedApp()
  const [one, other] = [await asCustomer(1), await asCustomer(2)]
  expect(await statuses(4, () => request(ORDER, { headers: one }))).toContain(429)
  expect(await statuses(3, () => request(ORDER, { headers: other }))).toEqual([404, 404, 404])
  expect((await request('/admin/cache', { headers: ADMIN })).status).toBe(404)
})

test('the routes of the administrator share one limit, and what is beyond it does nothing', async () => {
  const { request, send } = limitedApp()
  expect((await request('/admin/cache', { headers: ADMIN })).status).toBe(404)
  expect((await send('PUT', '/products/1/price', { amount: 1, currency: 'EUR' })).status).toBe(200)
  const refused = await send('PUT', '/products/1/price', { amount: 2, currency: 'EUR' })
  expect([refused.status, refused.headers.get('RateLimit-Policy')]).toEqual([429, '"admin";q=2;w=10'])
  expect((await send('PATCH', '/products/1', { name: 'A name' })).status).toBe(429)
  expect(await (await request('/products/1')).json()).toMatchObject({ price: { amount: 1 } })
})

test('a token that is not good costs nobody anything', async () => {
  const { request } = limitedApp()
  const forged = { Authorization: `${(await asCustomer(1)).Authorization}x` }
  expect(await statuses(9, () => request(ORDER, { headers: forged }))).toEqual(Array(9).fill(401))
  expect(await statuses(9, () => request('/admin/cache', { headers: forged }))).toEqual(Array(9).fill(401))
  expect((await request(ORDER, { headers: forged })).headers.has('RateLimit')).toBe(false)
  const good = await asCustomer(1)
  expect(await statuses(4, () => request(ORDER, { headers: good }))).toEqual([404, 404, 404, 429])
})

test('a request that is not valid counts, and beyond the limit nobody looks whether it is', async () => {
  const { request } = limitedApp()
  const headers = await asCustomer(1)
  expect(await statuses(4, () => request('/orders/no-id', { headers }))).toEqual([400, 400, 400, 429])
})

test('whoever is nobody is not limited', async () => {
  const { request } = limitedApp()
  for (let i = 0; i < 9; i++) {
    const response = await request('/products/1')
    expect([response.status, response.headers.has('RateLimit-Policy')]).toEqual([200, false])
  }
})

test('a limit of 0 is none', async () => {
  const { request } = limitedApp({ customer: 0 })
  const headers = await asCustomer(1)
  expect(await statuses(9, () => request(ORDER, { headers }))).toEqual(Array(9).fill(404))
  expect((await request(ORDER, { headers })).headers.has('RateLimit')).toBe(false)
  expect(await statuses(3, () => request('/admin/cache', { headers: ADMIN }))).toEqual([404, 404, 429])
})
