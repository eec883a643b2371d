import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'

import { ADMIN_TOKEN, type ApiProcess, startApi } from '../../test/api-process.ts'
import { memoryCache } from '../../test/caches.ts'
import { createDatabase } from '../../test/database.ts'
import { insertFixture } from '../../test/fixture.ts'
import { createTestApp } from '../../test/test-app.ts'

describe('of a process', async () => {
  const database = await createDatabase()
  beforeAll(() => insertFixture(database.sql))
  afterAll(() => database.close())

  async function act(api: ApiProcess, method: string, path: string, body?: object) {
    const response = await fetch(`${api.url}/admin/cache${path}`, {
      method,
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    expect(response.status).toBe(200)
    const requestId = response.headers.get('X-Request-Id')
    const find = () => api.lines.find(({ msg, request_id }) => msg === 'admin act' && request_id === requestId)
    await expect.poll(find, { timeout: 10_000, interval: 5 }).toBeDefined()
    const { action, resources, tags, keys, acknowledged, found, duration_ms, principal, client, level } = find() ?? {}
    expect({ principal, client, level }).toEqual({ principal: 'admin', client: '127.0.0.1', level: 'info' })
    return { action, resources, tags, keys, acknowledged, found, duration_ms }
  }

  test('each act has one line that says who did what, and none has the token', async () => {
    const api = await startApi({ DATABASE_URL: database.url, REDIS_URL: inject('redisUrl') })
    const invalidate = (body: object) => act(api, 'POST', '/invalidations', body)
    expect(await act(api, 'GET', '')).toEqual({ action: 'overview' })
    expect(await act(api, 'GET', '/product?key=1')).toEqual({ action: 'explain', resources: ['product'], keys: 1 })
    expect(await invalidate({ tags: ['product:1', 'product:2'] })).toEqual({
      action: 'invalidate',
      resources: [],
      tags: 2,
      keys: 0,
      acknowledged: true,
    })
    expect(await invalidate({ resource: 'product', key: ['1'] })).toMatchObject({ resources: ['product'], keys: 1 })
    expect(await invalidate({ resource: 'product' })).toMatchObject({ resources: ['product'], tags: 0, keys: 0 })
    expect(await invalidate({ all: true })).toMatchObject({
      resources: expect.arrayContaining(['category', 'product']),
    })
    expect(await act(api, 'POST', '/warm', { products: [1, 2, 4711] })).toEqual({
      action: 'warm',
      resources: ['product'],
      keys: 3,
      found: 2,
      duration_ms: expect.any(Number),
    })
    expect(api.lines.filter(({ msg }) => msg === 'admin act').length).toBe(7)
    expect(JSON.stringify(api.lines)).not.toContain(ADMIN_TOKEN)
  })
})

test('an act that fails has a line too, with the request that finds the reason', async () => {
  const cache = memoryCache()
  const { send, log } = createTestApp({ cache })
  await cache.close()
  expect((await send('POST', '/admin/cache/invalidations', { tags: ['product:1'] })).status).toBe(503)
  const line = log.lines.find(({ message }) => message === 'admin act')
  expect(line).toMatchObject({ level: 'warn', fields: { action: 'invalidate', tags: 1, failed: true } })
  const reason = log.lines.find(({ level }) => level === 'error')
  expect(reason?.fields.request_id).toBe(line?.fields.request_id)
})
