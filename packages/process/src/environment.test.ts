import { expect, test } from 'vitest'
import { z } from 'zod'

import {
  address,
  ConfigError,
  choice,
  databaseAddress,
  processConfig,
  processVariables,
  readEnvironment,
  redisAddress,
  whole,
} from './environment.ts'

const schema = z.object({
  ...processVariables({ serviceName: 'shop-test', port: 4000 }),
  COUNT: whole(1, 9).default(3),
  DATABASE_URL: databaseAddress(),
  MODE: choice(['fast', 'right', 'both']).optional(),
  REDIS_URL: redisAddress('optional'),
  SECRET: z.string().min(8, 'expected eight characters or more').optional(),
  SITE: address('https://shop.example.com', 'https').optional(),
})

const LEAST = { DATABASE_URL: 'postgres://shop:secret@db/shop' }

function problemsOf(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    readEnvironment(environment, schema)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('what is absent or empty has its default', () => {
  const env = readEnvironment({ ...LEAST, COUNT: '', REDIS_URL: '', OTEL_SERVICE_NAME: undefined }, schema)
  expect(env.COUNT).toBe(3)
  expect(env.REDIS_URL).toBeUndefined()
  expect(processConfig(env)).toEqual({
    host: '127.0.0.1',
    port: 4000,
    logLevel: 'info',
    metrics: 'on',
    serviceName: 'shop-test',
    shutdownTimeoutMs: 10_000,
    traceSampleRatio: 1,
    traceSlowMs: 500,
    tracesUrl: undefined,
  })
})

test.each([
  [{}, 1],
  [{ NODE_ENV: 'development' }, 1],
  [{ NODE_ENV: 'production' }, 0.01],
  [{ NODE_ENV: 'production', TRACE_SAMPLE_RATIO: '1' }, 1],
  [{ TRACE_SAMPLE_RATIO: '0' }, 0],
  [{ TRACE_SAMPLE_RATIO: '0.25' }, 0.25],
])('with %j the share of traces is %d: all in development, a hundredth in production', (environment, share) => {
  expect(processConfig(readEnvironment({ ...LEAST, ...environment }, schema)).traceSampleRatio).toBe(share)
})

test('every problem is told at once, by the name of its variable, in the order of names', () => {
  const problems = problemsOf({ COUNT: '10', MODE: 'loud', PORT: '1e3' })
  expect(problems.map((problem) => problem.split(' ')[0])).toEqual(['COUNT', 'DATABASE_URL', 'MODE', 'PORT'])
})

test.each([
  ['COUNT', ' 3', 'COUNT expected a whole number from 1 to 9, got " 3"'],
  ['MODE', 'loud', 'MODE expected fast, right or both, got "loud"'],
  ['METRICS', 'no', 'METRICS expected on or off, got "no"'],
  ['TRACE_SAMPLE_RATIO', '1.5', 'TRACE_SAMPLE_RATIO expected a number from 0 to 1, such as 0.01, got "1.5"'],
  ['TRACE_SLOW_MS', '-1', 'TRACE_SLOW_MS expected a whole number from 0 to 600000, got "-1"'],
  ['LOG_LEVEL', 'x'.repeat(80), new RegExp(`, got "${'x'.repeat(60)}"$`)],
])('%s=%j holds no secret: what was found is repeated', (name, value, problem) => {
  expect(problemsOf({ ...LEAST, [name]: value })).toEqual([
    typeof problem === 'string' ? problem : expect.stringMatching(problem),
  ])
})

test.each([
  ['SECRET', 'hunter2'],
  ['DATABASE_URL', 'mysql://user:hunter2@host/shop'],
  ['REDIS_URL', 'http://:hunter2@host'],
  ['SITE', 'http://user:hunter2@host'],
])('%s=%j may hold a secret: it is not repeated', (name, value) => {
  const problems = problemsOf({ ...LEAST, [name]: value })
  expect(problems).toHaveLength(1)
  expect(problems.join()).not.toContain('hunter2')
})

test('the error says everything, one line each', () => {
  expect(new ConfigError(['A is required', 'B is wrong']).message).toBe(
    'The configuration is not valid:\n  - A is required\n  - B is wrong',
  )
})
