import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { ProductPage } from '../products/schema.ts'
import { normalize, SEARCH_EXAMPLE, SearchParams, wordsOf } from './schema.ts'

describe('normalizing', () => {
  test.each([
    ['  Steel   KETTLE ', 'steel kettle'],
    ['kettle!!! (steel); -glass & \0 more', 'kettle steel glass more'],
    ['ZZ-1616', 'zz 1616'],
    ["women's", 'women s'],
    ['\uFF2B\uFF25\uFF34\uFF34\uFF2C\uFF25', 'kettle'],
    ['Cafe\u0301', 'café'],
    ['\uD800kettle', 'kettle'],
    ['水壶', '水壶'],
    ['"over-ear" headphones', '"over ear" headphones'],
    ['"steel kettle', 'steel kettle'],
    ['kettle """steel"" "', 'kettle "steel"'],
    ['"" "!"', ''],
    [' .,- ', ''],
  ])('%j is %j', (written, q) => {
    expect(normalize(written)).toBe(q)
  })

  test('what is normalized stays as it is, and has only words and pairs of quotes', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('"', ' ', 'a', 'É', '-') })),
        (written) => {
          const q = normalize(written)
          expect(normalize(q)).toBe(q)
          expect(
            q
              .replaceAll('"', '')
              .split(' ')
              .filter((word) => word !== ''),
          ).toEqual(wordsOf(q))
          expect((q.match(/"/g) ?? []).length % 2).toBe(0)
        },
      ),
    )
  })
})

test.each([
  ['', 'Expected a word.'],
  ['!?', 'Expected a word.'],
  ['a b c d e f g h i', 'At most 8 words.'],
  ['a'.repeat(101), 'At most 100 characters in words.'],
  ['ﷺ'.repeat(60), 'At most 100 characters in words.'],
])('%j is refused: %s', (q, message) => {
  expect(SearchParams.safeParse({ q }).error?.issues[0]).toMatchObject({ path: ['q'], message })
})

test('eight words, and a hundred characters once it is normalized, are not too many', () => {
  expect(SearchParams.parse({ q: 'a b c d e f g h' }).q).toBe('a b c d e f g h')
  expect(SearchParams.parse({ q: `${'-'.repeat(100)}${'a'.repeat(100)}` }).q).toHaveLength(100)
})

test('the example is a page', () => {
  expect(ProductPage.strict().parse(SEARCH_EXAMPLE)).toEqual(SEARCH_EXAMPLE)
})
