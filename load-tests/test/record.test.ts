import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { RESULTS, type Recorded, record } from '../src/record.ts'

let results: string

beforeEach(() => {
  results = mkdtempSync(join(tmpdir(), 'shop-record-test-'))
})

afterEach(() => rmSync(results, { recursive: true, force: true }))

const run: Omit<Recorded, 'isRecord'> = {
  scenario: 'stampede',
  command: 'npm run flash-sale',
  versions: { postgres: '18', redis: '8', k6: '1' },
  runs: [],
  verdict: { sections: [], kept: true, conclusion: '' },
}

test('a run that is not to be recorded leaves the record as it is', () => {
  expect(record(results, { ...run, isRecord: false })).toBe(join(results, 'stampede/raw/summary.json'))
  expect(existsSync(join(results, 'stampede/summary.json'))).toBe(false)
})

test('a run that is to be recorded replaces the record', () => {
  expect(record(results, { ...run, isRecord: true })).toBe(join(results, 'stampede/summary.json'))
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
  expect([ignored('stampede/raw/summary.json'), ignored('stampede/summary.json')]).toEqual([true, false])
})
