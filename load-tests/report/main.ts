/** `node load-tests/report/main.ts <run.json> [folder]`: makes the page of a run again, from its file. */

import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'

import { RunFileError, readRun, writeReport } from './index.ts'

const USAGE = `Usage: node load-tests/report/main.ts <run.json> [folder]

Makes report.html from the file that a load test has written, such as
load-tests/results/stampede/raw/run.json. Without a folder the page is put beside
the file.`

const EXIT = { made: 0, failed: 1, usage: 2 } as const

process.exitCode = make(process.argv.slice(2))

function make([file, folder, ...more]: readonly string[]): number {
  if (file === '--help' || file === '-h') {
    console.log(USAGE)
    return EXIT.made
  }
  if (file === undefined || more.length > 0) return refuse(USAGE)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return refuse(`${file} cannot be read: ${error instanceof Error ? error.message : error}\n\n${USAGE}`)
  }
  try {
    console.log(writeReport(readRun(text), folder ?? dirname(file)))
    return EXIT.made
  } catch (error) {
    if (error instanceof RunFileError) return refuse(`${file} is not the file of a run. ${error.message}\n\n${USAGE}`)
    console.error(error)
    return EXIT.failed
  }
}

function refuse(message: string): number {
  console.error(message)
  return EXIT.usage
}
