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
    apiUrls: [],
    cacheMaxStalenessMs: 500,
    databaseUrl: 'postgres://shop:secret@db/shop',
    edgePurgeUrl: undefined,
    host: '127.0.0.1',
    logLevel: 'info',
    tracesUrl: undefined,
    traceSampleRatio: 1,
    traceSlowMs: 500,
    metrics: 'on',
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
  ['', undefined],
  ['http://edge:6085', 'http://edge:6085'],
])('EDGE_PURGE_URL=%j is %j', (text, url) => {
  expect(readConfig({ ...LEAST, EDGE_PURGE_URL: text }).edgePurgeUrl).toBe(url)
})

test('an edge that is not an address is refused', () => {
  expect(problemsOf({ ...LEAST, EDGE_PURGE_URL: 'edge:6085' })).toEqual([
    expect.stringMatching(/^EDGE_PURGE_URL expected an address that starts with http/),
  ])
})

test.each([
  ['', []],
  ['http://a:1', ['http://a:1']],
  ['http://a:1/, https://b', ['http://a:1', 'https://b']],
])('API_URLS=%j are %j', (text, urls) => {
  expect(readConfig({ ...LEAST, API_URLS: text }).apiUrls).toEqual(urls)
})

test.each(['nonsense', 'http://a,', 'ftp://a', Array(17).fill('http://a').join(',')])(
  'API_URLS=%j is refused',
  (text) => {
    expect(problemsOf({ ...LEAST, API_URLS: text })).toEqual([
      expect.stringMatching(/^API_URLS expected at most 16 addresses/),
    ])
  },
)
