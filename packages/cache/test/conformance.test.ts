/**
 * The conformance suites on the double and on a real Redis, and adapters with one fault each, which the suites must
 * refuse.
 */

import { AssertionError } from 'node:assert'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  type AdapterUnderTest,
  busConformance,
  type ConformanceCase,
  leaseConformance,
  RedisDouble,
  tagsConformance,
  tierConformance,
} from '../src/testing.ts'
import { doubleAdapter, redisAdapter } from './adapters.ts'
import { broken, FAULTS } from './broken-adapters.ts'

function casesOf(adapter: AdapterUnderTest): ConformanceCase[] {
  return [tierConformance, leaseConformance, tagsConformance, busConformance].flatMap((suite) => suite(adapter))
}

function play(adapter: AdapterUnderTest): void {
  for (const { name, run } of casesOf(adapter)) test(name, run)
}

describe('on the double', () => {
  play(doubleAdapter(new RedisDouble()))
})

describe('on real Redis', () => {
  const { adapter, start, close } = redisAdapter()
  beforeAll(start)
  afterAll(close)
  play(adapter)
})

test('a case whose lever is missing is left out, and says so', async () => {
  const { open } = new RedisDouble()
  const cases = casesOf({ open })
  const omitted = cases.filter((one) => one.omitted !== undefined)
  expect(new Set(omitted.map((one) => one.omitted))).toEqual(
    new Set(['loseEverything', 'evictTag', 'rollBack', 'whileDeaf', 'whileBacklogged', 'whileSilent', 'whileGone']),
  )
  expect(cases.filter(({ name }) => name.includes('left out')).length).toBe(omitted.length)
  for (const one of omitted) {
    expect(one.name).toContain(`(left out: no ${one.omitted})`)
    await one.run()
  }
})

test('no two cases have one name', () => {
  const names = casesOf(doubleAdapter(new RedisDouble())).map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

describe('is refused:', () => {
  test.each(FAULTS)('$fault', async (fault) => {
    const refusal = casesOf(broken(fault)).find(({ name }) => name === fault.refusedBy)
    await expect(refusal?.run()).rejects.toBeInstanceOf(AssertionError)
  })
})
