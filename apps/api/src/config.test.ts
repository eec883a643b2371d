import { ConfigError } from '@shop/process'
import { expect, test } from 'vitest'

import { readConfig } from './config.ts'
import { hashToken } from './http/admin.ts'
import { DEVELOPMENT_CUSTOMER_SECRET } from './http/customer.ts'

const REQUIRED = { DATABASE_URL: 'postgres://shop:secret@127.0.0.1:5432/shop' }
const IN_PRODUCTION = {
  ...REQUIRED,
  NODE_ENV: 'production',
  ADMIN_TOKEN: 'sixteen-letters!',
  CUSTOMER_TOKEN_SECRET: 'thirty-two-letters-are-enough-!!',
}

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
    rateLimitAdmin: 10_000,
    rateLimitCustomer: 100,
    databaseUrl: REQUIRED.DATABASE_URL,
    databasePoolMax: 10,
    redisUrl: undefined,
    cache: 'on',
    cacheMaxStalenessMs: 500,
    cacheLoadTimeoutMs: 5000,
    cacheMemoryMaxBytes: 67_108_864,
    redisTimeoutMs: 250,
    edgeMaxAgeS: 0,
    headersTimeoutMs: 10_000,
    adminTokenHash: hashToken('dev-admin-token'),
    customerTokenSecret: DEVELOPMENT_CUSTOMER_SECRET,
    logLevel: 'info',
    tracesUrl: undefined,
    traceSampleRatio: 1,
    traceSlowMs: 500,
    metrics: 'on',
    serviceName: 'shop-api',
    shutdownTimeoutMs: 10_000,
    warmLimitMs: 5000,
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
    'CUSTOMER_TOKEN_SECRET',
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
  const environment = { ...IN_PRODUCTION, ADMIN_TOKEN: token ?? '' }
  expect(problemsOf(environment)).toHaveLength(count)
})

test.each([
  [undefined, 1],
  [DEVELOPMENT_CUSTOMER_SECRET, 1],
  ['x'.repeat(31), 1],
  ['x'.repeat(32), 0],
])('in production the secret of customers %s has %d problems', (secret, count) => {
  const environment = { ...IN_PRODUCTION, CUSTOMER_TOKEN_SECRET: secret ?? '' }
  expect(problemsOf(environment)).toHaveLength(count)
})

test.each([
  ['CACHE', 'maybe', 'CACHE expected on, off, naive or single-flight, got "maybe"'],
  ['PORT', ' 80', 'PORT expected a whole number from 0 to 65535, got " 80"'],
  ['LOG_LEVEL', 'loud', 'LOG_LEVEL expected trace, debug, info, warn, error, fatal or silent, got "loud"'],
])('%s=%s is told with what was found', (name, value, problem) => {
  expect(problemsOf({ ...REQUIRED, [name]: value })).toEqual([problem])
})

test.each([
  ['DATABASE_URL', 'such as postgres://shop:secret@127.0.0.1:5432/shop'],
  ['REDIS_URL', 'such as redis://127.0.0.1:6379'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'such as http://127.0.0.1:4318'],
])('the value of %s, which may hold a secret, is not repeated; an example is given', (name, example) => {
  const problems = problemsOf({ ...REQUIRED, [name]: 'mysql://user:hunter2@host/shop' }).join()
  expect(problems).not.toMatch(/hunter2|mysql|user/)
  expect(problems).toContain(example)
})

test('a token that is refused is not repeated', () => {
  const problems = problemsOf({ ...IN_PRODUCTION, ADMIN_TOKEN: 'hunter2' })
  expect(problems).toHaveLength(1)
  expect(problems.join()).not.toContain('hunter2')
})
