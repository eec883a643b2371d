/**
 * `npm test`: every suite of every workspace, against servers that the suites start and stop themselves.
 *
 * A suite that has passed and whose workspace has not changed is not run again (turbo); its report is, so the
 * last line counts the same tests each time. `npm test -- --force` runs all.
 */

import { globSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'

import { findRedis, installRedis, redisCure, removeLeftPolicy } from '@shop/local-stack'

import { flagsOf } from './arguments.ts'
import { root, run } from './command.ts'

interface Report {
  readonly numPassedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

const { force } = flagsOf('test', { force: 'run every suite again, whatever the cache says' })

await ensureRedis()
const code = await run('turbo', [
  'run',
  'test',
  '--continue',
  '--concurrency=2',
  '--output-logs=new-only',
  ...(force ? ['--force'] : []),
])
const total = summary()
for (const { place, why } of total.failed) console.error(`✘ ${place}\n${why.trim().replace(/^/gm, '    ')}`)
// A file with an error outside its tests fails none of them: turbo's word counts too.
const failed = Math.max(total.failed.length, code === 0 ? 0 : 1)
console.log(`\n${total.passed} passed, ${failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`)
process.exit(failed === 0 ? 0 : 1)

/** The suites need a real Redis. */
async function ensureRedis(): Promise<void> {
  removeLeftPolicy()
  const found = await findRedis()
  if (found.type === 'path') return
  console.log('Redis is not on the PATH; installing it …')
  await installRedis().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    console.error(`The tests need a Redis server. Install it with:  ${redisCure()}`)
    process.exit(1)
  })
}

interface Failure {
  readonly place: string
  readonly why: string
}

function summary(): { passed: number; failed: Failure[]; skipped: number } {
  const total = { passed: 0, failed: [] as Failure[], skipped: 0 }
  for (const file of globSync('{apps/*,packages/*,infra,load-tests,scripts}/report/vitest.json', { cwd: root })) {
    const report: Report = JSON.parse(readFileSync(root + file, 'utf8'))
    total.passed += report.numPassedTests
    total.skipped += report.numPendingTests + report.numTodoTests
    for (const { name, status, message, assertionResults } of report.testResults) {
      const place = relative(root, name)
      const tests = assertionResults
        .filter((one) => one.status === 'failed')
        .map((one) => ({ place: `${place} › ${one.fullName}`, why: (one.failureMessages ?? []).join('\n') }))
      // A file that does not load has no tests to fail.
      total.failed.push(...(status === 'failed' && tests.length === 0 ? [{ place, why: message }] : tests))
    }
  }
  return total
}
