/**
 * `npm run propagation` and `visibility`: what each measures, and its one argument.
 *
 * Each runs on a shop of its own, and none needs k6.
 */

import { LoadTestError } from './errors.ts'
import { grouped } from './numbers.ts'
import { propagation } from './propagation.ts'
import type { Terminal } from './terminal.ts'
import { visibility } from './visibility.ts'

export type MeasureName = 'propagation' | 'visibility'

interface Measure {
  /** Resolves to whether what the shop promises was seen. */
  run(amount: number, options: { terminal: Terminal; signal: AbortSignal }): Promise<boolean>
  readonly argument: string
  /** The same as an option. */
  readonly option: string
  readonly least: number
  readonly most: number
  readonly usual: number
  /** In sentences, for a person. */
  readonly about: string
}

export const MEASURES: Readonly<Record<MeasureName, Measure>> = Object.freeze({
  propagation: {
    run: propagation,
    argument: 'changes',
    option: '--changes',
    least: 1,
    most: 100_000,
    usual: 1_000,
    about: `How soon is a new price seen by processes that have just served the old one from their
memory? At once in the process that wrote it; elsewhere, the milliseconds are measured.`,
  },
  visibility: {
    run: visibility,
    argument: 'changes',
    option: '--changes',
    least: 10,
    most: 100_000,
    usual: 1_000,
    about: `How long after its commit is a new price seen by the last of three processes that have
just served the old one from their memory? For changes by the API, and for a tenth as many
by SQL and in bulk, which only the worker tells the caches of. None may stay unseen.`,
  },
})

export function isMeasure(name: string | undefined): name is MeasureName {
  return name !== undefined && Object.hasOwn(MEASURES, name)
}

export function helpOf(name: MeasureName): string {
  const { argument, option, least, most, usual, about } = MEASURES[name]
  return `Usage: npm run ${name} -- [${argument}]

${about}

  ${argument}   ${grouped(least)} to ${grouped(most)} (default ${grouped(usual)}), such as: npm run ${name} -- ${usual}
  ${option.padEnd(argument.length)}   the same: npm run ${name} -- ${option} ${usual}
  --help${' '.repeat(argument.length - 6)}   this text

Ends with 0 when what the shop promises was seen, 1 when it was not, 2 when the measure could not be run.`
}

/** `undefined` means that help was asked for. */
export function parseMeasure(name: MeasureName, argv: readonly string[]): number | undefined {
  const { argument, option, least, most, usual } = MEASURES[name]
  if (argv.includes('--help') || argv.includes('-h')) return undefined
  const [text, ...rest] = argv[0] === option ? [argv[1] ?? '', ...argv.slice(2)] : argv
  if (text === undefined) return usual
  if (text.startsWith('--')) throw refused(`There is no option ${text}.`)
  if (rest.length > 0) throw refused(`One argument is expected, not ${argv.length}.`)
  const amount = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (amount >= least && amount <= most) return amount
  throw refused(`The ${argument} must be a whole number from ${grouped(least)} to ${grouped(most)}, not "${text}".`)
}

/** Whoever catches it shows the help beside it, so the message does not speak of help. */
function refused(message: string): LoadTestError {
  return new LoadTestError('ARGUMENT_INVALID', message)
}
