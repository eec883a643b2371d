/**
 * What `.ci/run` runs: the tests, the checks, a minute of soak, and a smoke of `npm start` in a fresh copy. Ends with one line that
 * counts all of it. Each check counts as one test.
 */

import { spawn } from 'node:child_process'

import { root } from './command.ts'

const COUNTS = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/

const steps = [
  ['tests', 'npm', 'test'],
  ['format, lint, types, unused code', 'npm', 'run', 'check', '--', '--no-tests'],
  ['soak of the cache for a minute', process.execPath, 'packages/cache/soak/main.ts', '--minutes', '1'],
  ['smoke of npm start in a fresh copy', process.execPath, 'scripts/smoke.ts'],
  ['smoke of docker compose up', process.execPath, 'infra/compose-smoke.ts'],
] as const

const total = { passed: 0, failed: 0, skipped: 0 }
for (const [name, command, ...args] of steps) {
  console.log(`\n━━ ${name}`)
  const startedAt = performance.now()
  const { code, counted } = await step(command, args)
  const [passed, failed, skipped] = counted ?? [code === 0 ? 1 : 0, 0, 0]
  total.passed += passed
  total.failed += Math.max(failed, code === 0 ? 0 : 1)
  total.skipped += skipped
  console.log(
    `━━ ${name}: ${code === 0 ? 'passed' : 'FAILED'} in ${Math.round((performance.now() - startedAt) / 1_000)} s`,
  )
}
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`)
process.exit(total.failed === 0 ? 0 : 1)

/** Runs one step, shows what it prints, and reads the line in which it counts itself, should it have one. */
function step(
  command: string,
  args: readonly string[],
): Promise<{ code: number; counted: [number, number, number] | undefined }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    let counted: [number, number, number] | undefined
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      process.stdout.write(chunk)
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const [, passed, failed, skipped = '0'] = COUNTS.exec(line.trim()) ?? []
        if (passed && failed) counted = [Number(passed), Number(failed), Number(skipped)]
      }
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, counted }))
  })
}
