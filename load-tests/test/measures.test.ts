import { describe, expect, test } from 'vitest'

import { LoadTestError } from '../src/errors.ts'
import { helpOf, parseMeasure } from '../src/measures.ts'
import { Samples } from '../src/samples.ts'

describe('the argument of a measure', () => {
  test.each([
    ['propagation', [], 1_000],
    ['propagation', ['1'], 1],
    ['propagation', ['100000'], 100_000],
    ['visibility', [], 1_000],
    ['visibility', ['--changes', '10000'], 10_000],
    ['propagation', ['--changes', '7'], 7],
    ['propagation', ['--help'], undefined],
    ['propagation', ['-h'], undefined],
  ] as const)('%s %j is %s', (name, argv, amount) => {
    expect(parseMeasure(name, argv)).toBe(amount)
  })

  test.each([
    ['propagation', ['0'], 'from 1 to 100 000, not "0"'],
    ['propagation', ['100001'], 'from 1 to 100 000'],
    ['propagation', ['1e9'], 'not "1e9"'],
    ['propagation', ['abc'], 'not "abc"'],
    ['propagation', ['-1'], 'not "-1"'],
    ['propagation', [''], 'not ""'],
    ['propagation', ['--changes'], 'not ""'],
    ['propagation', ['--seconds', '5'], 'There is no option --seconds.'],
    ['propagation', ['1', '2'], 'One argument is expected, not 2.'],
    ['visibility', ['--changes', '9'], 'from 10 to 100 000, not "9"'],
    ['visibility', ['--changes', '10', '11'], 'One argument is expected, not 3.'],
  ] as const)('%s %j is refused: %s', (name, argv, message) => {
    expect(() => parseMeasure(name, argv)).toThrow(LoadTestError)
    expect(() => parseMeasure(name, argv)).toThrow(message)
  })

  test.each(['propagation', 'visibility'] as const)('the help of %s has the form that npm passes on', (name) => {
    expect(helpOf(name)).toContain(`npm run ${name} -- `)
  })
})

describe('what was measured', () => {
  test('is in columns, whatever its size', () => {
    expect(String(new Samples([0.8]))).toBe('p50     0.8 ms   p99     0.8 ms   max     0.8 ms')
    expect(String(new Samples([1_234.5, 1_234.5]))).toBe('p50 1 234.5 ms   p99 1 234.5 ms   max 1 234.5 ms')
  })

  test('is said in words when there is nothing', () => {
    expect(String(new Samples())).toBe('nothing was measured')
  })

  test('may grow between two questions', () => {
    const samples = new Samples([3, 1])
    expect(samples.quantile(1)).toBe(3)
    samples.add(9)
    expect(samples.quantile(1)).toBe(9)
  })
})
