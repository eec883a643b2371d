import { expect, test } from 'vitest'

import { createTestApp } from '../../test/test-app.ts'
import type { Dependency, DependencyState, Readiness } from './health.ts'

function dependency(name: string, required: boolean, state: DependencyState): Dependency {
  return { name, required, check: () => state }
}

async function readiness(dependencies: readonly Dependency[], draining = false, warming = false) {
  const { request, lifecycle } = createTestApp({ dependencies, warmer: { warming } })
  lifecycle.draining = draining
  const response = await request('/readyz')
  return { status: response.status, body: (await response.json()) as Readiness, response }
}

test('a live process says so without asking its dependencies', async () => {
  const neverAsked: Dependency = {
    name: 'postgres',
    required: true,
    check: () => Promise.reject(new Error('should not be asked')),
  }
  const response = await createTestApp({ dependencies: [neverAsked] }).request('/livez')
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ status: 'alive' })
})

test('everything up is ready, with the state of each', async () => {
  const { status, body } = await readiness([dependency('postgres', true, 'up'), dependency('redis', false, 'up')])
  expect(status).toBe(200)
  expect(body).toEqual({
    status: 'ready',
    dependencies: { postgres: { state: 'up', required: true }, redis: { state: 'up', required: false } },
  })
})

test('without Redis it is still ready, and says degraded', async () => {
  const { status, body } = await readiness([dependency('postgres', true, 'up'), dependency('redis', false, 'down')])
  expect([status, body.status]).toEqual([200, 'degraded'])
})

test('with the cache switched off nothing is degraded', async () => {
  const { status, body } = await readiness([dependency('postgres', true, 'up'), dependency('redis', false, 'off')])
  expect([status, body.status]).toEqual([200, 'ready'])
})

test('without Postgres it is not ready', async () => {
  const { status, body } = await readiness([dependency('postgres', true, 'down'), dependency('redis', false, 'up')])
  expect([status, body.status]).toEqual([503, 'not-ready'])
})

test('a check that rejects or throws reads as down', async () => {
  const rejects: Dependency = { name: 'a', required: true, check: () => Promise.reject(new Error('away')) }
  const throws: Dependency = {
    name: 'b',
    required: true,
    check: () => {
      throw new Error('away')
    },
  }
  const { body } = await readiness([rejects, throws])
  expect(body.dependencies).toEqual({ a: { state: 'down', required: true }, b: { state: 'down', required: true } })
})

test('a check that hangs reads as down after a second', async () => {
  const hangs: Dependency = { name: 'postgres', required: true, check: () => new Promise(() => undefined) }
  const { status, body } = await readiness([hangs])
  expect([status, body.dependencies.postgres?.state]).toEqual([503, 'down'])
})

test('a draining process is not ready, whatever is up, and closes the connection', async () => {
  const { status, body, response } = await readiness([dependency('postgres', true, 'up')], true)
  expect([status, body.status]).toEqual([503, 'draining'])
  expect(response.headers.get('Connection')).toBe('close')
})

test('a process that warms its cache is not ready yet', async () => {
  const { status, body } = await readiness([dependency('postgres', true, 'up')], false, true)
  expect([status, body.status]).toEqual([503, 'warming'])
})

test('that a required dependency is down is said before that the cache is being warmed', async () => {
  const { body } = await readiness([dependency('postgres', true, 'down')], false, true)
  expect(body.status).toBe('not-ready')
})

test('health is never stored', async () => {
  const { response } = await readiness([])
  expect(response.headers.get('Cache-Control')).toBe('no-store')
})
