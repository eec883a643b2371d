import { describe, expect, test } from 'vitest'

import { checkPattern, matches } from './pattern.ts'

test.each([
  ['product.1:42', 'product.1:42', true],
  ['product.1:42', 'product.1:421', false],
  ['product.1:42', 'product.1:4', false],
  ['product.1:*', 'product.1:42', true],
  ['product.1:*', 'product.1:', true],
  ['product.1:*', 'product.12:4', false],
  ['product.1:*', 'products.1:4', false],
  ['product.1:4?', 'product.1:42', true],
  ['product.1:4?', 'product.1:4', false],
  ['product.1:4?', 'product.1:421', false],
  ['listing.*:de', 'listing.2:audio:de', true],
  ['listing.*:de', 'listing.2:audio:de:1', false],
  ['*:a*b', 'x.1:aab', true],
  ['*:a*b', 'x.1:aabc', false],
  ['*aab', 'x.1:aaab', true],
  ['*a?c*', 'x.1:aabbc:abc', true],
  ['x.1:[ab]', 'x.1:a', false],
  ['x.1:[ab]', 'x.1:[ab]', true],
  ['x.1:\\*', 'x.1:a', false],
  ['x.1:.', 'x.1:a', false],
  ['x.1:^a', 'x.1:b', false],
  ['x.1:?', 'x.1:😀', true],
  ['x.1:??', 'x.1:😀', false],
  ['x.1:?é', 'x.1:éé', true],
])('%s and %s: %s', (pattern, key, expected) => {
  expect(matches(pattern, key)).toBe(expected)
})

describe('what is refused:', () => {
  test.each([
    ['nothing', ''],
    ['everything', '*'],
    ['everything, in more words', '**?*'],
    ['every key of every version', '*.*:*'],
    ['what is too long', `product.1:${'x'.repeat(503)}`],
    ['too many stars', `a${'*a'.repeat(9)}`],
  ])('%s', (_what, pattern) => {
    expect(() => checkPattern(pattern)).toThrow(expect.objectContaining({ code: 'CACHE_KEY_INVALID' }))
  })

  test('and no more than that', () => {
    for (const pattern of ['a*', '*a', `product.1:${'x'.repeat(502)}`, `a${'*a'.repeat(8)}`])
      expect(checkPattern(pattern)).toBe(pattern)
  })
})

test('the worst pattern takes no longer than its length times that of the key', () => {
  const [pattern, key] = [`${'a*'.repeat(8)}${'a'.repeat(400)}b`, 'a'.repeat(512)]
  for (let i = 0; i < 1_000; i++) expect(matches(pattern, key)).toBe(false)
})
