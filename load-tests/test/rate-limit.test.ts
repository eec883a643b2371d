/** What a few customers were granted, of all that they might have been. */

import { expect, test } from 'vitest'

import { type Answer, AnswerLog } from '../src/answers.ts'
import { judgeLimit, type Visitor } from '../src/rate-limit.ts'
import { runOf } from '../src/timeline.ts'
import { brokenIn, observedOf, STARTED_AT } from './observed.ts'

const LIMIT = 20
const BOUND = 'granted to a greedy customer, in all windows it has touched'

interface Told {
  readonly atMs: number
  readonly visitor: Visitor
  readonly status: string
}

const greedy: Visitor = { kind: 'greedy', nth: 0 }
const tell = (count: number, atMs: number, status: string, visitor: Visitor = greedy): readonly Told[] =>
  Array.from({ length: count }, () => ({ atMs, visitor, status }))

/** At `smoke`: a limit of 20, for 12 seconds. */
function brokenBy(told: readonly Told[]): readonly string[] {
  const log = new AnswerLog()
  for (const [turn, { atMs, status }] of told.entries()) log.read(`${STARTED_AT + atMs} 2.50 ${status} bypass ${turn}`)
  const answers: readonly Answer[] = log.answers
  const observed = observedOf(answers)
  return brokenIn(
    judgeLimit(
      'smoke',
      runOf('with the cache', observed),
      observed,
      told.map(({ visitor }) => visitor),
    ),
  )
}

/** Two windows, each used up in its first moment, and refusals between them. */
const asItShouldBe = [
  ...tell(LIMIT, 100, '200'),
  ...tell(80, 5_000, '429'),
  ...tell(LIMIT, 10_050, '200'),
  ...tell(40, 11_000, '429'),
]

test('the limit of each window it has touched keeps the promise', () => {
  expect(brokenBy(asItShouldBe)).toEqual([])
})

test('one request more than that breaks it', () => {
  expect(brokenBy([...asItShouldBe, ...tell(1, 10_060, '200')])).toEqual([BOUND])
})

test('what another customer was not granted does not make up for it', () => {
  const modest: Visitor = { kind: 'greedy', nth: 1 }
  const other = [...tell(18, 100, '200', modest), ...tell(82, 5_000, '429', modest)]
  expect(brokenBy([...asItShouldBe, ...other])).toEqual([])
  expect(brokenBy([...asItShouldBe, ...other, ...tell(1, 10_060, '200')])).toEqual([BOUND])
})

test('a limit that grants too little, and a customer who is not greedy, prove nothing', () => {
  expect(brokenBy([...tell(17, 100, '200'), ...tell(83, 5_000, '429')])).toEqual(['granted to each greedy customer'])
  expect(brokenBy([...tell(20, 100, '200'), ...tell(79, 5_000, '429')])).toEqual(['asked by each greedy customer'])
  expect(brokenBy([])).toEqual(
    expect.arrayContaining([
      'granted to each greedy customer',
      'asked by each greedy customer',
      'processes that each of them asked',
    ]),
  )
})

test('a refusal that does not say when to try again fails', () => {
  expect(brokenBy([...asItShouldBe, ...tell(1, 11_000, '!429')])).toEqual([
    'refusals that do not say when to try again',
    'no visit fails',
  ])
})

test.each([
  ['somebody without a name', { kind: 'anybody' }],
  ['a polite customer', { kind: 'polite', nth: 3 }],
] as const)('a refusal of %s fails', (_, visitor) => {
  expect(brokenBy([...asItShouldBe, ...tell(9, 300, '200', visitor)])).toEqual([])
  expect(brokenBy([...asItShouldBe, ...tell(1, 300, '!429', visitor)])).toEqual([
    'visits of everybody else that are refused',
    'no visit fails',
  ])
})
