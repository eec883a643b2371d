/** The command line of `npm run flash-sale`. */

import { parseArgs } from 'node:util'

import { argumentInvalid } from './errors.ts'
import { grouped } from './numbers.ts'

export interface Arguments {
  /** Visitors who ask at the same moment. */
  readonly vus: number
  /** Processes of the API. */
  readonly api: number
  /** Whether the same is repeated without the cache. */
  readonly control: boolean
  /** Whether the result replaces the record of the repository. */
  readonly record: boolean
  readonly help: boolean
}

export const DEFAULTS = Object.freeze({ vus: 2_000, api: 1 })

/** Each visitor has a connection: an address has 28 000 ports to give, and a process may open 20 000 files. */
const MOST_VUS = 17_000

/** Each has up to 20 connections to Postgres, which lets 200 in. */
const MOST_PROCESSES = 8

export const HELP = `Usage: npm run flash-sale -- [--vus ${DEFAULTS.vus}] [--api ${DEFAULTS.api}] [--control] [--record]

The hottest product gets a new price, and everybody asks for it at once: does the
database see one query, or one per visitor? Runs on a shop of its own.

  --vus <n>   visitors who ask at the same moment, 2 to ${grouped(MOST_VUS)} (default ${grouped(DEFAULTS.vus)})
  --api <n>   processes of the API, 1 to ${MOST_PROCESSES} (default ${DEFAULTS.api})
  --control   then the same with the cache off, which must show many queries
  --record    replace the record of the repository, load-tests/results/stampede/summary.json,
              with this run; without it the result is kept beside it, where git does not look
  --help      this text

Ends with 0 when every promise holds, 1 when one does not, 2 when the test could not be run.`

export function parseArguments(argv: readonly string[]): Arguments {
  const { vus, api, control, record, help } = parsed(argv)
  return {
    vus: vus === undefined ? DEFAULTS.vus : whole('--vus', vus, 2, MOST_VUS),
    api: api === undefined ? DEFAULTS.api : whole('--api', api, 1, MOST_PROCESSES),
    control: control ?? false,
    record: record ?? false,
    help: help ?? false,
  }
}

/** The command that repeats this run. */
export function commandOf({ vus, api, control }: Arguments): string {
  return ['npm run flash-sale --', `--vus ${vus}`, `--api ${api}`, ...(control ? ['--control'] : [])].join(' ')
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        vus: { type: 'string' },
        api: { type: 'string' },
        control: { type: 'boolean' },
        record: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/\. To specify a positional[\s\S]*/, '') : ''
    throw argumentInvalid(`${reason.replace(/\.$/, '')}.`, error)
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw argumentInvalid(`${name} must be a whole number from ${grouped(least)} to ${grouped(most)}.`)
}
