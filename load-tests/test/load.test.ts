/** The whole, at its smallest: the real k6, a real shop, a real verdict. */

import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandOf } from '@shop/local-stack'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { findBinary } from '../src/k6-search.ts'
import { load } from '../src/load.ts'
import type { RunFile } from '../src/run-file.ts'
import type { Terminal } from '../src/terminal.ts'
import { until } from '../src/waiting.ts'
import { descendantsOf } from './processes.ts'

const k6 = await findBinary()
if (!k6) console.warn('Skipped: there is no k6 here. `npm run load` builds one or says how to install it.')

const SCRIPT = fileURLToPath(new URL('../../scripts/load.ts', import.meta.url))
const never = new AbortController().signal

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'shop-load-test-'))
  chmodSync(directory, 0o755) // Started by root, Postgres runs as somebody else and must get through.
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const options = () => ({ signal: never, results: directory, env: {} })
const kept = (scenario: string): RunFile => JSON.parse(readFileSync(join(directory, scenario, 'raw/run.json'), 'utf8'))

describe.skipIf(!k6)('npm run load', { timeout: 120_000 }, () => {
  test('flash-sale: the pieces are sold exactly, and what was seen of it is kept', async () => {
    const { terminal, text } = recordingTerminal()

    const outcome = await load(['flash-sale', '--size', 'smoke'], { terminal, ...options() })

    const run = kept('flash-sale')
    expect({ outcome, broken: run.judgements.filter((judgement) => !judgement.kept) }, text()).toEqual({
      outcome: 'kept',
      broken: [],
    })
    expect(run.runs[0]).toMatchObject({ name: 'with the cache', failed: 0 })
    expect(run.runs[0]?.events.map(({ kind }) => kind)).toEqual(['phase', 'change', 'change'])
    expect(run.runs[0]?.seconds.length).toBeGreaterThan(5)
    expect(existsSync(join(directory, 'flash-sale/raw/k6-dashboard.html'))).toBe(true)
    // Whether a follower is met is chance: most visits are hits.
    const { 'a follower': followed = 'waits', ...others } = examplesOf(run)
    expect(others).toEqual({ slowest: expect.anything(), 'the loader': expect.stringMatching(/loads$/) })
    expect(followed).toMatch(/^waits/)
  })

  test('stampede: one query with the cache, one for each visitor without, one for each process with single flight', async () => {
    const { terminal, text } = recordingTerminal()

    const outcome = await load(['stampede', '--size', 'smoke', '--control'], { terminal, ...options() })

    expect(outcome, text()).toBe('kept')
    expect(kept('stampede').runs.map(({ name, queries }) => [name, queries])).toEqual([
      ['with the cache', 1],
      ['cache off', 200],
      ['naive get/set', 200],
      ['single flight only', 3],
    ])
    expect(examplesOf(kept('stampede'))).toEqual({
      slowest: expect.anything(),
      'a follower': 'waits',
      'the loader': 'loads',
    })
  })

  test('rate-limit: who does not stop is refused, and nobody else', async () => {
    const { terminal, text } = recordingTerminal()

    const outcome = await load(['rate-limit', '--size', 'smoke'], { terminal, ...options() })

    const run = kept('rate-limit')
    expect({ outcome, broken: run.judgements.filter((judgement) => !judgement.kept) }, text()).toEqual({
      outcome: 'kept',
      broken: [],
    })
    expect(run.runs.map(({ name, failed }) => [name, failed])).toEqual([['with the cache', 0]])
    expect(run.runs[0]?.extra?.map(({ label }) => label)).toEqual([
      'requests of greedy customers',
      'granted',
      'p99 of everybody else',
    ])
  })

  test('Ctrl-C while the query is held stops everything and leaves nothing', async () => {
    const child = spawn(process.execPath, [SCRIPT, 'stampede', '--size', 'smoke'], {
      // Vite sets BASE_URL.
      env: { ...process.env, BASE_URL: '', TMPDIR: directory },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk))
    const pid = child.pid ?? 0
    const isRunning = (name: string) => descendantsOf(pid).some((one) => commandOf(one)?.includes(name))

    // k6 is started when the lock is held, and ends when it was released.
    const patience = { limitMs: 60_000, everyMs: 20, signal: never }
    expect(await until(() => isRunning('scenarios/stampede.ts'), patience), output).toBe(true)
    const started = descendantsOf(pid)
    expect(started.length).toBeGreaterThan(3)
    for (const signal of ['SIGINT', 'SIGINT'] as const) child.kill(signal)

    expect(await until(() => child.exitCode !== null, patience), output).toBe(true)
    expect(child.exitCode).toBe(130)
    expect(output).toContain('Nothing is left running')
    expect(started.filter((one) => commandOf(one) !== undefined)).toEqual([])
    expect(readdirSync(directory)).toEqual([])
  })
})

/** What each example trace of the shop as it is has to do with a load. */
function examplesOf({ runs: [run] }: RunFile): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (run?.traces ?? []).map(({ label, spans = [] }) => {
      const has = (step: string): boolean => spans.some(({ name }) => name.startsWith(`cache ${step} `))
      return [label, [...(has('wait') ? ['waits'] : []), ...(has('load') ? ['loads'] : [])].join(', ')]
    }),
  )
}

function recordingTerminal(): { readonly terminal: Terminal; text(): string } {
  const lines: string[] = []
  const say = (line: string): void => void lines.push(line)
  return {
    terminal: { say, step: (name) => ({ progress: () => undefined, done: (text) => say(`${name} ${text}`) }) },
    text: () => lines.join('\n'),
  }
}
