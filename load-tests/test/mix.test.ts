import { expect, test } from 'vitest'

import { requestMix, zipf } from '../src/mix.ts'

const options = {
  products: Array.from({ length: 1_000 }, (_, i) => i + 1),
  categories: ['audio', 'kettles'],
  s: 0.99,
  seed: 1,
}

test('the same seed gives the same requests, another seed others', () => {
  const draw = (seed: number) => Array.from({ length: 100 }, requestMix({ ...options, seed }))
  expect(draw(1)).toEqual(draw(1))
  expect(draw(1)).not.toEqual(draw(2))
})

test('the shares are those of the mix', () => {
  const paths = Array.from({ length: 20_000 }, requestMix(options))
  const share = (pattern: RegExp) => paths.filter((path) => pattern.test(path)).length / paths.length
  expect(share(/^\/products\/\d+$/)).toBeCloseTo(0.8, 1)
  expect(share(/^\/products\?sort=/)).toBeCloseTo(0.12, 1)
  expect(share(/^\/products\?ids=\d+(,\d+){0,9}$/)).toBeCloseTo(0.05, 1)
  expect(share(/^\/(categories|best-sellers)/)).toBeCloseTo(0.03, 1)
})

test('the k-th item is drawn in proportion to 1 / k^s', () => {
  const items = ['a', 'b', 'c']
  let at = 0
  const draw = zipf(items, 0.99, () => at++ / 1_000)
  const drawn = Array.from({ length: 1_000 }, draw)
  const weights = [1, 2 ** -0.99, 3 ** -0.99]
  const sum = weights.reduce((all, weight) => all + weight, 0)
  for (const [i, item] of items.entries()) {
    const share = drawn.filter((one) => one === item).length / drawn.length
    expect(share).toBeCloseTo((weights[i] ?? 0) / sum, 2)
  }
})
