/** `npm run propagation`, `visibility`, `savings` and `outage`: measures on a private shop, each with one number. */

import { helpOf, isMeasure, LoadTestError, MEASURES, parseMeasure } from '@shop/load-tests'
import { LocalStackError } from '@shop/local-stack'

import { openTerminal } from './terminal.ts'

const EXIT = { kept: 0, broken: 1, failed: 2, interrupted: 130 } as const

/** One Ctrl-C arrives up to three times: from the terminal, from npm, and from run.mjs. */
const SAME_PRESS_MS = 1_000

const terminal = openTerminal()
const interruption = new AbortController()
let interruptedAt: number | undefined

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
// run.mjs was killed and cannot tell us anything any more.
process.on('disconnect', interrupt)

process.exit(await outcome())

async function outcome(): Promise<number> {
  const [name, ...argv] = process.argv.slice(2)
  if (!isMeasure(name)) {
    terminal.fail(`The measures are ${Object.keys(MEASURES).join(', ')}.`)
    return EXIT.failed
  }
  try {
    const amount = parseMeasure(name, argv)
    if (amount === undefined) {
      terminal.say(helpOf(name))
      return EXIT.kept
    }
    const kept = await MEASURES[name].run(amount, { terminal, signal: interruption.signal })
    return kept ? EXIT.kept : EXIT.broken
  } catch (error) {
    terminal.end()
    if (interruption.signal.aborted) {
      terminal.say('Stopped. Nothing is left running.')
      return EXIT.interrupted
    }
    // Both say in their message what to do. Anything else is a fault of ours, which its stack helps to find.
    const isExpected = error instanceof LoadTestError || error instanceof LocalStackError
    terminal.fail(isExpected ? error.message : String(error instanceof Error ? error.stack : error))
    if (error instanceof LoadTestError && error.code === 'ARGUMENT_INVALID') terminal.say(`\n${helpOf(name)}`)
    return EXIT.failed
  }
}

function interrupt(): void {
  if (interruptedAt === undefined) {
    interruptedAt = performance.now()
    terminal.say('Stopping …')
    interruption.abort(new Error('Interrupted'))
  } else if (performance.now() - interruptedAt > SAME_PRESS_MS) {
    // Whoever asks again does not want to wait. What is still running is removed by the next run.
    process.exit(EXIT.interrupted)
  }
}
