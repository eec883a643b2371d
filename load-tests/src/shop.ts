/**
 * A shop for one load test: its own Postgres, its own Redis, its own processes.
 *
 * Nothing of it is shared with a shop that runs here, so the test can lock tables, kill servers, reset counters and raise
 * deadlines, and the counters hold nothing but the test. Everything is stopped and removed when it is closed.
 */

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { migrate, type SeedSize, seed } from '@shop/db'
import { type RunningServer, startPostgres, startRedis, temporaryDirectory, throwaway } from '@shop/local-stack'
import { type Collector, startCollector } from '@shop/telemetry/testing'
import postgres from 'postgres'

import { shopFailed } from './errors.ts'
import { redisCommand } from './redis-command.ts'
import { ShopProcess } from './shop-process.ts'
import type { Variant } from './variant.ts'

const API = fileURLToPath(new URL('../../apps/api/src/main.ts', import.meta.url))
const WORKER = fileURLToPath(new URL('../../apps/worker/src/main.ts', import.meta.url))

/** When a transaction was committed is asked by visibility.ts. */
const MEASURED = { track_commit_timestamp: 'on' }

/** Whose statements are not those of the API: the worker has a name of its own in Postgres. */
const WORKER_ROLE = 'shop_worker'

export interface Shop {
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly products: number
  /** Such as `7.0.15`. */
  readonly redisVersion: string
  /** What tokens of customers are signed with. */
  readonly customerTokenSecret: string
  /** What processes have recorded that trace. */
  readonly collector: Collector
  /** A folder that goes with the shop. */
  readonly folder: string
  /** The server processes, for drills. */
  readonly redis: Pick<RunningServer, 'kill'>
  /** Another Redis in place of one that was killed, with nothing in it. */
  restartRedis(): Promise<void>
  /** The same data at the same address, once it was stopped. */
  readonly postgres: Pick<RunningServer, 'stop'>
  restartPostgres(): Promise<void>
  startApi(options: ApiOptions): Promise<Api>
  /** Without its audit, whose reads would be among those that are measured. */
  startWorker(signal: AbortSignal): Promise<ShopProcess>
  close(): Promise<void>
}

export interface ApiOptions {
  readonly cache: Variant
  readonly processes: number
  readonly signal: AbortSignal
  /** For all processes, on top of what any shop of a load test has. */
  readonly env?: NodeJS.ProcessEnv | undefined
  /**
   * The longest that a statement may take, in milliseconds.
   * @default what the API says itself
   */
  readonly statementLimitMs?: number
  /**
   * The share of requests that are traced, from 0 to 1.
   * @default undefined (none, and the processes do not even load what traces)
   */
  readonly traceRatio?: number
}

export interface Api {
  readonly urls: readonly string[]
  readonly processes: readonly ShopProcess[]
  readonly adminToken: string
  stop(): Promise<void>
}

