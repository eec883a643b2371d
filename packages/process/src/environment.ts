/**
 * The environment, checked once.
 *
 * Every problem is reported at once, in the words of the API: the name of the variable and what is expected. A variable
 * set to the empty string counts as absent, because that is what compose and shells make of an unset one. A message
 * repeats the value only of variables that never hold a secret; an address may, so it gets an example instead.
 */

import { z } from 'zod'

const DATABASE_EXAMPLE = 'postgres://shop:secret@127.0.0.1:5432/shop'
const REDIS_EXAMPLE = 'redis://127.0.0.1:6379'

/** Of a value that is repeated: enough to recognise it. */
const SHOWN_LENGTH = 60

/** Everything that is wrong with the environment, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/** A message about it may repeat the value. */
export function whole(min: number, max: number): z.ZodType<number, string> {
  const expected = `expected a whole number from ${min} to ${max}`
  return repeatable(
    z
      .string()
      .regex(/^\d{1,15}$/, expected)
      .transform(Number)
      .refine((value) => value >= min && value <= max, expected),
  )
}

/** From 0 to 1. A message about it may repeat the value. */
function share(): z.ZodType<number, string> {
  return repeatable(
    z
      .string()
      .regex(/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/, 'expected a number from 0 to 1, such as 0.01')
      .transform(Number),
  )
}

/** One of these words. A message about it may repeat the value. */
export function choice<const W extends readonly [string, string, ...string[]]>(
  words: W,
): z.ZodType<W[number], W[number]> {
  const expected = `expected ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
  return repeatable(z.enum(words, { error: expected })) as z.ZodType<W[number], W[number]>
}

/** Whether the text is the address of something that is reached by one of these schemes. */
export function isAddress(text: string, schemes: readonly string[]): boolean {
  return schemes.includes(URL.parse(text)?.protocol.slice(0, -1) ?? '')
}

/** The address of something that is reached by one of these schemes. */
export function address(example: string, ...schemes: readonly string[]): z.ZodType<string, string> {
  const starts = schemes.map((scheme) => `${scheme}://`).join(' or ')
  return z
    .string()
    .refine((text) => isAddress(text, schemes), `expected an address that starts with ${starts}, such as ${example}`)
}

export function databaseAddress(): z.ZodType<string, string> {
  return required('Postgres', DATABASE_EXAMPLE).pipe(address(DATABASE_EXAMPLE, 'postgres', 'postgresql'))
}

/** Chain `.optional()` on the second where a process can do without. */
export function redisAddress(need: 'required'): z.ZodType<string, string>
export function redisAddress(need: 'optional'): z.ZodType<string | undefined, string | undefined>
export function redisAddress(need: 'required' | 'optional'): z.ZodType<string | undefined, string | undefined> {
  const known = address(REDIS_EXAMPLE, 'redis', 'rediss')
  return need === 'required' ? (required('Redis', REDIS_EXAMPLE).pipe(known) as never) : known.optional()
}

function required(what: string, example: string): z.ZodString {
  return z.string({ error: `is required: the address of ${what}, such as ${example}` })
}

/** What every process reads. */
export interface ProcessConfig {
  readonly host: string
  /** 0 means any free one. */
  readonly port: number
  readonly logLevel: string
  readonly serviceName: string
  readonly shutdownTimeoutMs: number
  /** Absent: no tracing. */
  readonly tracesUrl: string | undefined
  /** Share of the requests whose trace is kept, from 0 to 1. */
  readonly traceSampleRatio: number
  /** From how many milliseconds on a request is slow, and leaves a span although its trace is not kept. */
  readonly traceSlowMs: number
  readonly metrics: 'on' | 'off'
}

/** Of a whole trace for each hundredth request, where nothing is said. Elsewhere all are kept. */
const PRODUCTION_SAMPLE_RATIO = 0.01

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** For the object of the process's own variables. */
export function processVariables({ serviceName, port }: { readonly serviceName: string; readonly port: number }) {
  return {
    HOST: z.string().default('127.0.0.1'),
    LOG_LEVEL: choice(LOG_LEVELS).default('info'),
    METRICS: choice(['on', 'off']).default('on'),
    NODE_ENV: z.string().optional(),
    OTEL_EXPORTER_OTLP_ENDPOINT: address('http://127.0.0.1:4318', 'http', 'https').optional(),
    OTEL_SERVICE_NAME: z.string().default(serviceName),
    PORT: whole(0, 65_535).default(port),
    SHUTDOWN_TIMEOUT_MS: whole(1, 600_000).default(10_000),
    TRACE_SAMPLE_RATIO: share().optional(),
    TRACE_SLOW_MS: whole(0, 600_000).default(500),
  }
}

export function processConfig(env: z.infer<z.ZodObject<ReturnType<typeof processVariables>>>): ProcessConfig {
  return {
    host: env.HOST,
    port: env.PORT,
    logLevel: env.LOG_LEVEL,
    serviceName: env.OTEL_SERVICE_NAME,
    shutdownTimeoutMs: env.SHUTDOWN_TIMEOUT_MS,
    tracesUrl: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    traceSampleRatio: env.TRACE_SAMPLE_RATIO ?? (env.NODE_ENV === 'production' ? PRODUCTION_SAMPLE_RATIO : 1),
    traceSlowMs: env.TRACE_SLOW_MS,
    metrics: env.METRICS,
  }
}

/** Throws a `ConfigError` that names everything that is wrong. */
export function readEnvironment<S extends z.ZodObject>(
  environment: Readonly<Record<string, string | undefined>>,
  schema: S,
): z.infer<S> {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path, message }) => {
    const name = String(path[0])
    return `${name} ${message}${isRepeatable(schema.shape[name]) ? found(given[name]) : ''}`
  })
  throw new ConfigError(problems.toSorted())
}

/** What was found, in quotes, so that a blank shows. */
function found(value: string | undefined): string {
  return value === undefined ? '' : `, got ${JSON.stringify(value.slice(0, SHOWN_LENGTH))}`
}

/** Schemas of variables that never hold a secret. */
const withoutSecret = new WeakSet<object>()

function repeatable<S extends z.ZodType>(schema: S): S {
  withoutSecret.add(schema)
  return schema
}

/** A default or an optional wraps the schema that was marked. */
function isRepeatable(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false
  if (withoutSecret.has(schema)) return true
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? isRepeatable(schema.unwrap()) : false
}
