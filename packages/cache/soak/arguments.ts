/** The arguments of `npm run soak`. */

import { parseArgs } from 'node:util'

export interface Arguments {
  readonly minutes: number
  readonly seed: number
  /** Where to write the summary. */
  readonly record: string | undefined
}

export class ArgumentError extends Error {
  override readonly name = 'ArgumentError'
}

const LONGEST_MINUTES = 24 * 60
const LARGEST_SEED = 2 ** 31 - 1

export const HELP = `Usage: npm run soak -- [--minutes N] [--seed S] [--record FILE]

Four processes read and write through the cache, on a real Redis, while everything that can go wrong
does. Each read is checked against the history of all writes.

  --minutes N     how long, from 0.5 to ${LONGEST_MINUTES} (default 1: every kind of fault once)
  --seed S        a number from 0 to ${LARGEST_SEED}: the same faults in the same order (default: drawn)
  --record FILE   writes the summary as Markdown, or as JSON if the name ends in .json
  --help          this text

Ends with 0 when no read was wrong, 1 when one was, 2 when the soak could not be run, 130 when it was
stopped (Ctrl-C) and no read was wrong until then.`

/** `undefined` means that help was asked for. Throws `ArgumentError` for what is no argument. */
export function parseArguments(argv: readonly string[]): Arguments | undefined {
  const { help, minutes = '1', seed, record } = valuesOf(argv)
  if (help) return undefined
  if (record === '') throw new ArgumentError('--record wants the name of a file.')
  return {
    minutes: numberOf('minutes', minutes, /^\d+(\.\d+)?$/, 0.5, LONGEST_MINUTES),
    seed:
      seed === undefined ? Math.floor(Math.random() * LARGEST_SEED) : numberOf('seed', seed, /^\d+$/, 0, LARGEST_SEED),
    record,
  }
}

function valuesOf(argv: readonly string[]) {
  const options = {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    record: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const
  try {
    return parseArgs({ args: [...argv], options }).values
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('. ')
    throw new ArgumentError(`${reason?.replace(/\.$/, '')}.`, { cause: error })
  }
}

function numberOf(name: string, text: string, shape: RegExp, least: number, most: number): number {
  const value = shape.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new ArgumentError(`--${name} must be a number from ${least} to ${most}, not "${text}".`)
}
