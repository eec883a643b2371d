import { describe, expect, test } from 'vitest'

import { commandOf, HELP, listOf, parseArguments, SIZES } from '../src/arguments.ts'
import { LoadTestError } from '../src/errors.ts'
import { SCENARIOS } from '../src/scenarios.ts'
import { CONTROLS } from '../src/variant.ts'

const parse = (argv: readonly string[], env: Record<string, string> = {}) => parseArguments(argv, env)

describe('the command line', () => {
  test('a scenario alone is played at laptop size, without controls, and is no record', () => {
    expect(parse(['browse'])).toMatchObject({
      act: 'play',
      scenario: { name: 'browse' },
      size: 'laptop',
      control: false,
      record: false,
      elsewhere: undefined,
    })
  })

  test('every argument is read, in both spellings and in any order', () => {
    expect(parse(['--control', 'stampede', '--size=full', '--record'])).toMatchObject({
      scenario: { name: 'stampede' },
      size: 'full',
      control: true,
      record: true,
    })
  })

  test('what the help calls the default is the default', () => {
    expect(HELP).toContain('(default laptop)')
  })

  test('the list and the help need no scenario; with one, help is about it', () => {
    expect(parse(['--list'])).toEqual({ act: 'list' })
    expect(parse(['--help'])).toEqual({ act: 'help' })
    expect(parse(['-h', 'soak'])).toMatchObject({ act: 'describe', scenario: { name: 'soak' } })
  })

  test.each([
    [[], 'no scenario'],
    [['black-friday'], 'one that there is not'],
    [['browse', 'ramp'], 'two'],
    [['browse', '--size', 'huge'], 'a size that there is not'],
    [['browse', '--size'], 'no value'],
    [['browse', '--contrl'], 'an unknown option'],
    [['cold-start', '--control'], 'a control where there is none'],
  ])('%j is refused (%s), with a way to learn what there is', (argv) => {
    expect(() => parse(argv)).toThrow(LoadTestError)
    expect(() => parse(argv)).toThrow('--help')
  })

  test('the recorded command repeats the run', () => {
    const args = parse(['stampede', '--control', '--record'])
    expect(args.act === 'play' && commandOf(args)).toBe('npm run load -- stampede --size laptop --control')
  })
})

describe('a shop that runs already', () => {
  const env = { BASE_URL: 'http://127.0.0.1:3000, http://127.0.0.1:3001/' }

  test('is visited at all of its addresses', () => {
    expect(parse(['ramp'], env)).toMatchObject({
      elsewhere: { urls: ['http://127.0.0.1:3000', 'http://127.0.0.1:3001'] },
    })
  })

  test.each(['stampede', 'invalidation-storm', 'cold-start', 'redis-down', 'api-killed'])(
    'is not told to bear %s, and the refusal says why',
    (name) => expect(() => parse([name], env)).toThrow(/cannot be played on BASE_URL, because it \w+.*Unset it/),
  )

  test('sells out only for whoever has its credentials, and a command that is shown has none of them', () => {
    const keys = {
      DATABASE_URL: 'postgres://shop@db/shop',
      ADMIN_TOKEN: 'the-token',
      CUSTOMER_TOKEN_SECRET: 'the-secret',
    }
    expect(() => parse(['flash-sale'], { ...env, ADMIN_TOKEN: 'the-token' })).toThrow(
      /sells out .* needs DATABASE_URL, CUSTOMER_TOKEN_SECRET of that shop/,
    )
    const args = parse(['flash-sale'], { ...env, ...keys })
    expect(args).toMatchObject({
      elsewhere: {
        credentials: { databaseUrl: keys.DATABASE_URL, adminToken: 'the-token', customerTokenSecret: 'the-secret' },
      },
    })
    expect(args.act === 'play' && commandOf(args)).toBe(
      'BASE_URL=… DATABASE_URL=… ADMIN_TOKEN=… CUSTOMER_TOKEN_SECRET=… npm run load -- flash-sale --size laptop',
    )
  })

  test('has no control: that would be another shop', () => {
    expect(() => parse(['browse', '--control'], env)).toThrow('unset BASE_URL')
  })

  test.each(['localhost:3000', 'ftp://host', 'http://a,'])('%j is no address of one', (BASE_URL) => {
    expect(() => parse(['browse'], { BASE_URL })).toThrow('no http address')
  })
})

describe('the scenarios', () => {
  test('are those that were promised', () => {
    expect(SCENARIOS.map(({ name }) => name)).toEqual([
      'flash-sale',
      'stampede',
      'invalidation-storm',
      'browse',
      'ramp',
      'spike',
      'soak',
      'cold-start',
      'crawler',
      'rate-limit',
      'redis-down',
      'redis-frozen',
      'redis-flushed',
      'postgres-slow',
      'postgres-restart',
      'api-killed',
      'bus-cut',
    ])
  })

  test.each(SCENARIOS)('$name asks a question, and says what it does at each size and what it expects', (scenario) => {
    expect(scenario.question).toMatch(/\?$/)
    expect(scenario.expectation).toMatch(/\.$/)
    for (const size of SIZES) expect(scenario.workload[size]).toMatch(/\.$/)
  })

  test.each(SCENARIOS)('$name can be played at each size, with controls that there are', (scenario) => {
    expect(Object.keys(scenario.seed)).toEqual(SIZES)
    expect(scenario.seed.smoke).toBe('tiny')
    expect(new Set(scenario.controls).size).toBe(scenario.controls.length)
    expect(scenario.controls.filter((control) => !CONTROLS.includes(control))).toEqual([])
    // Nobody is told of a control that nobody can see.
    if (scenario.compare) expect(scenario.controls).not.toEqual([])
    expect(scenario.title).toMatch(/^[^A-Z]|^(Redis|Postgres) /)
    expect(scenario.conclude([])).toMatch(/\.$/)
  })

  test('no two have one name, which is that of a folder of results', () => {
    const names = SCENARIOS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => !/^[a-z]+(-[a-z]+)*$/.test(name))).toEqual([])
  })

  test('the list has a line for each', () => {
    expect(listOf(SCENARIOS).split('\n')).toHaveLength(SCENARIOS.length)
  })
})
