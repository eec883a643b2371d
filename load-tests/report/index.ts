/** The report of a load test: a page for people, and the table of its controls for a README. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { RunFile } from '../src/run-file.ts'
import { page } from './page.ts'

export { controlTable } from './control-table.ts'
export { RunFileError, readRun } from './read-run.ts'

/** Writes `report.html` into the folder, in place of the one that is there, and returns its path. */
export function writeReport(run: RunFile, folder: string): string {
  const path = join(folder, 'report.html')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, page(run))
  return path
}
