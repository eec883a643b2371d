/**
 * The configuration: the environment, checked once and frozen.
 *
 * Every problem is reported at once, in the words of the API: the name of the variable and what is expected. A variable
 * set to the empty string counts as absent. A message repeats the value only of variables that never hold a secret.
 */

import { z } from 'zod'

const DATABASE_EXAMPLE = 'postgres://shop:secret@127.0.0.1:5432/shop'
const REDIS_EXAMPLE = 'redis://127.0.0.1:6379'
const API_EXAMPLE = 'http://127.0.0.1:3000'

/** The audit asks each of them for the same products. */
const MOST_AUDITED = 16

/** Variables whose value a message may repeat. */
const WITHOUT_SECRET: ReadonlySet<string> = new Set(['LOG_LEVEL', 'PORT', 'RELAY_INTERVAL_MS', 'SHUTDOWN_TIMEOUT_MS'])

/** Of a value that is repeated: enough to recognise it. */
const SHOWN_LENGTH = 60

function whole(min: number, max: number): z.ZodType<number, string> {
  const expected = `expected a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,15}$/, expected)
    .transform(Number)
    .refine((value) => value >= min && value <= max, expected)
}

function isAddress(text: string, schemes: readonly string[]): boolean {
  return schemes.includes(URL.parse(text)?.protocol.slice(0, -1) ?? '')
}

function address(example: string, ...schemes: readonly string[]): z.ZodType<string, string> {
  const starts = schemes.map((scheme) => `${scheme}://`).join(' or ')
  const expected = `expected an address that starts with ${starts}, such as ${example}`
  return z.string().refine((text) => isAddress(text, schemes), expected)
}

function required(what: string, example: string): z.ZodString {
  return z.string({ error: `is required: the address of ${what}, such as ${example}` })
}

function addresses(example: string, most: number, ...schemes: readonly string[]): z.ZodType<readonly string[], string> {
  return z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim().replace(/\/+$/, '')))
    .refine(
      (all) => all.length <= most && all.every((part) => isAddress(part, schemes) && !part.includes('@')),
      `expected at most ${most} addresses without a user and with commas between them, such as ${example},${example.replace(/0$/, '1')}`,
    )
}

const environmentSchema = z.object({
  AUDIT_URLS: addresses(API_EXAMPLE, MOST_AUDITED, 'http', 'https').default([]),
  DATABASE_URL: required('Postgres', DATABASE_EXAMPLE).pipe(address(DATABASE_EXAMPLE, 'postgres', 'postgresql')),
  HOST: z.string().default('127.0.0.1'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'expected trace, debug, info, warn, error, fatal or silent',
    })
    .default('info'),
  OTEL_EXPORTER_OTLP_ENDPOINT: address('http://127.0.0.1:4318', 'http', 'https').optional(),
  OTEL_SERVICE_NAME: z.string().default('shop-worker'),
  PORT: whole(0, 65_535).default(3100),
  REDIS_URL: required('Redis', REDIS_EXAMPLE).pipe(address(REDIS_EXAMPLE, 'redis', 'rediss')),
  RELAY_INTERVAL_MS: whole(5, 10_000).default(50),
  SHUTDOWN_TIMEOUT_MS: whole(1, 600_000).default(10_000),
})

export interface Config {
  /** The API processes the audit asks; empty: no audit. */
  readonly auditUrls: readonly string[]
  readonly databaseUrl: string
  readonly host: string
  readonly logLevel: string
  /** Absent: no tracing. */
  readonly tracesUrl: string | undefined
  readonly serviceName: string
  /** 0 means any free one. */
  readonly port: number
  readonly redisUrl: string
  readonly relayIntervalMs: number
  readonly shutdownTimeoutMs: number
}

/** Everything that is wrong with the environment, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const result = environmentSchema.safeParse(given)
  if (!result.success) {
    throw new ConfigError(
      result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}${found(String(path[0]), given)}`),
    )
  }
  const env = result.data
  return Object.freeze({
    auditUrls: env.AUDIT_URLS,
    databaseUrl: env.DATABASE_URL,
    host: env.HOST,
    logLevel: env.LOG_LEVEL,
    tracesUrl: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    serviceName: env.OTEL_SERVICE_NAME,
    port: env.PORT,
    redisUrl: env.REDIS_URL,
    relayIntervalMs: env.RELAY_INTERVAL_MS,
    shutdownTimeoutMs: env.SHUTDOWN_TIMEOUT_MS,
  })
}

/** What was found, in quotes, so that a blank shows. */
function found(name: string, given: Readonly<Record<string, string | undefined>>): string {
  const value = given[name]
  return value === undefined || !WITHOUT_SECRET.has(name) ? '' : `, got ${JSON.stringify(value.slice(0, SHOWN_LENGTH))}`
}
