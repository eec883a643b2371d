/** The configuration of the worker: the environment, checked once and frozen. */

import {
  databaseAddress,
  isAddress,
  type ProcessConfig,
  processConfig,
  processVariables,
  readEnvironment,
  redisAddress,
  whole,
} from '@shop/process'
import { z } from 'zod'

const API_EXAMPLE = 'http://127.0.0.1:3000'

/** The audit asks each of them for the same products. */
const MOST_AUDITED = 16

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
  ...processVariables({ serviceName: 'shop-worker', port: 3100 }),
  AUDIT_URLS: addresses(API_EXAMPLE, MOST_AUDITED, 'http', 'https').default([]),
  DATABASE_URL: databaseAddress(),
  REDIS_URL: redisAddress('required'),
  RELAY_INTERVAL_MS: whole(5, 10_000).default(50),
})

export interface Config extends ProcessConfig {
  /** The API processes the audit asks; empty: no audit. */
  readonly auditUrls: readonly string[]
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly relayIntervalMs: number
}

/** Throws a `ConfigError` that names everything that is wrong. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const env = readEnvironment(environment, environmentSchema)
  return Object.freeze({
    ...processConfig(env),
    auditUrls: env.AUDIT_URLS,
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    relayIntervalMs: env.RELAY_INTERVAL_MS,
  })
}
