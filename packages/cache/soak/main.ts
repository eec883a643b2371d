/** `npm run soak`: runs a soak, shows how it goes, and says how it went. */

import { writeFileSync } from 'node:fs'
import { styleText } from 'node:util'

import { LocalStackError } from '@shop/local-stack'

import { ArgumentError, type Arguments, HELP, parseArguments } from './arguments.ts'
import { grouped, markdown } from './report.ts'
import { type Progress, soak } from './soak.ts'

const EXIT = { kept: 0, broken: 1, failed: 2, interrupted: 130 } as const

const LINE_EVERY_MS = 10_000
/** One Ctrl-C arrives up to three times: from the terminal, from npm, and from run.mjs. */
const SAME_PRESS_MS = 1_000

const interruption = new AbortController()
let interruptedAt: number | undefined
let saidAt = 0

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
// run.mjs was killed and cannot tell us anything any more.
process.on('disconnect', interrupt)

process.exit(await outcome())

async function outcome(): Promise<number> {
  let given: Arguments | undefined
  try {
    given = parseArguments(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error
    process.stderr.write(`${error.message}\n\n${HELP}\n`)
    return EXIT.failed
  }
  if (!given) {
    process.stdout.write(`${HELP}\n`)
    return EXIT.kept
  }
  const { minutes, seed, record } = given
  say(`A soak of ${minutes} min, seed ${seed}`)
  try {
    const summary = await soak({ minutes, seed, signal: interruption.signal, onProgress: show })
    clearLine()
    say(`\n${markdown(summary)}`)
    if (record)
      writeFileSync(record, record.endsWith('.json') ? `${JSON.stringify(summary, null, 2)}\n` : markdown(summary))
    if (summary.violations > 0) {
      say(styleText('red', `Wrong. The same faults again: npm run soak -- --minutes ${minutes} --seed ${seed}`))
      return EXIT.broken
    }
    return interruption.signal.aborted ? EXIT.interrupted : EXIT.kept
  } catch (error) {
    clearLine()
    // It says in its message what to do. Anything else is a fault of ours, which its stack helps to find.
    const isExpected = error instanceof LocalStackError
    process.stderr.write(`${isExpected ? error.message : String(error instanceof Error ? error.stack : error)}\n`)
    return EXIT.failed
  }
}

function show({ elapsedMs, reads, violations, faults }: Progress): void {
  const text = `  ${(elapsedMs / 1_000).toFixed(0).padStart(5)} s  ${grouped(reads).padStart(11)} reads checked  ${violations} wrong  ${faults.join(', ')}`
  if (process.stdout.isTTY) {
    clearLine()
    process.stdout.write(text.slice(0, (process.stdout.columns || 80) - 1))
  } else if (performance.now() - saidAt >= LINE_EVERY_MS) {
    saidAt = performance.now()
    say(text)
  }
}

function clearLine(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function interrupt(): void {
  if (interruptedAt === undefined) {
    interruptedAt = performance.now()
    clearLine()
    say('Stopping …')
    interruption.abort(new Error('Interrupted'))
  } else if (performance.now() - interruptedAt > SAME_PRESS_MS) {
    // Whoever asks again does not want to wait. What is still running is removed by the next run.
    process.exit(EXIT.interrupted)
  }
}
