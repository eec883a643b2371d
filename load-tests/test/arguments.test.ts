import { describe, expect, test } from 'vitest'

import { commandOf, DEFAULTS, HELP, parseArguments } from '../src/arguments.ts'
import { LoadTestError } from '../src/errors.ts'
import { grouped } from '../src/numbers.ts'

describe('the command line', () => {
  test('without arguments 2 000 visitors ask one process, and there is no control', () => {
    expect(parseArguments([])).toEqual({ vus: 2_000, api: 1, control: false, record: false, help: false })
  })

  test('what the help calls the default is the default', () => {
    expect(HELP).toContain(`2 to 17 000 (default ${grouped(DEFAULTS.vus)})`)
    expect(HELP).toContain(`1 to 8 (default ${DEFAULTS.api})`)
  })

  test('every argument is read, in both spellings', () => {
    expect(parseArguments(['--vus', '100', '--api=3', '--control', '--record'])).toEqual({
      vus: 100,
      api: 3,
      control: true,
      record: true,
      help: false,
    })
  })

  test.each([
    [['--vus', '1'], 'at 1 there is no herd'],
    [['--vus', '17001'], 'more than an address has ports'],
    [['--vus', 'many'], 'not a number'],
    [['--vus', '-5'], 'negative'],
    [['--vus', '2.5'], 'not whole'],
    [['--vus'], 'no value'],
    [['--api', '0'], 'no process'],
    [['--api', '9'], 'more than Postgres has connections'],
    [['--contrl'], 'unknown'],
    [['flash'], 'not an option'],
  ])('%j is refused (%s), with a way to learn what there is', (argv) => {
    expect(() => parseArguments(argv)).toThrow(LoadTestError)
    expect(() => parseArguments(argv)).toThrow('--help')
  })

  test('the recorded command repeats the run', () => {
    expect(commandOf(parseArguments(['--api', '3', '--control', '--record']))).toBe(
      'npm run flash-sale -- --vus 2000 --api 3 --control',
    )
  })
})
