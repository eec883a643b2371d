/** What may follow `npm start --`, checked once. */

import { parseArgs } from 'node:util'

import type { SeedSize } from '@shop/db'

export interface StartOptions {
  /** How many API processes. */
  readonly api: number
  /** Where the first of them listens, 0 for any free port; the others follow. */
  readonly port: number
  /** What an empty database is filled with. `undefined`: the usual, or whatever is there. */
  readonly size: SeedSize | undefined
  readonly redis: boolean
  readonly watch: boolean
  readonly logs: boolean
}

/** Somebody typed something we do not know. The message is for them. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const HELP = `npm start -- [options]

  --api N        run N API processes on ports in a row (default 1)
  --port N       where the first one listens (default 3000; a taken port moves to the next free one, 0 is any)
  --size SIZE    what an empty database is filled with: tiny, demo or large (default demo)
  --no-redis     run without Redis: one process, first cache tier only, no worker
  --watch        restart the processes when a source file changes (npm run dev)
  --logs         show all that the processes say, not only warnings and errors
  --help         show this

DATABASE_URL and REDIS_URL, where set, replace the PostgreSQL and the Redis this command starts.
The data is in .shop/ (or where SHOP_DATA says); npm run reset removes it.`

export const MAX_API_PROCESSES = 16
const LAST_PORT = 65_535
const SIZES: readonly SeedSize[] = ['tiny', 'demo', 'large']

/** `undefined` means that help was asked for. Rejects what it does not know with a UsageError. */
export function parseStart(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): StartOptions | undefined {
  refuseWhatNpmKept(env)
  const values = parse(args, {
    api: { type: 'string', default: '1' },
    port: { type: 'string', default: '3000' },
    size: { type: 'string' },
    'no-redis': { type: 'boolean', default: false },
    watch: { type: 'boolean', default: false },
    logs: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  })
  if (values.help) return undefined
  const api = whole('--api', values.api, 1, MAX_API_PROCESSES)
  const redis = !values['no-redis']
  if (api > 1 && !redis) throw new UsageError(severalNeedRedis(api))
  const port = whole('--port', values.port, 0, LAST_PORT)
  if (port + api - 1 > LAST_PORT) {
    throw new UsageError(`--port ${port} leaves no room for ${api} processes: the last port is ${LAST_PORT}.`)
  }
  return { api, port, size: parseSize(values.size), redis, watch: values.watch, logs: values.logs }
}

/** What `--api` above one says when there is no Redis, asked for or found. */
export function severalNeedRedis(api: number): string {
  return (
    `${api} API processes need a Redis: without its bus none of them hears what the others change. ` +
    'Start one process (npm start), or start with Redis.'
  )
}

export function parseSize(text: string | undefined): SeedSize | undefined {
  if (text === undefined) return undefined
  const size = SIZES.find((known) => known === text)
  if (!size) throw new UsageError(`--size is one of ${SIZES.join(', ')}, not "${text}".`)
  return size
}

type Definitions = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>
type Values<T extends Definitions> = ReturnType<
  typeof parseArgs<{ options: T; strict: true; args: string[] }>
>['values']

/** As `parseArgs`, with messages that say only what is wrong. */
export function parse<const T extends Definitions>(args: readonly string[], options: T): Values<T> {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values as Values<T>
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    const name = /'([^']+)'/.exec(error.message)?.[1] ?? ''
    const unknown = 'code' in error && error.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION'
    throw new UsageError(unknown ? `There is no option ${name}.` : `${error.message.split('. ')[0]}.`)
  }
}

/** `npm start --api 3` never reaches us: npm takes the option for its own and passes on a bare "3". */
function refuseWhatNpmKept(env: Readonly<Record<string, string | undefined>>): void {
  for (const [name, option] of [
    ['api', '--api'],
    ['size', '--size'],
    ['logs', '--logs'],
    ['redis', '--no-redis'],
  ] as const) {
    if (env[`npm_config_${name}`] === undefined) continue
    throw new UsageError(`npm kept ${option} for itself. Options follow a double dash: npm start -- ${option} …`)
  }
}

function whole(option: string, text: string, min: number, max: number): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (number >= min && number <= max) return number
  throw new UsageError(`${option} is a whole number from ${min} to ${max}, not "${text}".`)
}
