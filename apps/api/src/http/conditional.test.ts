import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'

import { acceptedTags, answerComposed } from './conditional.ts'
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

describe('a value that is frozen, as those of the cache are,', () => {
  /** Each time it is written it is another text. */
  function counted(): Hono {
    let writes = 0
    const value = Object.freeze({ toJSON: () => ++writes })
    return new Hono()
      .get('/whole', (c) => answerComposed(c, value))
      .get('/wrapped', (c) => answerComposed(c, { items: value }, [], value))
      .get('/mixed', (c) => answerComposed(c, { items: value }))
  }

  test.each([
    ['/whole', ['1', '1']],
    ['/wrapped', ['{"items":1}', '{"items":1}']],
    ['/mixed', ['{"items":1}', '{"items":2}']],
  ])('is written once for all answers that are made of it alone (%s)', async (path, texts) => {
    const app = counted()
    expect([await (await app.request(path)).text(), await (await app.request(path)).text()]).toEqual(texts)
  })
})
