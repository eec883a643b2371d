import { expect, test } from 'vitest'

import { grouped, milliseconds, seconds } from '../src/numbers.ts'

test.each([
  [0, '0'],
  [999, '999'],
  [1_000, '1 000'],
  [17_000, '17 000'],
  [1_234_567, '1 234 567'],
])('%d is shown as %s', (value, text) => {
  expect(grouped(value)).toBe(text)
})

test('only the whole part is grouped', () => {
  expect([milliseconds(0.04), milliseconds(1_234.56)]).toEqual(['0.0 ms', '1 234.6 ms'])
})

test('a duration is shown in seconds with one digit', () => {
  expect([seconds(0), seconds(49), seconds(1_250)]).toEqual(['0.0 s', '0.0 s', '1.3 s'])
})
