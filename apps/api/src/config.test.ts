import { expect, test } from 'vitest'

import { ConfigError, readConfig } from './config.ts'
import { hashToken } from './http/admin.ts'

const REQUIRED = { DATABASE_URL: 'postgres://shop:secret@127.0.0.1:5432/shop' }

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('the address of the database is all that development needs', () => {
  expect(readConfig(REQUIRED)).toEqual({
    host: '127.0.0.1',
    port: 3000,
    publicUrl: undefined,
    databaseUrl: REQUIRED.DATABASE_URL,
    databasePoolMax: 10,
    redisUrl: undefined,
    cache: 'on',
    cacheMaxStalenessMs: 500,
    cacheLoadTimeoutMs: 5000,
    cacheMemoryMaxBytes: 67_108_864,
    adminTokenHash: hashToken('dev-admin-token'),
    logLevel: 'info',
    tracesUrl: undefined,
    serviceName: 'shop-api',
    shutdownTimeoutMs: 10_000,
  })
})

test('the configuration is frozen and does not hold the token', () => {
  const config = readConfig({ ...REQUIRED, ADMIN_TOKEN: 'a-token-of-some-length' })
  expect(Object.isFrozen(config)).toBe(true)
  expect(JSON.stringify(config)).not.toContain('a-token-of-some-length')
})

test('every problem is reported at once, each with the name of its variable', () => {
  const problems = problemsOf({
    NODE_ENV: 'production',
    PORT: '70000',
    REDIS_URL: 'localhost:6379',
    CACHE: 'maybe',
    CACHE_MAX_STALENESS_MS: '-1',
    LOG_LEVEL: 'loud',
    SHUTDOWN_TIMEOUT_MS: 'soon',
  })
  expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
    'ADMIN_TOKEN',
    'CACHE',
    'CACHE_MAX_STALENESS_MS',
    'DATABASE_URL',
    'LOG_LEVEL',
    'PORT',
    'REDIS_URL',
    'SHUTDOWN_TIMEOUT_MS',
  ])
})

test('an empty variable counts as absent', () => {
  expect(readConfig({ ...REQUIRED, REDIS_URL: '', PORT: '' })).toMatchObject({ redisUrl: undefined, port: 3000 })
})

test.each([
  ['PORT', '0', 0],
  ['PORT', '65535', 65_535],
] as const)('%s may be %s', (name, value, expected) => {
  expect(readConfig({ ...REQUIRED, [name]: value }).port).toBe(expected)
})

test.each([
  ['PORT', '65536'],
  ['PORT', '1e3'],
  ['PORT', ' 80'],
  ['DATABASE_URL', 'mysql://127.0.0.1/shop'],
  ['DATABASE_URL', 'postgres'],
  ['REDIS_URL', 'http://127.0.0.1'],
  ['PUBLIC_URL', 'shop.example.com'],
  ['CACHE_MAX_STALENESS_MS', '49'],
])('%s may not be %s', (name, value) => {
  expect(problemsOf({ ...REQUIRED, [name]: value })).toHaveLength(1)
})

test.each([
  [undefined, 1],
  ['dev-admin-token', 1],
  ['fifteen-letters', 1],
  ['sixteen-letters!', 0],
])('in production the admin token %s has %d problems', (token, count) => {
  const environment = { ...REQUIRED, NODE_ENV: 'production', ...(token !== undefined && { ADMIN_TOKEN: token }) }
  expect(problemsOf(environment)).toHaveLength(count)
})

test('no message repeats a value', () => {
  const secret = 'mysql://user:hunter2@host/shop'
  expect(problemsOf({ DATABASE_URL: secret }).join()).not.toContain('hunter2')
})
