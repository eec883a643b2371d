/**
 * Explores the model of the protocol: no read is wrong in any state that is reached, and with any one rule switched off
 * some read is.
 *
 * `MODEL_STATES=1000000 npx vitest run test/model/model.test.ts` explores each scenario that many states far, most of them to
 * their end, and then everything at once; it takes minutes.
 */

import { afterAll, describe, expect, test } from 'vitest'

import { type Explored, explore } from './explore.ts'
import { exploreMutant, MODEL_MUTANTS } from './mutants.ts'
import { RULES, type Rule, SPARE } from './rules.ts'
import { EVERYTHING, SCENARIOS } from './scenarios.ts'
import { timeline } from './timeline.ts'
import { type Scenario, world } from './world.ts'

const LONG_RUN = Number(process.env.MODEL_STATES ?? 0)
/** Of one scenario. */
const MOST_STATES = LONG_RUN || 6_000
/** Of all tests of this file together, but for a long run. */
const ALL_STATES = 400_000
const timeout = LONG_RUN > 0 ? 0 : 30_000

const explored: Explored[] = []
const said: string[] = []

function isRight(scenario: Scenario): void {
  const result = explore(world(scenario), MOST_STATES)
  explored.push(result)
  if (LONG_RUN > 0) said.push(`${scenario.name}: ${told(result)}`)
  expect(result.trace && timeline(result.trace)).toBeUndefined()
}

function told({ states, depth, complete, seconds }: Explored): string {
  return `${states} states, ${depth} steps deep, ${complete ? 'complete' : 'not complete'}, ${seconds.toFixed(1)} s`
}

function sum(of: (result: Explored) => number): number {
  return explored.reduce((total, result) => total + of(result), 0)
}

afterAll(() => {
  const all = `${sum(({ states }) => states)} states in all, ${sum(({ seconds }) => seconds).toFixed(1)} s`
  process.stdout.write(`${[...said, all].join('\n')}\n`)
})

describe('every reader gets what it is entitled to', () => {
  test.each(SCENARIOS)('$name', { timeout }, isRight)
  test.runIf(LONG_RUN > 0)('everything at once', { timeout }, () => isRight(EVERYTHING))
})

describe('without a rule, some reader does not', () => {
  test.each(MODEL_MUTANTS)('$fault', (mutant) => {
    const { trace, states, ...rest } = exploreMutant(mutant)
    explored.push({ trace, states, ...rest })
    expect(trace).toBeDefined()
    said.push(`${mutant.fault}: ${trace?.steps.length} steps, ${states} states`)
  })
})

test('every rule has a mutant, or is known to be spare', () => {
  const broken = new Set(MODEL_MUTANTS.filter(({ off }) => off.length === 1).flatMap(({ off }) => off))
  const spare = Object.keys(SPARE) as Rule[]
  expect([...broken, ...spare].sort()).toEqual((Object.keys(RULES) as Rule[]).sort())
})

// The shortest way to a wrong read, as it is printed when a scenario has one.
test('a trace is drawn as a timeline', () => {
  const { trace } = exploreMutant({
    off: ['lateJoinersAskAgain'],
    fault: '',
    scenario: 'one process and a key',
    first: [],
  })
  expect(trace && timeline(trace)).toMatchInlineSnapshot(`
    "P1                                   Redis
    reads k0
                                         runs GET (P1 k0)
                                         reads or mints the known tags before the claim (P1 k0)
                                         runs the claim (P1 k0)
    k0: the lease is granted
    writes version 1 and invalidates k0
                                         deletes the keys (P1 invalidation)
                                         counts it and publishes (P1 invalidation)
                                         a tick passes
                                         a tick passes
    hears invalidated 1
    P1 answers those who joined in time with version 0; the last of them may expect 1"
  `)
})

test.skipIf(LONG_RUN > 0)('what is explored stays within what unit tests may take', () => {
  expect(sum(({ states }) => states)).toBeLessThanOrEqual(ALL_STATES)
})
