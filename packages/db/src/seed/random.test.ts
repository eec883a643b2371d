/** Chance is the same everywhere, and looks like chance. */

import { describe, expect, test } from 'vitest'

import { deal, ownerOf, permutation, random, zipf } from './random.ts'

const draws = <T>(count: number, draw: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => draw(i))
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

describe('random', () => {
  test('known seeds give known numbers, to the last bit', () => {
    const chance = random('fixed', 1)
    expect([chance.next(), chance.next(), chance.int(1000), chance.normal(), chance.logNormal(100, 0.5)]).toEqual([
      0.5689987600781024, 0.13857830478809774, 277, -1.9644272746518254, 162.01044663525158,
    ])
  })

  test('a number does not depend on what was drawn before', () => {
    const first = random('stream', 7).next()
    draws(100, (i) => random('stream', i).next())
    expect(random('stream', 7).next()).toBe(first)
  })

  test('streams and neighbours are independent', () => {
    const firsts = draws(10_000, (i) => random('a', i).next())
    expect(new Set(firsts).size).toBeGreaterThan(9_990)
    expect(Math.abs(mean(firsts) - 0.5)).toBeLessThan(0.01)
    const pairs = draws(10_000, (i) => (random('a', i).next() - 0.5) * (random('b', i).next() - 0.5))
    expect(Math.abs(mean(pairs))).toBeLessThan(0.005)
  })

  test('next stays in [0, 1) and int below its bound', () => {
    const chance = random('range', 0)
    const values = draws(10_000, () => chance.next())
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...values)).toBeLessThan(1)
    expect(new Set(draws(1_000, () => chance.int(3)))).toEqual(new Set([0, 1, 2]))
  })

  test('weighted chooses each index as often as its weight says', () => {
    const chance = random('weights', 0)
    const chosen = draws(10_000, () => chance.weighted([1, 0, 3]))
    expect(chosen).not.toContain(1)
    expect(Math.abs(mean(chosen.map((index) => (index === 2 ? 1 : 0))) - 0.75)).toBeLessThan(0.02)
  })

  test('normal has mean 0 and deviation 1; half of logNormal is below the median', () => {
    const chance = random('normal', 0)
    const values = draws(20_000, () => chance.normal())
    expect(Math.abs(mean(values))).toBeLessThan(0.03)
    expect(Math.abs(mean(values.map((value) => value * value)) - 1)).toBeLessThan(0.03)
    const skewed = draws(20_000, () => chance.logNormal(50, 0.7))
    expect(Math.abs(mean(skewed.map((value) => (value < 50 ? 1 : 0))) - 0.5)).toBeLessThan(0.02)
    expect(mean(skewed)).toBeGreaterThan(60)
  })

  test('an empty list cannot be picked from', () => {
    expect(() => random('none', 0).pick([])).toThrow(RangeError)
  })
})

describe('permutation', () => {
  test.each([1, 2, 3, 10, 1000, 4097])('of %d places hits each once and can be undone', (size) => {
    const { at, indexOf } = permutation('places', 3, size)
    const places = draws(size, at)
    expect(new Set(places).size).toBe(size)
    expect(Math.min(...places)).toBe(0)
    expect(Math.max(...places)).toBe(size - 1)
    expect(places.map(indexOf)).toEqual(draws(size, (i) => i))
  })

  test('differs by stream and by index', () => {
    const order = (stream: string, index: number) => draws(50, permutation(stream, index, 50).at)
    expect(order('a', 1)).not.toEqual(order('b', 1))
    expect(order('a', 1)).not.toEqual(order('a', 2))
    expect(order('a', 1)).not.toEqual(draws(50, (i) => i))
  })
})

describe('deal', () => {
  test('gives out everything, in proportion, and finds the owner again', () => {
    const weights = Float64Array.from({ length: 40 }, (_, i) => (i === 7 ? 0 : zipf(i + 1)))
    const sums = deal(1_000, weights)
    expect(sums[40]).toBe(1_000)
    const owned = new Array<number>(40).fill(0)
    for (let index = 0; index < 1_000; index++) {
      const owner = ownerOf(sums, index)
      owned[owner] = (owned[owner] ?? 0) + 1
    }
    expect(owned).toEqual(draws(40, (i) => (sums[i + 1] ?? 0) - (sums[i] ?? 0)))
    expect(owned[7]).toBe(0)
    expect((owned[0] ?? 0) / (owned[15] ?? 1)).toBeCloseTo(8, 0)
  })
})

test('rank 16 is wanted an eighth as often as rank 1', () => {
  expect([zipf(1), zipf(16), zipf(81)]).toEqual([1, 1 / 8, 1 / 27])
})
