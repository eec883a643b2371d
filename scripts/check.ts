/**
 * `npm run check`: what must hold before a commit. Format and lint, types, unused code, the tests and with them
 * the layers (packages/tidy). `npm run check -- --no-tests` leaves the tests out.
 */

import { flagsOf } from './arguments.ts'
import { run } from './command.ts'

const flags = flagsOf('check', { 'no-tests': 'leave the tests out' })

const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['format and lint', 'biome', 'ci', '.', '--error-on-warnings'],
  ['types', 'turbo', 'run', 'typecheck', '--continue', '--output-logs=errors-only'],
  ['unused code', 'knip'],
]

let failed = 0
for (const [name, command, ...args] of steps) {
  console.log(`\n── ${name}`)
  const code = await run(command, args)
  if (code !== 0) failed++
  console.log(code === 0 ? `✔ ${name}` : `✘ ${name}`)
}
if (!flags['no-tests']) {
  console.log('\n── tests')
  if ((await run(process.execPath, ['scripts/test.ts'])) !== 0) failed++
}
console.log(
  failed === 0
    ? '\nAll of it holds.'
    : `\n${failed} of the above failed. npm run fix repairs format and what lint can.`,
)
process.exit(failed === 0 ? 0 : 1)
