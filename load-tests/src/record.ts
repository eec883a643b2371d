/**
 * The record of a run: what was measured, with the machine, the commit and the command, so that it can be repeated and
 * compared. No raw data, no name and no path of the machine.
 */

import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Stampede } from './stampede.ts'
import type { Judgement, Verdict } from './verdict.ts'

export const RESULTS = fileURLToPath(new URL('../results', import.meta.url))

export interface Versions {
  readonly postgres: string
  readonly redis: string
  readonly k6: string
}

export interface Recorded {
  readonly scenario: string
  readonly isRecord: boolean
  readonly command: string
  readonly versions: Versions
  readonly runs: readonly Stampede[]
  readonly verdict: Verdict
}

/**
 * Writes `<results>/<scenario>/summary.json` when it is to be the record of the repository, else `raw/summary.json` beside
 * it, which git ignores: to try the test must not change a file that is committed. Either replaces the one before.
 */
export function record(results: string, { scenario, isRecord, command, versions, runs, verdict }: Recorded): string {
  const place = join(results, scenario, ...(isRecord ? [] : ['raw']))
  const summary = {
    scenario,
    kept: verdict.kept,
    conclusion: verdict.conclusion,
    command,
    recordedAt: new Date().toISOString(),
    commit: commit(),
    machine: {
      processor: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${process.platform} ${release()}`,
    },
    versions: { node: process.versions.node, ...versions },
    judgements: verdict.sections.flatMap(({ title, judgements }) =>
      judgements.map((judgement: Judgement) => ({ run: title, ...judgement })),
    ),
    runs,
  }
  mkdirSync(place, { recursive: true })
  const file = join(place, 'summary.json')
  writeFileSync(file, `${JSON.stringify(summary, undefined, 2)}\n`)
  return file
}

/** The commit that was measured, and whether it was measured as committed. `undefined` outside of a repository. */
function commit(): { readonly id: string; readonly changed: boolean } | undefined {
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
