/**
 * The record of a run: what was measured, with the machine, the commit and the command, so that it can be repeated and
 * compared. No name and no path of the machine.
 *
 *     results/<scenario>/raw/run.json       the whole of the last run, second by second; git ignores it
 *     results/<scenario>/raw/traces.json    example traces, for Jaeger
 *     results/<scenario>/summary.json       with --record: the same without the seconds and the traces
 *     results/<scenario>/table.txt          and its verdict as it was printed
 */

import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { RunFile } from './run-file.ts'

export const RESULTS = fileURLToPath(new URL('../results', import.meta.url))

/** Where the last run of a scenario is kept; made if absent. */
export function rawFolder(results: string, scenario: string): string {
  const folder = join(results, scenario, 'raw')
  mkdirSync(folder, { recursive: true })
  return folder
}

/** Replaces the run before. Gives the file. */
export function keep(results: string, run: RunFile): string {
  return write(join(rawFolder(results, run.scenario), 'run.json'), `${JSON.stringify(run)}\n`)
}

/** Replaces the record of the repository. Gives the file. */
export function record(results: string, run: RunFile, table: string): string {
  const folder = join(results, run.scenario)
  mkdirSync(folder, { recursive: true })
  write(join(folder, 'table.txt'), `${run.command}\n\n${table}\n`)
  const summary = { ...run, runs: run.runs.map(({ seconds: _, traces: __, traced: ___, ...figures }) => figures) }
  return write(join(folder, 'summary.json'), `${JSON.stringify(summary, undefined, 2)}\n`)
}

function write(file: string, text: string): string {
  writeFileSync(file, text)
  return file
}

export function thisMachine(): RunFile['machine'] {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
  }
}

/** The commit that was measured, and whether it was measured as committed. `undefined` outside of a repository. */
export function thisCommit(): RunFile['commit'] | undefined {
  const git = (...args: string[]) =>
    execFileSync('git', args, {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
      stdio: 'pipe',
    }).trim()
  try {
    // A record that is replaced does not change what was measured.
    const changes = git('status', '--porcelain', '--', ':/', ':(exclude,top)load-tests/results')
    return { id: git('rev-parse', '--short=12', 'HEAD'), changed: changes !== '' }
  } catch {
    return undefined
  }
}
