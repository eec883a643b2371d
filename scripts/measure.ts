/** `npm run propagation [changes]` and `npm run outage [seconds per phase]`: measures on a private shop. */

import { outage, propagation } from '@shop/load-tests'

import { openTerminal } from './terminal.ts'

const MEASURES = {
  propagation: { run: propagation, usual: 1_000, of: 'changes' },
  outage: { run: outage, usual: 5, of: 'seconds of each phase' },
} as const

const [name, amount, ...rest] = process.argv.slice(2)
const measure = name === 'propagation' || name === 'outage' ? MEASURES[name] : undefined
const count = amount === undefined ? measure?.usual : Number(amount)
const terminal = openTerminal()
if (!measure || !Number.isSafeInteger(count) || Number(count) < 1 || rest.length > 0) {
  const usage = Object.entries(MEASURES).map(([known, { of, usual }]) => `  npm run ${known} [${of}, ${usual}]`)
  terminal.fail(`Usage:\n${usage.join('\n')}`)
  process.exit(2)
}

const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interruption.abort(new Error('Interrupted')))
}
try {
  process.exit((await measure.run(Number(count), { terminal, signal: interruption.signal })) ? 0 : 1)
} catch (error) {
  terminal.end()
  if (interruption.signal.aborted) process.exit(130)
  terminal.fail(String(error instanceof Error ? error.stack : error))
  process.exit(2)
}
