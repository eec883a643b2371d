/** The taxonomy makes unique slugs, and only signs that a slug and a SKU can carry. */

import { expect, test } from 'vitest'

import { slugify } from './catalogue.ts'
import { TAXONOMY } from './words.ts'

const names = TAXONOMY.flatMap((root) => [
  root.name,
  ...root.branches.flatMap((branch) => [branch.name, ...branch.leaves.map((leaf) => leaf.name)]),
])

test('there are 12 roots of 4 branches of 5 leaves', () => {
  expect(TAXONOMY).toHaveLength(12)
  for (const root of TAXONOMY) {
    expect(root.branches, root.name).toHaveLength(4)
    for (const branch of root.branches) expect(branch.leaves, branch.name).toHaveLength(5)
  }
})

test('no two categories share a slug', () => {
  expect(new Set(names.map(slugify)).size).toBe(300)
})

test('nothing is written twice in one list, and every list has a choice', () => {
  const lists = TAXONOMY.flatMap((root) => [
    root.brands,
    root.adjectives,
    ...root.branches.flatMap((branch) => [
      branch.materials,
      branch.features,
      ...branch.leaves.flatMap((leaf) => [leaf.nouns, leaf.choices.choices.map(([label]) => label)]),
      ...branch.leaves.flatMap((leaf) => (leaf.materials ? [leaf.materials] : [])),
    ]),
  ])
  for (const list of lists) {
    expect(list.length, String(list)).toBeGreaterThanOrEqual(2)
    expect(new Set(list).size, String(list)).toBe(list.length)
  }
})

test('names are of signs that survive in a slug', () => {
  const words = [...names, ...TAXONOMY.flatMap((root) => [...root.brands, ...root.adjectives])]
  expect(words.filter((word) => !/^[A-Za-z0-9 &'-]+$/.test(word))).toEqual([])
})

test.each([
  ['Paw & Pine Soft Dog Bed AB-0042', 'paw-pine-soft-dog-bed-ab-0042'],
  ['  T-Shirts ', 't-shirts'],
])('%s becomes %s', (text, slug) => {
  expect(slugify(text)).toBe(slug)
})
