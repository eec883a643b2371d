import fc from 'fast-check'
import { expect, test } from 'vitest'

import { type KeyPart, keyOf } from './key.ts'

const key = keyOf('product', 1)

test.each<[string, readonly KeyPart[], string]>([
  ['a number', [42], 'product.1:42'],
  ['several parts', ['audio', 'price', true], 'product.1:audio:price:true'],
  ['no part', [], 'product.1'],
  ['characters with a meaning', ['a:b{c}%d e'], 'product.1:a%3ab%7bc%7d%25d%20e'],
  ['an empty part', ['', 'x'], 'product.1::x'],
  ['other scripts', ['Möbel'], 'product.1:Möbel'],
])('%s', (_what, parts, expected) => {
  expect(key(parts)).toBe(expected)
})

test('different strings never make one key', () => {
  const parts = fc.array(fc.string({ maxLength: 12 }), { maxLength: 4 })
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      expect(key(a) === key(b)).toBe(JSON.stringify(a) === JSON.stringify(b))
    }),
  )
})

test('the schema version keeps two releases apart', () => {
  expect(keyOf('product', 2)([42])).not.toBe(key([42]))
})

test.each([[Number.NaN], [Number.POSITIVE_INFINITY], [undefined], [null], [{}], ['\ud800']])(
  '%s is refused',
  (part) => {
    expect(() => key([part as unknown as KeyPart])).toThrow(expect.objectContaining({ code: 'CACHE_KEY_INVALID' }))
  },
)

test('a key of 512 bytes is the longest', () => {
  const room = 512 - 'product.1:'.length
  expect(Buffer.byteLength(key(['x'.repeat(room)]))).toBe(512)
  expect(() => key(['x'.repeat(room + 1)])).toThrow(expect.objectContaining({ code: 'CACHE_KEY_INVALID' }))
})
