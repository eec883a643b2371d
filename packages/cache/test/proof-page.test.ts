/** docs/proof.md, held to the tests and the mutants that it names. That its numbers are those of the source, docs.test.ts shows. */

import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

import { MODEL_MUTANTS } from './model/mutants.ts'
import { MUTANTS } from './mutants/patches.ts'

const root = new URL('../', import.meta.url)
const textOf = (file: string): string => readFileSync(new URL(file, root), 'utf8')
const page = textOf('docs/proof.md')

/** Each file that is named, with the tests that are named after it. */
const cited: [file: string, name: string][] = []
let file = ''
for (const [, path, name] of page.matchAll(/`((?:src|test)\/[\w./-]+\.ts)`|(?<=[\s;:] ?)\*([^*\n]+)\*/g)) {
  if (path) file = path
  else if (name) cited.push([file, name])
}

test('names many tests', () => {
  expect(cited.length).toBeGreaterThan(80)
})

test.each(cited)('%s has a test, or a block of tests, that begins with: %s', (path, name) => {
  expect(existsSync(new URL(path, root))).toBe(true)
  const text = textOf(path)
  expect(["'", '"', '`'].some((quote) => text.includes(`${quote}${name}`))).toBe(true)
})

test('names faults that are tried, and all of them', () => {
  const named = [...page.matchAll(/“([^”]+)”/g)].map(([, fault = '']) => fault)
  const tried = MUTANTS.map(({ fault }) => fault)
  const known = [...tried, ...MODEL_MUTANTS.map(({ fault }) => fault), 'quotes', 'by hand']
  expect(named.filter((fault) => !known.includes(fault))).toEqual([])
  expect(tried.filter((fault) => !named.includes(fault))).toEqual([])
})

test('has a row for each guarantee of the README', () => {
  const rows = (text: string): string[] => [...text.matchAll(/^\| (\d+) \| /gm)].map(([, number = '']) => number)
  const [guarantees = ''] = /## Guarantees[\s\S]+?(?=## Races)/.exec(page) ?? []
  const [promised = ''] = /## What it guarantees[\s\S]+?(?=\n## )/.exec(textOf('README.md')) ?? []
  expect(rows(guarantees)).toEqual(rows(promised))
  expect(rows(guarantees).length).toBeGreaterThan(0)
})
