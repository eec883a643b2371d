import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { keep, RESULTS, record } from '../src/record.ts'
import type { RunFile } from '../src/run-file.ts'

let results: string

beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), 'shop-record-test-'))
})

afterEach(() => rmSync(results, { recursive: true, force: true }))

const run: RunFile = {
  scenario: 'stampede',
  title: '',
  question: '',
  workload: '',
  expectation: '',
  size: 'smoke',
  command: 'npm run load -- stampede --size smoke',
  startedAt: '2026-11-21T08:00:00.000Z',
  kept: true,
  conclusion: '',
  machine: { processor: '', cores: 2, memoryGiB: 24, system: '' },
  versions: {},
  generator: { cpuShare: 0, bottleneck: false },
  judgements: [],
  runs: [
    {
      name: 'with the cache',
      events: [],
      seconds: [
        { atMs: 0, requests: 1, failed: 0, p50: 1, p95: 1, p99: 1, queries: 1, memory: 0, redis: 0, load: 1, stale: 0 },
      ],
      latency: { p50: 1, p95: 1, p99: 1, p999: 1, max: 1 },
      requests: 1,
      failed: 0,
      dropped: 0,
      queries: 1,
      hits: { memory: 0, redis: 0, load: 1, collapsed: 0, stale: 0, bypass: 0 },
    },
  ],
}

test('the last run is kept whole, beside the record', () => {
  const file = keep(results, run)
  expect(file).toBe(join(results, 'stampede/raw/run.json'))
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(run)
  expect(existsSync(join(results, 'stampede/summary.json'))).toBe(false)
})

test('the record has the figures without the seconds, and the table as it was printed', () => {
  const file = record(results, run, 'the table')
  expect(file).toBe(join(results, 'stampede/summary.json'))
  const { runs } = JSON.parse(readFileSync(file, 'utf8'))
  expect(runs[0]).toMatchObject({ requests: 1 })
  expect(runs[0].seconds).toBeUndefined()
  expect(readFileSync(join(results, 'stampede/table.txt'), 'utf8')).toBe(`${run.command}\n\nthe table\n`)
})

test('git ignores what is kept beside the record, and not the record', () => {
  const ignored = (path: string): boolean => {
    try {
      execFileSync('git', ['check-ignore', '--quiet', '--no-index', path], { cwd: RESULTS, stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }
  if (!existsSync(join(RESULTS, '../../.git'))) return
  expect([ignored('stampede/raw/run.json'), ignored('stampede/summary.json')]).toEqual([true, false])
})
