import { ConfigError } from '@shop/process'
import { expect, test } from 'vitest'

import { readConfig } from './config.ts'

const LEAST = { DATABASE_URL: 'postgres://shop:secret@db/shop', REDIS_URL: 'redis://cache' }

function problemsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('two addresses are enough, the rest has defaults', () => {
  expect(readConfig(LEAST)).toEqual({
    auditUrls: [],
    databaseUrl: 'postgres://shop:secret@db/shop',
    host: '127.0.0.1',
    logLevel: 'info',
    tracesUrl: undefined,
    serviceName: 'shop-worker',
    port: 3100,
    redisUrl: 'redis://cache',
    relayIntervalMs: 50,
    shutdownTimeoutMs: 10_000,
  })
})

test('every problem is reported at once, with the value where it is no secret', () => {
  const problems = problemsOf({ PORT: 'many', RELAY_INTERVAL_MS: '0', REDIS_URL: 'http://:secret@cache' })
  expect(problems).toHaveLength(4)
  expect(problems.join('\n')).toMatch(/DATABASE_URL is required: the address of Postgres/)
  expect(problems.join('\n')).toMatch(/PORT expected a whole number from 0 to 65535, got "many"/)
  expect(problems.join('\n')).toMatch(/RELAY_INTERVAL_MS expected a whole number from 5 to 10000, got "0"/)
  expect(problems.join('\n')).toMatch(/REDIS_URL expected an address that starts with redis:\/\/ or rediss:\/\//)
  expect(problems.join('\n')).not.toMatch(/secret@cache/)
})

test('a worker without Redis is refused: it would have nobody to tell', () => {
  expect(problemsOf({ ...LEAST, REDIS_URL: '' })).toEqual([
    'REDIS_URL is required: the address of Redis, such as redis://127.0.0.1:6379',
  ])
})

test.each([
  ['', []],
  ['http://a:1', ['http://a:1']],
  ['http://a:1/, https://b', ['http://a:1', 'https://b']],
])('AUDIT_URLS=%j are %j', (text, urls) => {
  expect(readConfig({ ...LEAST, AUDIT_URLS: text }).auditUrls).toEqual(urls)
})

test.each(['nonsense', 'http://a,', 'ftp://a', Array(17).fill('http://a').join(',')])(
  'AUDIT_URLS=%j is refused',
  (text) => {
    expect(problemsOf({ ...LEAST, AUDIT_URLS: text })).toEqual([
      expect.stringMatching(/^AUDIT_URLS expected at most 16 addresses/),
    ])
  },
)
