/** That the mutants of the source are whole: run.ts takes minutes, this takes none. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

import { MODEL_MUTANTS } from '../model/mutants.ts'
import { MUTANTS } from './patches.ts'

const root = new URL('../../', import.meta.url)

test.each(MUTANTS)('$fault: its patch fits', ({ edits }) => {
  for (const { file, find } of edits) expect(readFileSync(new URL(file, root), 'utf8').split(find)).toHaveLength(2)
})

test('every fault that the model finds is tried on the source', () => {
  const names = (mutants: readonly { readonly off: readonly string[] }[]): string[] => [
    ...new Set(mutants.map(({ off }) => off.join())),
  ]
  expect(names(MUTANTS).sort()).toEqual(names(MODEL_MUTANTS).sort())
})
