import { describe, expect, test } from 'vitest'

import { acceptedTags } from './conditional.ts'
import { ProblemError } from './problem.ts'

describe('If-Match', () => {
  test.each([
    [undefined, undefined],
    ['*', undefined],
    [' * ', undefined],
    ['"a"', ['"a"']],
    ['"a", "b"', ['"a"', '"b"']],
    ['W/"a"', []],
    ['"a", W/"b"', ['"a"']],
    ['"W/a"', ['"W/a"']],
  ])('%j accepts %j', (header, expected) => {
    expect(acceptedTags(header)).toEqual(expected)
  })

  test.each(['a', '"a', '3', '', '"a" "b"'])(
    '%j is refused, because ignoring it would write unconditionally',
    (header) => {
      expect(() => acceptedTags(header)).toThrow(ProblemError)
    },
  )
})