export async function openShop(signal: AbortSignal, size: SeedSize = 'tiny'): Promise<Shop> {
  const stack = new AsyncDisposableStack()
  try {
    const directory = await temporaryDirectory('load-test')
    stack.defer(() => directory.remove())
    signal.throwIfAborted()
    const redisDir = join(directory.path, 'redis')
    let redis = await startRedis({ dir: redisDir })
    stack.defer(() => redis.stop())
    signal.throwIfAborted()
    const settings = { ...throwaway, ...MEASURED }
    const postgresDir = join(directory.path, 'postgres')
    let server = await startPostgres({ dir: postgresDir, settings })
    stack.defer(() => server.stop())
    signal.throwIfAborted()
    const collector = await startCollector()
    stack.defer(() => collector.stop())
    await migrate(server.url)
    const { counts } = await seed(server.url, { size })
    signal.throwIfAborted()

    const { url: databaseUrl } = server
    const { url: redisUrl } = redis
    const redisVersion = /redis_version:(\S+)/.exec(await redisCommand(redisUrl, 'INFO', 'server'))?.[1]
    if (redisVersion === undefined) throw shopFailed('has a Redis that does not tell its version')
    const servers = {
      databaseUrl,
      workerDatabaseUrl: await workerAddress(databaseUrl),
      redisUrl,
      collector,
      logs: directory.path,
      customerTokenSecret: randomBytes(24).toString('hex'),
    }
    const open = stack.move()
    return {
      ...servers,
      folder: directory.path,
      products: counts.products ?? 0,
      redisVersion,
      redis: { kill: (signal) => redis.kill(signal) },
      async restartRedis() {
        redis = await startRedis({ dir: redisDir, port: Number(new URL(redisUrl).port) })
      },
      postgres: { stop: () => server.stop() },
      async restartPostgres() {
        server = await startPostgres({ dir: postgresDir, settings, port: Number(new URL(databaseUrl).port) })
      },
      startApi: (options) => startApi(servers, options),
      startWorker: (signal) => startWorker(servers, signal),
      close: () => open.disposeAsync(),
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

interface Servers {
  readonly databaseUrl: string
  readonly workerDatabaseUrl: string
  readonly redisUrl: string
  readonly collector: Collector
  readonly logs: string
  readonly customerTokenSecret: string
}

async function startApi(servers: Servers, options: ApiOptions): Promise<Api> {
  const adminToken = randomBytes(24).toString('hex')
  const env = environment(servers, options, adminToken)
  const processes = Array.from(
    { length: options.processes },
    (_, i) => new ShopProcess({ main: API, env, log: join(servers.logs, `api-${options.cache}-${i}.log`) }),
  )
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map((one) => one.stop()))
  }
  try {
    const urls = await Promise.all(processes.map((one) => one.listening(options.signal)))
    return { urls, processes, adminToken, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startWorker({ workerDatabaseUrl, redisUrl, logs }: Servers, signal: AbortSignal): Promise<ShopProcess> {
  const env = {
    PATH: process.env.PATH,
    PORT: '0',
    DATABASE_URL: workerDatabaseUrl,
    REDIS_URL: redisUrl,
    LOG_LEVEL: 'warn',
  }
  const worker = new ShopProcess({ main: WORKER, env, log: join(logs, 'worker.log') })
  try {
    await worker.listening(signal)
    return worker
  } catch (error) {
    await worker.stop()
    throw error
  }
}

/** The worker under a name of its own, with the rights of the shop. */
async function workerAddress(databaseUrl: string): Promise<string> {
  const password = randomBytes(16).toString('hex')
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined })
  try {
    await sql.unsafe(`create role ${WORKER_ROLE} superuser login password '${password}'`)
  } finally {
    await sql.end({ timeout: 1 })
  }
  const url = new URL(databaseUrl)
  url.username = WORKER_ROLE
  url.password = password
  return url.href
}

/** Complete: what is set in the person's own environment must not change what is measured. */
function environment(
  { databaseUrl, redisUrl, collector, customerTokenSecret }: Servers,
  { cache, statementLimitMs, traceRatio, env }: ApiOptions,
  adminToken: string,
): NodeJS.ProcessEnv {
  const url = new URL(databaseUrl)
  // A parameter of the address is a setting of each session, and wins over what the client sets.
  if (statementLimitMs !== undefined) url.searchParams.set('statement_timeout', String(statementLimitMs))
  return {
    PATH: process.env.PATH,
    // In production the controls are refused.
    NODE_ENV: cache === 'on' || cache === 'off' ? 'production' : 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: url.href,
    DATABASE_POOL_MAX: '10',
    REDIS_URL: redisUrl,
    ADMIN_TOKEN: adminToken,
    CUSTOMER_TOKEN_SECRET: customerTokenSecret,
    CACHE: cache,
    // What a warming reads would be among what is counted.
    WARM_LIMIT_MS: '0',
    LOG_LEVEL: 'warn',
    ...(traceRatio !== undefined && {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      TRACE_SAMPLE_RATIO: String(traceRatio),
    }),
    ...env,
  }
}
