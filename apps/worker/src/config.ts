/** The configuration of the worker: the environment, checked once and frozen. */

import {
  address,
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
const MOST_APIS = 16

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
  API_URLS: addresses(API_EXAMPLE, MOST_APIS, 'http', 'https').default([]),
  CACHE_MAX_STALENESS_MS: whole(50, 60_000).default(500),
  DATABASE_URL: databaseAddress(),
  EDGE_PURGE_URL: address('http://127.0.0.1:6085', 'http', 'https').optional(),
  REDIS_URL: redisAddress('required'),
  RELAY_INTERVAL_MS: whole(5, 10_000).default(50),
})

export interface Config extends ProcessConfig {
  /** The API processes that are audited and warmed again; empty: neither. */
  readonly apiUrls: readonly string[]
  /** For how long the API processes may serve from their memory what Redis knows to be old: as theirs is set. */
  readonly cacheMaxStalenessMs: number
  readonly databaseUrl: string
  /** Where the edge takes purges. Absent: there is none. */
  readonly edgePurgeUrl: string | undefined
  readonly redisUrl: string
  readonly relayIntervalMs: number
}

/** Throws a `ConfigError` that names everything that is wrong. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const env = readEnvironment(environment, environmentSchema)
  return Object.freeze({
    ...processConfig(env),
    apiUrls: env.API_URLS,
    cacheMaxStalenessMs: env.CACHE_MAX_STALENESS_MS,
    databaseUrl: env.DATABASE_URL,
    edgePurgeUrl: env.EDGE_PURGE_URL,
    redisUrl: env.REDIS_URL,
    relayIntervalMs: env.RELAY_INTERVAL_MS,
  })
}
