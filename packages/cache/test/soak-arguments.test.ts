/** What `npm run soak` may be told. */

import { expect, test } from 'vitest'

import { ArgumentError, parseArguments } from '../soak/arguments.ts'

test('a soak lasts a minute and draws its seed unless it is told otherwise', () => {
  expect(parseArguments([])).toEqual({ minutes: 1, seed: expect.any(Number), record: undefined })
  expect(parseArguments(['--minutes', '30', '--seed=7', '--record', 'soak.md'])).toEqual({
    minutes: 30,
    seed: 7,
    record: 'soak.md',
  })
  expect(parseArguments(['--minutes', '0.5'])?.minutes).toBe(0.5)
})

test.each([['--help'], ['-h'], ['--minutes', '1', '--help']])('help is asked for by %s %s %s', (...argv) => {
  expect(parseArguments(argv)).toBeUndefined()
})

test.each([
  [['--minutes', '0'], '--minutes must be a number from 0.5 to 1440, not "0".'],
  [['--minutes', '1e3'], '--minutes must be a number from 0.5 to 1440, not "1e3".'],
  [['--minutes=long'], '--minutes must be a number from 0.5 to 1440, not "long".'],
  [['--minutes=-1'], '--minutes must be a number from 0.5 to 1440, not "-1".'],
  [['--seed', '1.5'], '--seed must be a number from 0 to 2147483647, not "1.5".'],
  [['--seed', '99999999999'], '--seed must be a number from 0 to 2147483647, not "99999999999".'],
  [['--record='], '--record wants the name of a file.'],
  [['--minutes'], "Option '--minutes <value>' argument missing."],
  [['--hours', '1'], "Unknown option '--hours'."],
  [['30'], "Unexpected argument '30'."],
])('%j is refused', (argv, message) => {
  expect(() => parseArguments(argv)).toThrow(new ArgumentError(message))
})
