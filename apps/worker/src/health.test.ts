import { expect, test } from 'vitest'

import { type HealthDeps, healthApp } from './health.ts'

function ask(path: string, overrides: Partial<HealthDeps> = {}): Promise<Response> {
  const deps: HealthDeps = {
    lifecycle: { draining: false },
    oldestOpenMs: async () => 12,
    redis: () => 'up',
    ...overrides,
  }
  return Promise.resolve(healthApp(deps).request(path))
}

test('alive asks nothing of anyone', async () => {
  const response = await ask('/livez', { oldestOpenMs: () => Promise.reject(new Error('no')) })
  expect([response.status, await response.json()]).toEqual([200, { status: 'alive' }])
  expect(response.headers.get('Cache-Control')).toBe('no-store')
})

test('ready says how long the oldest open row has waited', async () => {
  const response = await ask('/readyz')
  expect([response.status, await response.json()]).toEqual([
    200,
    {
      status: 'ready',
      dependencies: { postgres: { state: 'up', required: true }, redis: { state: 'up', required: false } },
      outbox: { oldestOpenMs: 12 },
    },
  ])
})

test.each<[string, number, Partial<HealthDeps>]>([
  ['degraded', 200, { redis: () => 'down' }],
  ['not-ready', 503, { oldestOpenMs: () => Promise.reject(new Error('no')) }],
  ['not-ready', 503, { oldestOpenMs: () => new Promise(() => undefined) }],
  ['draining', 503, { lifecycle: { draining: true } }],
])('%s is %i', async (status, code, overrides) => {
  const response = await ask('/readyz', overrides)
  expect([response.status, ((await response.json()) as { status: string }).status]).toEqual([code, status])
})
