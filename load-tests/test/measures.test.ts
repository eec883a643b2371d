import { describe, expect, test } from 'vitest'

import { LoadTestError } from '../src/errors.ts'
import { helpOf, parseMeasure } from '../src/measures.ts'
import { lineOf } from '../src/outage.ts'
import { Samples } from '../src/samples.ts'

describe('the argument of a measure', () => {
  test.each([
    ['propagation', [], 1_000],
    ['propagation', ['1'], 1],
    ['propagation', ['100000'], 100_000],
    ['visibility', [], 1_000],
    ['visibility', ['--changes', '10000'], 10_000],
    ['propagation', ['--changes', '7'], 7],
    ['savings', [], 300_000],
    ['savings', ['--requests', '2000'], 2_000],
    ['outage', ['--seconds', '4'], 4],
    ['outage', [], 5],
    ['outage', ['300'], 300],
    ['outage', ['--help'], undefined],
    ['outage', ['-h'], undefined],
  ] as const)('%s %j is %s', (name, argv, amount) => {
    expect(parseMeasure(name, argv)).toBe(amount)
  })

  test.each([
    ['propagation', ['0'], 'from 1 to 100 000, not "0"'],
    ['propagation', ['100001'], 'from 1 to 100 000'],
    ['outage', ['301'], 'from 1 to 300, not "301"'],
    ['outage', ['1e9'], 'not "1e9"'],
    ['outage', ['abc'], 'not "abc"'],
    ['outage', ['-1'], 'not "-1"'],
    ['outage', [''], 'not ""'],
    ['outage', ['--seconds'], 'not ""'],
    ['outage', ['--changes', '5'], 'There is no option --changes.'],
    ['visibility', ['--changes', '9'], 'from 10 to 100 000, not "9"'],
    ['visibility', ['--changes', '10', '11'], 'One argument is expected, not 3.'],
    ['outage', ['1', '2'], 'One argument is expected, not 2.'],
  ] as const)('%s %j is refused: %s', (name, argv, message) => {
    expect(() => parseMeasure(name, argv)).toThrow(LoadTestError)
    expect(() => parseMeasure(name, argv)).toThrow(message)
  })

  test.each(['propagation', 'visibility', 'savings', 'outage'] as const)(
    'the help of %s has the form that npm passes on',
    (name) => {
      expect(helpOf(name)).toContain(`npm run ${name} -- `)
    },
  )
})

describe('what was measured', () => {
  test('is in columns, whatever its size', () => {
    const few = new Samples()
    few.add(0.8)
    const slow = new Samples()
    for (let i = 0; i < 1_500; i++) slow.add(1_234.5)
    expect(lineOf({ samples: few, errors: 0, stuck: 0 })).toBe(
      '         1 reads   0 errors   0 stuck   p50     0.8 ms   p99     0.8 ms   max     0.8 ms',
    )
    expect(lineOf({ samples: slow, errors: 0, stuck: 0 })).toBe(
      '     1 500 reads   0 errors   0 stuck   p50 1 234.5 ms   p99 1 234.5 ms   max 1 234.5 ms',
    )
  })

  test('is said in words when there is nothing', () => {
    expect(String(new Samples())).toBe('nothing was measured')
  })
})
