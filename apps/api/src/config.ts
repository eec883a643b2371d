/**
 * The configuration: the environment, checked once and frozen.
 *
 * Every problem is reported at once, each with the name of its variable and what is expected. A variable set to the
 * empty string counts as absent, because that is what compose and shells make of an unset one. A message repeats the
 * value only of variables that never hold a secret; an address may, so it gets an example instead.
 */

import { z } from 'zod'

import { hashToken } from './http/admin.ts'
import { DEVELOPMENT_CUSTOMER_SECRET } from './http/customer.ts'

const DEVELOPMENT_TOKEN = 'dev-admin-token'
const MIN_TOKEN_LENGTH = 16
/** As many bytes as HS256 has: RFC 7518 section 3.2 allows no fewer. */
const MIN_SECRET_LENGTH = 32

const DATABASE_EXAMPLE = 'postgres://shop:secret@127.0.0.1:5432/shop'

/** Variables whose value a message may repeat. */
const WITHOUT_SECRET: ReadonlySet<string> = new Set([
  'CACHE',
  'CACHE_L1_MAX_BYTES',
  'CACHE_LOAD_TIMEOUT_MS',
  'CACHE_MAX_STALENESS_MS',
  'DATABASE_POOL_MAX',
  'LOG_LEVEL',
  'PORT',
  'SHUTDOWN_TIMEOUT_MS',
  'WARM_LIMIT_MS',
])

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

function address(example: string, ...schemes: readonly string[]): z.ZodType<string, string> {
  const starts = schemes.map((scheme) => `${scheme}://`).join(' or ')
  const expected = `expected an address that starts with ${starts}, such as ${example}`
  return z.string().refine((text) => schemes.includes(URL.parse(text)?.protocol.slice(0, -1) ?? ''), expected)
}

/** A function of the one variable on which another depends, so that all problems are found in one pass. */
function environmentSchema(production: boolean) {
  const secret = (inDevelopment: string, minLength: number) =>
    production
      ? z
          .string({
            error: 'is required when NODE_ENV is production: a secret, such as the output of `openssl rand -hex 32`',
          })
          .refine(
            (given) => given !== inDevelopment && given.length >= minLength,
            `is too easy to guess for production: expected a secret of ${minLength} characters or more`,
          )
      : z.string().default(inDevelopment)
  return z.object({
    ADMIN_TOKEN: secret(DEVELOPMENT_TOKEN, MIN_TOKEN_LENGTH),
    CACHE: z.enum(['on', 'off'], { error: 'expected on or off' }).default('on'),
    CACHE_L1_MAX_BYTES: whole(1024, 2 ** 40).default(64 * 2 ** 20),
    CACHE_LOAD_TIMEOUT_MS: whole(1, 600_000).default(5000),
    CACHE_MAX_STALENESS_MS: whole(50, 60_000).default(500),
    CUSTOMER_TOKEN_SECRET: secret(DEVELOPMENT_CUSTOMER_SECRET, MIN_SECRET_LENGTH),
    DATABASE_POOL_MAX: whole(1, 1000).default(10),
    DATABASE_URL: z
      .string({ error: `is required: the address of Postgres, such as ${DATABASE_EXAMPLE}` })
      .pipe(address(DATABASE_EXAMPLE, 'postgres', 'postgresql')),
    HOST: z.string().default('127.0.0.1'),
    LOG_LEVEL: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
        error: 'expected trace, debug, info, warn, error, fatal or silent',
      })
      .default('info'),
    OTEL_EXPORTER_OTLP_ENDPOINT: address('http://127.0.0.1:4318', 'http', 'https').optional(),
    OTEL_SERVICE_NAME: z.string().default('shop-api'),
    PORT: whole(0, 65_535).default(3000),
    PUBLIC_URL: address('https://shop.example.com', 'http', 'https').optional(),
    REDIS_URL: address('redis://127.0.0.1:6379', 'redis', 'rediss').optional(),
    SHUTDOWN_TIMEOUT_MS: whole(1, 600_000).default(10_000),
    WARM_LIMIT_MS: whole(0, 600_000).default(5000),
  })
}

export interface Config {
  readonly host: string
  /** 0 means any free one. */
  readonly port: number
  readonly publicUrl: string | undefined
  readonly databaseUrl: string
  readonly databasePoolMax: number
  /** Absent: the cache has its first tier only. */
  readonly redisUrl: string | undefined
  readonly cache: 'on' | 'off'
  readonly cacheMaxStalenessMs: number
  readonly cacheLoadTimeoutMs: number
  readonly cacheMemoryMaxBytes: number
  /** The token itself is not kept. */
  readonly adminTokenHash: Buffer
  /** What the tokens of customers are signed with. Kept, because each token is checked with it. */
  readonly customerTokenSecret: string
  readonly logLevel: string
  /** Absent: no tracing. */
  readonly tracesUrl: string | undefined
  readonly serviceName: string
  readonly shutdownTimeoutMs: number
  /** How long a start may take to warm the cache before it gets traffic anyway; 0: it does not warm. */
  readonly warmLimitMs: number
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
  const result = environmentSchema(given.NODE_ENV === 'production').safeParse(given)
  if (!result.success) {
    throw new ConfigError(
      result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}${found(String(path[0]), given)}`),
    )
  }
  const env = result.data
  return Object.freeze({
    host: env.HOST,
    port: env.PORT,
    publicUrl: env.PUBLIC_URL,
    databaseUrl: env.DATABASE_URL,
    databasePoolMax: env.DATABASE_POOL_MAX,
    redisUrl: env.REDIS_URL,
    cache: env.CACHE,
    cacheMaxStalenessMs: env.CACHE_MAX_STALENESS_MS,
    cacheLoadTimeoutMs: env.CACHE_LOAD_TIMEOUT_MS,
    cacheMemoryMaxBytes: env.CACHE_L1_MAX_BYTES,
    adminTokenHash: hashToken(env.ADMIN_TOKEN),
    customerTokenSecret: env.CUSTOMER_TOKEN_SECRET,
    logLevel: env.LOG_LEVEL,
    tracesUrl: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    serviceName: env.OTEL_SERVICE_NAME,
    shutdownTimeoutMs: env.SHUTDOWN_TIMEOUT_MS,
    warmLimitMs: env.WARM_LIMIT_MS,
  })
}

/** What was found, in quotes, so that a blank shows. */
function found(name: string, given: Readonly<Record<string, string | undefined>>): string {
  const value = given[name]
  return value === undefined || !WITHOUT_SECRET.has(name) ? '' : `, got ${JSON.stringify(value.slice(0, SHOWN_LENGTH))}`
}
