/**
 * A command that ends with a verdict and can be interrupted: its exit status, its errors, and Ctrl-C, in one place.
 *
 * The command gets a signal, stops what it has started when it is aborted, and only then rejects. That is the difference to
 * `shutdown.ts`, whose parts are stopped by somebody else.
 */

import { LoadTestError } from '@shop/load-tests'
import { LocalStackError } from '@shop/local-stack'

import { openTerminal, type Terminal } from './terminal.ts'

const EXIT = { kept: 0, broken: 1, failed: 2, interrupted: 130 } as const

/** One Ctrl-C arrives up to three times: from the terminal, from npm, and from run.mjs. */
const SAME_PRESS_MS = 1_000

export interface Interruptible {
  run(options: { readonly terminal: Terminal; readonly signal: AbortSignal }): Promise<'kept' | 'broken'>
  /** What is shown below the message when an argument was wrong. */
  readonly help?: string | undefined
}

/** Runs it and ends the process. */
export async function runInterruptible({ run, help }: Interruptible): Promise<never> {
  const terminal = openTerminal()
  const interruption = new AbortController()
  let interruptedAt: number | undefined

  const interrupt = (): void => {
    if (interruptedAt === undefined) {
      interruptedAt = performance.now()
      terminal.say('Stopping …')
      interruption.abort(new Error('Interrupted'))
    } else if (performance.now() - interruptedAt > SAME_PRESS_MS) {
      // Whoever asks again does not want to wait. What is still running is removed by the next run.
      process.exit(EXIT.interrupted)
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
  // run.mjs was killed and cannot tell us anything any more.
  process.on('disconnect', interrupt)

  try {
    process.exit(EXIT[await run({ terminal, signal: interruption.signal })])
  } catch (error) {
    terminal.end()
    if (interruption.signal.aborted) {
      terminal.say('Stopped. Nothing is left running.')
      process.exit(EXIT.interrupted)
    }
    // Both say in their message what to do. Anything else is a fault of ours, which its stack helps to find.
    const isExpected = error instanceof LoadTestError || error instanceof LocalStackError
    terminal.fail(isExpected ? error.message : String(error instanceof Error ? error.stack : error))
    if (help !== undefined && error instanceof LoadTestError && error.code === 'ARGUMENT_INVALID')
      terminal.say(`\n${help}`)
    process.exit(EXIT.failed)
  }
}
