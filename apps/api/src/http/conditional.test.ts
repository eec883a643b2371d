import { describe, expect, test } from 'vitest'

import { acceptedVersions, etagOf, isNotModified } from './conditional.ts'
import { ProblemError } from './problem.ts'

describe('If-None-Match', () => {
  test.each([
    ['"v3"', true],
    ['W/"v3"', true],
    ['"v2", "v3"', true],
    ['"other", W/"v3"', true],
    ['*', true],
    [' * ', true],
    ['"v2"', false],
    ['"v33"', false],
    ['"W/v3"', false],
    ['W/"W/v3"', false],
    ['v3', false],
    ['"v3', false],
    ['', false],
    [undefined, false],
  ])('%j on version 3: not modified is %s', (header, expected) => {
    expect(isNotModified(header, 3)).toBe(expected)
  })
})

describe('If-Match', () => {
  test.each([
    [undefined, undefined],
    ['*', undefined],
    ['"v3"', [3]],
    ['"v3", "v7"', [3, 7]],
    ['W/"v3"', []],
    ['"of-another-server"', []],
    ['"v3", W/"v4"', [3]],
  ])('%j accepts %j', (header, expected) => {
    expect(acceptedVersions(header)).toEqual(expected)
  })

  test.each(['v3', '"v3', '3', '', '"v3" "v4"'])(
    '%j is refused, because ignoring it would write unconditionally',
    (header) => {
      expect(() => acceptedVersions(header)).toThrow(ProblemError)
    },
  )
})

test('the tag a read gives is the tag a write accepts', () => {
  expect(acceptedVersions(etagOf(12))).toEqual([12])
  expect(isNotModified(etagOf(12), 12)).toBe(true)
})
