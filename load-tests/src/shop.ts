/**
 * A shop for one load test: its own Postgres, its own Redis, its own processes.
 *
 * Nothing of it is shared with a shop that runs here, so the test can lock tables, reset counters and raise deadlines,
 * and the counters hold nothing but the test. Everything is stopped and removed when it is closed.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { migrate, type SeedSize, seed } from '@shop/db'
import { type RunningServer, startPostgres, startRedis, temporaryDirectory, throwaway } from '@shop/local-stack'

import { shopFailed } from './errors.ts'
import { until } from './waiting.ts'

const API = fileURLToPath(new URL('../../apps/api/src/main.ts', import.meta.url))
const WORKER = fileURLToPath(new URL('../../apps/worker/src/main.ts', import.meta.url))

/**
 * Deadlines of the shop, raised for the time its query is held, each longer than the one before:
 *
 *     45 s    the herd must be complete (stampede.ts)
 *     60 s    a load of the cache
 *     120 s   a statement of Postgres: in the control the last of them waits for all before it
 *     150 s   a visitor (scenarios/stampede.ts)
 */
const LOAD_LIMIT_MS = 60_000
const STATEMENT_LIMIT_MS = 120_000

/** When a transaction was committed is asked by visibility.ts. */
const MEASURED = { track_commit_timestamp: 'on' }

const START_LIMIT_MS = 30_000
const STOP_LIMIT_MS = 15_000

export interface Shop {
  readonly databaseUrl: string
  readonly products: number
  /** Such as `7.0.15`. */
  readonly redisVersion: string
  /** The server process, for drills. */
  readonly redis: Pick<RunningServer, 'kill'>
  /** Another Redis in place of one that was killed, with nothing in it. */
  restartRedis(): Promise<void>
  startApi(options: ApiOptions): Promise<Api>
  /** Without its audit, whose reads would be among those that are measured. */
  startWorker(signal: AbortSignal): Promise<Pick<Api, 'stop'>>
  close(): Promise<void>
}

export interface ApiOptions {
  readonly cache: 'on' | 'off'
  readonly processes: number
  readonly signal: AbortSignal
}

export interface Api {
  readonly urls: readonly string[]
  readonly adminToken: string
  stop(): Promise<void>
}

export async function openShop(signal: AbortSignal, size: SeedSize = 'tiny'): Promise<Shop> {
  const stack = new AsyncDisposableStack()
  try {
    const directory = await temporaryDirectory('flash-sale')
    stack.defer(() => directory.remove())
    signal.throwIfAborted()
    const redisDir = join(directory.path, 'redis')
    let redis = await startRedis({ dir: redisDir })
    stack.defer(() => redis.stop())
    signal.throwIfAborted()
    const postgres = await startPostgres({
      dir: join(directory.path, 'postgres'),
      settings: { ...throwaway, ...MEASURED },
    })
    stack.defer(() => postgres.stop())
    signal.throwIfAborted()
    await migrate(postgres.url)
    const { counts } = await seed(postgres.url, { size })
    signal.throwIfAborted()

    const redisVersion = await versionOfRedis(redis.url)
    const servers = { databaseUrl: postgres.url, redisUrl: redis.url, logs: directory.path }
    const open = stack.move()
    return {
      databaseUrl: postgres.url,
      products: counts.products ?? 0,
      redisVersion,
      redis: { kill: (signal) => redis.kill(signal) },
      async restartRedis() {
        redis = await startRedis({ dir: redisDir, port: Number(new URL(servers.redisUrl).port) })
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

/** What the server says of itself; a Valkey gives the version of Redis it is compatible with. */
async function versionOfRedis(url: string): Promise<string> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
  socket.setTimeout(2_000, () => socket.destroy())
  socket.write('INFO server\r\n')
  let info = ''
  for await (const chunk of socket.setEncoding('latin1')) {
    info += chunk
    const version = /redis_version:(\S+)/.exec(info)?.[1]
    if (version) return version
  }
  throw shopFailed('has a Redis that does not tell its version')
}

interface Servers {
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly logs: string
}

async function startApi(servers: Servers, { cache, processes, signal }: ApiOptions): Promise<Api> {
  const adminToken = randomBytes(24).toString('hex')
  const env = environment(servers, cache, adminToken)
  const started = Array.from({ length: processes }, (_, i) =>
    startProcess(API, env, join(servers.logs, `api-${cache}-${i}.log`)),
  )
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((one) => one.stop()))
  }
  try {
    const urls = await Promise.all(started.map((one) => one.listening(signal)))
    return { urls, adminToken, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startWorker({ databaseUrl, redisUrl, logs }: Servers, signal: AbortSignal): Promise<Pick<Api, 'stop'>> {
  const env = {
    PATH: process.env.PATH,
    PORT: '0',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    LOG_LEVEL: 'warn',
  }
  const worker = startProcess(WORKER, env, join(logs, 'worker.log'))
  try {
    await worker.listening(signal)
    return worker
  } catch (error) {
    await worker.stop()
    throw error
  }
}

/** Complete: what is set in the person's own environment must not change what is measured. */
function environment({ databaseUrl, redisUrl }: Servers, cache: 'on' | 'off', adminToken: string): NodeJS.ProcessEnv {
  const url = new URL(databaseUrl)
  // A parameter of the address is a setting of each session, and wins over what the client sets.
  url.searchParams.set('statement_timeout', String(STATEMENT_LIMIT_MS))
  return {
    PATH: process.env.PATH,
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: '0',
    DATABASE_URL: url.href,
    DATABASE_POOL_MAX: '10',
    REDIS_URL: redisUrl,
    ADMIN_TOKEN: adminToken,
    CUSTOMER_TOKEN_SECRET: randomBytes(24).toString('hex'),
    CACHE: cache,
    CACHE_LOAD_TIMEOUT_MS: String(LOAD_LIMIT_MS),
    // What a warming reads would be among what is counted.
    WARM_LIMIT_MS: '0',
    LOG_LEVEL: 'warn',
  }
}

interface ShopProcess {
  listening(signal: AbortSignal): Promise<string>
  stop(): Promise<void>
}

function startProcess(main: string, env: NodeJS.ProcessEnv, log: string): ShopProcess {
  const file = openSync(log, 'a')
  const child = fork(main, {
    env,
    execArgv: [],
    // A group of its own: Ctrl-C reaches the starter, which stops everything in order. Without its starter it ends too.
    detached: true,
    stdio: ['ignore', file, file, 'ipc'],
  })
  closeSync(file)
  let url: string | undefined
  child.on('message', (message: { readonly type?: string; readonly url?: string }) => {
    if (message.type === 'listening') url = message.url
  })
  return {
    async listening(signal) {
      const ready = await until(() => url !== undefined || hasEnded(child), { limitMs: START_LIMIT_MS, signal })
      if (url !== undefined) return url
      const how = ready ? 'ended while starting' : `was not listening after ${START_LIMIT_MS / 1_000} s`
      throw shopFailed(how, readFileSync(log, 'utf8'))
    },

    async stop() {
      child.kill('SIGTERM')
      const ended = await until(() => hasEnded(child), { limitMs: STOP_LIMIT_MS, signal: never })
      if (!ended) child.kill('SIGKILL')
    },
  }
}

/** Stopping is not itself stopped. */
const never = new AbortController().signal

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
