/**
 * Writes the tables of `docs/data-classes.md` from the declarations: `npm run data-classes`. With `--check` it only says
 * whether they are as they should be, by its exit status.
 */

import { readFileSync, writeFileSync } from 'node:fs'

import { declaredResources, render } from './data-class-page.ts'

const PAGE = new URL('../../../docs/data-classes.md', import.meta.url)

const onlyCheck = process.argv.includes('--check')
const page = readFileSync(PAGE, 'utf8')
const rendered = render(page, await declaredResources())

if (rendered === page) {
  console.log('docs/data-classes.md is what the declarations say.')
} else if (onlyCheck) {
  console.error('docs/data-classes.md is not what the declarations say. Run: npm run data-classes')
  process.exitCode = 1
} else {
  writeFileSync(PAGE, rendered)
  console.log('docs/data-classes.md written.')
}
