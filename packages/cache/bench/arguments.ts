/** The command line of `npm run bench`. */

import { parseArgs } from 'node:util'

export interface Arguments {
  /** Part of the names of the cases to run; empty: all. */
  readonly only: string
  readonly rounds: number
  readonly peers: boolean
  /** Whether cases with turns compare time on the processors. */
  readonly cpu: boolean
  readonly profile: boolean
}

const DEFAULT_ROUNDS = 51
const MOST_ROUNDS = 1_000

const HELP = `Usage: npm run bench -- [--only <words>] [--rounds ${DEFAULT_ROUNDS}] [--cpu] [--profile] [--peers]

What the cache costs, as ratios to the barest code that does the same, measured in turns.

  --only <words>  only cases with these words in their name
  --rounds <n>    turns of baseline and candidate, 1 to ${MOST_ROUNDS} (default ${DEFAULT_ROUNDS})
  --cpu           compare this process's own time on the processors instead of time on the
                  wall: for a busy machine; what Redis does is then left out
  --profile       then shows where the time goes, for cases with turns
  --peers         then the same questions to five other libraries, installed for it from
                  the npm registry into a folder of the user's cache
  --help          this text

Ends with 0 when every goal is kept, 1 when one is not, 2 when it could not be run.`

/** Prints the help and ends for \`--help\`; says what is wrong and ends for anything unknown. */
export function argumentsOf(argv: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        only: { type: 'string', default: '' },
        rounds: { type: 'string', default: String(DEFAULT_ROUNDS) },
        cpu: { type: 'boolean', default: false },
        peers: { type: 'boolean', default: false },
        profile: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) {
      console.log(HELP)
      process.exit(0)
    }
    const rounds = /^\d{1,4}$/.test(values.rounds) ? Number(values.rounds) : 0
    if (rounds < 1 || rounds > MOST_ROUNDS) throw new Error(`--rounds must be a whole number from 1 to ${MOST_ROUNDS}`)
    return { only: values.only, rounds, cpu: values.cpu, peers: values.peers, profile: values.profile }
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('. ')
    console.error(`${reason}.\n\n${HELP}`)
    process.exit(2)
  }
}
