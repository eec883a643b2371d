/** The whole, with a herd of 100: the real k6, a real shop, a real verdict. */

import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandOf } from '@shop/local-stack'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { flashSale } from '../src/flash-sale.ts'
import { findBinary } from '../src/k6-search.ts'
import type { Terminal } from '../src/terminal.ts'
import { until } from '../src/waiting.ts'
import { descendantsOf } from './processes.ts'

const k6 = await findBinary()
if (!k6) console.warn('Skipped: there is no k6 here. `npm run flash-sale` builds one or says how to install it.')

const SCRIPT = fileURLToPath(new URL('../../scripts/flash-sale.ts', import.meta.url))
const never = new AbortController().signal

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'shop-flash-sale-test-'))
  chmodSync(directory, 0o755) // Started by root, Postgres runs as somebody else and must get through.
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

describe.skipIf(!k6)('npm run flash-sale', { timeout: 120_000 }, () => {
  test.each([1, 2])('with %d processes: one query with the cache, one for each visitor without', async (processes) => {
    const { terminal, text } = recordingTerminal()
    const argv = ['--vus', '100', '--api', String(processes), '--control']

    const outcome = await flashSale(argv, { terminal, signal: never, results: directory })

    expect(text(), text()).toContain('100 visitors: one query with the cache, 100 without.')
    expect(outcome).toBe('kept')
    expect(JSON.parse(readFileSync(join(directory, 'stampede/raw/summary.json'), 'utf8'))).toMatchObject({
      kept: true,
      command: `npm run flash-sale -- --vus 100 --api ${processes} --control`,
      runs: [
        { cache: 'on', queries: 1, answers: { succeeded: 100, newPrice: 100, fromLoad: 1, fromLoadOfAnother: 99 } },
        { cache: 'off', queries: 100 },
      ],
    })
  })

  test('Ctrl-C while the query is held stops everything and leaves nothing', async () => {
    const child = spawn(process.execPath, [SCRIPT, '--vus', '100'], {
      env: { ...process.env, TMPDIR: directory },
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

function recordingTerminal(): { readonly terminal: Terminal; text(): string } {
  const lines: string[] = []
  const say = (line: string): void => void lines.push(line)
  return {
    terminal: { say, step: (name) => ({ progress: () => undefined, done: (text) => say(`${name} ${text}`) }) },
    text: () => lines.join('\n'),
  }
}
