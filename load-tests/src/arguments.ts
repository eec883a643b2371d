/** The command line of `npm run load`. */

import { parseArgs } from 'node:util'

import { argumentInvalid } from './errors.ts'
import type { Size } from './run-file.ts'
import type { Credentials, Scenario, ShopElsewhere } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'

export type Arguments =
  | { readonly act: 'help' }
  | { readonly act: 'list' }
  | { readonly act: 'describe'; readonly scenario: Scenario }
  | {
      readonly act: 'play'
      readonly scenario: Scenario
      readonly size: Size
      /** Whether the same is repeated with what the shop would be without its cache. */
      readonly control: boolean
      /** Whether the result replaces the record of the repository. */
      readonly record: boolean
      /** The shop of BASE_URL. */
      readonly elsewhere: ShopElsewhere | undefined
    }

export const SIZES: readonly Size[] = Object.freeze(['smoke', 'laptop', 'full'])
const USUAL: Size = 'laptop'

const CREDENTIALS = ['DATABASE_URL', 'ADMIN_TOKEN', 'CUSTOMER_TOKEN_SECRET'] as const

export const HELP = `Usage: npm run load -- <scenario> [--size ${SIZES.join('|')}] [--control] [--record]
       npm run load -- --list

Plays a scenario with k6 against a shop of its own, and says which promises were kept.

  --size <size>   smoke: seconds, what is right and not how fast; laptop: minutes; full: more
                  (default ${USUAL})
  --control       then the same without the cache, with a naive one and with single flight only
  --record        replace the record of the repository, load-tests/results/<scenario>/summary.json,
                  with this run; without it the result is kept beside it, where git does not look
  --list          the scenarios
  --help          this text; with a scenario what it asks, does and expects

BASE_URL names a shop that runs already (addresses of its processes, with commas between them), for
scenarios that do nothing to it. flash-sale, which sells out its most popular product at a lower price,
then needs DATABASE_URL, ADMIN_TOKEN and CUSTOMER_TOKEN_SECRET of that shop too.

Ends with 0 when every promise holds, 1 when one does not, 2 when the test could not be run.`

export function parseArguments(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Arguments {
  const { values, positionals } = parsed(argv)
  const [name, ...more] = positionals
  if (values.list) return { act: 'list' }
  if (name === undefined && values.help) return { act: 'help' }
  if (name === undefined) throw argumentInvalid('Which scenario? There are --list and --help.')
  if (more.length > 0) throw argumentInvalid(`One scenario at a time, not also ${more.join(', ')}.`)
  const scenario = SCENARIOS.find((one) => one.name === name)
  if (!scenario) throw argumentInvalid(`There is no scenario ${name}: ${SCENARIOS.map((one) => one.name).join(', ')}.`)
  if (values.help) return { act: 'describe', scenario }
  const elsewhere = shopElsewhere(scenario, env)
  const { control = false, record = false } = values
  if (elsewhere && control) throw argumentInvalid('--control starts the shop anew without its cache: unset BASE_URL.')
  if (control && scenario.controls.length === 0) throw argumentInvalid(`${name} has no control.`)
  return { act: 'play', scenario, size: sizeOf(values.size), control, record, elsewhere }
}

/** The command that repeats this run. */
export function commandOf({ scenario, size, control, elsewhere }: Extract<Arguments, { act: 'play' }>): string {
  const command = ['npm run load --', scenario.name, `--size ${size}`, ...(control ? ['--control'] : [])].join(' ')
  if (elsewhere === undefined) return command
  return `BASE_URL=… ${elsewhere.credentials ? CREDENTIALS.map((variable) => `${variable}=… `).join('') : ''}${command}`
}

export function listOf(scenarios: readonly Scenario[]): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length))
  return scenarios.map(({ name, title }) => `  ${name.padEnd(width)}   ${title}`).join('\n')
}

function sizeOf(text: string = USUAL): Size {
  const size = SIZES.find((one) => one === text)
  if (size === undefined) throw argumentInvalid(`--size is ${SIZES.join(', ')}, not "${text}".`)
  return size
}

function shopElsewhere(
  { name, needsOwnShop, needsCredentials }: Scenario,
  env: Readonly<Record<string, string | undefined>>,
): ShopElsewhere | undefined {
  const urls = addressesOf(env.BASE_URL)
  if (urls === undefined) return undefined
  if (needsOwnShop !== undefined)
    throw argumentInvalid(`${name} cannot be played on BASE_URL, because it ${needsOwnShop}. Unset it.`)
  if (needsCredentials === undefined) return { urls }
  const { DATABASE_URL: databaseUrl, ADMIN_TOKEN: adminToken, CUSTOMER_TOKEN_SECRET: customerTokenSecret } = env
  if (!databaseUrl || !adminToken || !customerTokenSecret) {
    const missing = CREDENTIALS.filter((name) => !env[name])
    throw argumentInvalid(`On BASE_URL ${name} ${needsCredentials}: it needs ${missing.join(', ')} of that shop.`)
  }
  const credentials: Credentials = { databaseUrl, adminToken, customerTokenSecret }
  return { urls, credentials }
}

function addressesOf(text: string | undefined): readonly string[] | undefined {
  if (!text) return undefined
  const urls = text.split(',').map((url) => url.trim().replace(/\/+$/, ''))
  const wrong = urls.find((url) => !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
  if (wrong !== undefined) throw argumentInvalid(`BASE_URL holds what is no http address: "${wrong}".`)
  return urls
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        size: { type: 'string' },
        control: { type: 'boolean' },
        record: { type: 'boolean' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/\. To specify a positional[\s\S]*/, '') : ''
    throw argumentInvalid(`${reason.replace(/\.$/, '')}.`, error)
  }
}
