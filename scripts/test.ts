/**
 * `npm test`: every suite of every workspace, against servers that the suites start and stop themselves.
 *
 * A suite that has passed and whose workspace has not changed is not run again (turbo); its report is, so the
 * last line counts the same tests each time. `npm test -- --force` runs all.
 */

import { globSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import { findRedis, installRedis, redisCure } from '@shop/local-stack'

import { root, run } from './command.ts'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

const { values } = parseArgs({
  options: { force: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
})
if (values.help) {
  console.log(
    'npm test            every suite; what has not changed since it passed is taken from the cache\nnpm test -- --force every suite, run again',
  )
  process.exit(0)
}

await ensureRedis()
const code = await run('turbo', [
  'run',
  'test',
  '--continue',
  '--concurrency=2',
  '--output-logs=new-only',
  ...(values.force ? ['--force'] : []),
])
const total = summary()
// A file that does not load has no tests to fail, and a type or unhandled error none that did: turbo's word counts too.
const failed = Math.max(total.failed, code === 0 ? 0 : 1)
console.log(`\n${total.passed} passed, ${failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`)
process.exit(failed === 0 ? 0 : 1)

/** The suites need a real Redis. */
async function ensureRedis(): Promise<void> {
  const found = await findRedis()
  if (found.type === 'path') return
  console.log('Redis is not on the PATH; installing it …')
  await installRedis().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    console.error(`The tests need a Redis server. Install it with:  ${redisCure()}`)
    process.exit(1)
  })
}

function summary(): { passed: number; failed: number; skipped: number } {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const file of globSync('{apps/*,packages/*,load-tests,scripts}/report/vitest.json', { cwd: root })) {
    const report: Report = JSON.parse(readFileSync(root + file, 'utf8'))
    total.passed += report.numPassedTests
    total.failed += report.numFailedTests
    total.failed += report.testResults.filter(
      (result) => result.status === 'failed' && result.assertionResults.length === 0,
    ).length
    total.skipped += report.numPendingTests + report.numTodoTests
  }
  return total
}
