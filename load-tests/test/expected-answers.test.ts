import { expect, test } from 'vitest'

import { expectedAnswers } from '../lib/expected-answers.ts'

test('a visitor of pages that there are is answered, and nothing else will do', () => {
  expect(expectedAnswers('visit', false)).toEqual([200])
})

test('who asks for what never was may be told so', () => {
  expect(expectedAnswers('visit', true)).toEqual([200, 400, 404])
})

test('who insists is answered, or told that it is too often', () => {
  expect(expectedAnswers('insist', false)).toEqual([200, 429])
})

test.each([false, true])(
  'a buyer is told that it is theirs or that none is left, whatever others ask for',
  (nonsense) => {
    expect(expectedAnswers('send', nonsense)).toEqual([201, 409])
  },
)
