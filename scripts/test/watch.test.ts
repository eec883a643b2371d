import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { type TemporaryDirectory, temporaryDirectory } from '@shop/local-stack'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { watchSources } from '../watch.ts'

let directory: TemporaryDirectory
let source: string
let stop: () => void
let told: string[]

beforeEach(async () => {
  directory = await temporaryDirectory('watch')
  source = join(directory.path, 'apps/api/src')
  mkdirSync(source, { recursive: true })
  writeFileSync(join(source, 'a.ts'), '1')
  told = []
  stop = watchSources((file) => told.push(file), directory.path)
})
afterEach(async () => {
  stop()
  await directory.remove()
})

/** As `sed -i`, `git checkout` and most editors save: a new file in the place of the old one. */
function replace(text: string): void {
  writeFileSync(join(source, '.draft'), text)
  renameSync(join(source, '.draft'), join(source, 'a.ts'))
}

const times = (count: number) => expect.poll(() => told, { timeout: 5_000 }).toHaveLength(count)

test('every save of a file is told, also after it was replaced', async () => {
  replace('2')
  await times(1)
  writeFileSync(join(source, 'a.ts'), '3')
  await times(2)
  replace('4')
  await times(3)
  expect(new Set(told)).toEqual(new Set([join('apps/api/src', 'a.ts')]))
})

test('a file replaced by one with the same date and size is told', async () => {
  const date = new Date(0)
  utimesSync(join(source, 'a.ts'), date, date)
  await times(1)
  writeFileSync(join(source, '.draft'), '2')
  utimesSync(join(source, '.draft'), date, date)
  renameSync(join(source, '.draft'), join(source, 'a.ts'))
  await times(2)
})

test('a file that comes, in a folder that comes, and one that goes are told', async () => {
  mkdirSync(join(source, 'new'))
  writeFileSync(join(source, 'new/b.ts'), '1')
  await times(1)
  rmSync(join(source, 'a.ts'))
  await times(2)
  expect(told).toEqual([join('apps/api/src', 'new/b.ts'), join('apps/api/src', 'a.ts')])
})

test('many changes in one go are told once, and tests and other files not at all', async () => {
  for (const name of ['a.ts', 'b.ts', 'c.sql', 'a.test.ts', 'notes.txt']) writeFileSync(join(source, name), '22')
  await times(1)
  writeFileSync(join(source, 'a.test.ts'), '333')
  writeFileSync(join(source, 'notes.txt'), '333')
  writeFileSync(join(source, 'b.ts'), '333')
  await times(2)
  expect(told[1]).toBe(join('apps/api/src', 'b.ts'))
})
