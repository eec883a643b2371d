/** The configuration of the API: the environment, checked once and frozen. */

import {
  address,
  choice,
  databaseAddress,
  type ProcessConfig,
  processConfig,
  processVariables,
  readEnvironment,
  redisAddress,
  whole,
} from '@shop/process'
import { z } from 'zod'

import { hashToken } from './http/admin.ts'
import { DEVELOPMENT_CUSTOMER_SECRET } from './http/customer.ts'

const DEVELOPMENT_TOKEN = 'dev-admin-token'
const MIN_TOKEN_LENGTH = 16
/** As many bytes as HS256 has: RFC 7518 section 3.2 allows no fewer. */
const MIN_SECRET_LENGTH = 32

/** The last two are controls of load tests, which production refuses (`controls/`). */
const CACHES = ['on', 'off', 'naive', 'single-flight'] as const

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
    ...processVariables({ serviceName: 'shop-api', port: 3000 }),
    ADMIN_TOKEN: secret(DEVELOPMENT_TOKEN, MIN_TOKEN_LENGTH),
    CACHE: (production ? choice(['on', 'off']) : choice(CACHES)).default('on'),
    CACHE_L1_MAX_BYTES: whole(1024, 2 ** 40).default(64 * 2 ** 20),
    CACHE_LOAD_TIMEOUT_MS: whole(1, 600_000).default(5000),
    CACHE_MAX_STALENESS_MS: whole(50, 60_000).default(500),
    CUSTOMER_TOKEN_SECRET: secret(DEVELOPMENT_CUSTOMER_SECRET, MIN_SECRET_LENGTH),
    DATABASE_POOL_MAX: whole(1, 1000).default(10),
    DATABASE_URL: databaseAddress(),
    EDGE_MAX_AGE_S: whole(0, 3600).default(0),
    HEADERS_TIMEOUT_MS: whole(1000, 600_000).default(10_000),
    PUBLIC_URL: address('https://shop.example.com', 'http', 'https').optional(),
    RATE_LIMIT_ADMIN: whole(0, 10_000_000).default(10_000),
    RATE_LIMIT_CUSTOMER: whole(0, 10_000_000).default(100),
    REDIS_TIMEOUT_MS: whole(5, 60_000).default(250),
    REDIS_URL: redisAddress('optional'),
    WARM_LIMIT_MS: whole(0, 600_000).default(5000),
  })
}

export interface Config extends ProcessConfig {
  readonly publicUrl: string | undefined
  readonly databaseUrl: string
  readonly databasePoolMax: number
  /** Absent: the cache has its first tier only. */
  readonly redisUrl: string | undefined
  /** The longest that anything here waits for an answer of Redis. */
  readonly redisTimeoutMs: number
  readonly cache: (typeof CACHES)[number]
  readonly cacheMaxStalenessMs: number
  readonly cacheLoadTimeoutMs: number
  readonly cacheMemoryMaxBytes: number
  /** For how long a purged edge may keep answers; 0: there is none. */
  readonly edgeMaxAgeS: number
  /** The longest that a client may take to send the head of a request. */
  readonly headersTimeoutMs: number
  /** The token itself is not kept. */
  readonly adminTokenHash: Buffer
  /** What the tokens of customers are signed with. Kept, because each token is checked with it. */
  readonly customerTokenSecret: string
  /** Requests of each customer, and of the administrator, in a window of 10 s; 0: no limit. */
  readonly rateLimitCustomer: number
  readonly rateLimitAdmin: number
  /** How long a start may take to warm the cache before it gets traffic anyway; 0: it does not warm. */
  readonly warmLimitMs: number
}

/** Throws a `ConfigError` that names everything that is wrong. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const env = readEnvironment(environment, environmentSchema(environment.NODE_ENV === 'production'))
  return Object.freeze({
    ...processConfig(env),
    publicUrl: env.PUBLIC_URL,
    databaseUrl: env.DATABASE_URL,
    databasePoolMax: env.DATABASE_POOL_MAX,
    redisUrl: env.REDIS_URL,
    redisTimeoutMs: env.REDIS_TIMEOUT_MS,
    cache: env.CACHE,
    cacheMaxStalenessMs: env.CACHE_MAX_STALENESS_MS,
    cacheLoadTimeoutMs: env.CACHE_LOAD_TIMEOUT_MS,
    cacheMemoryMaxBytes: env.CACHE_L1_MAX_BYTES,
    edgeMaxAgeS: env.EDGE_MAX_AGE_S,
    headersTimeoutMs: env.HEADERS_TIMEOUT_MS,
    adminTokenHash: hashToken(env.ADMIN_TOKEN),
    customerTokenSecret: env.CUSTOMER_TOKEN_SECRET,
    rateLimitCustomer: env.RATE_LIMIT_CUSTOMER,
    rateLimitAdmin: env.RATE_LIMIT_ADMIN,
    warmLimitMs: env.WARM_LIMIT_MS,
  })
}
