/**
 * A real PostgreSQL 18 for one directory: made at the first start, recovered after a crash, reachable over TCP only.
 *
 * A start never loses what was committed: leftovers of an earlier start are stopped in order first, and only when no
 * process of the cluster is left is its stale pid file removed (PostgreSQL itself cannot tell whether the number in it
 * belongs to a server or, by now, to somebody else).
 */

import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

import type { Account } from './account.ts'
import { portTaken } from './errors.ts'
import { bindFailed, onPort } from './port.ts'
import { type PostgresBinaries, postgresBinaries } from './postgres-binaries.ts'
import { accountFor, createCluster, dataFolder, passwordOf, removeData, SERVER_ENV } from './postgres-data.ts'
import { markOf } from './processes.ts'
import { launch, type RunningServer, type ServerKind, type ServerProcess, stopLeftovers } from './server-process.ts'

export interface PostgresOptions {
  /** Belongs to the server: data, password and log are in it. Made if absent. */
  readonly dir: string
  /**
   * A named port is used or the start rejects with PORT_TAKEN.
   * @default 0 (any free one)
   */
  readonly port?: number
  /** Settings by their name in postgresql.conf; they come last and win. */
  readonly settings?: Readonly<Record<string, string>>
}

/** For data that dies with its test: nothing waits for the disk. Survives the death of processes, not of the machine. */
export const throwaway: Readonly<Record<string, string>> = Object.freeze({ fsync: 'off', full_page_writes: 'off' })

const SETTINGS: Readonly<Record<string, string>> = Object.freeze({
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // Their paths are limited to 107 bytes, which a clone's path may exceed.
  shared_preload_libraries: 'pg_stat_statements',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off', // The log is for what somebody must read.
  maintenance_work_mem: '256MB', // Indexes of the seed are built in memory.
  max_wal_size: '2GB', // A seed is one burst; without room it is paced by checkpoints.
  random_page_cost: '1.1', // Solid state disks.
  jit: 'off', // Compiling costs more than any query of a shop takes.
})

/** SIGINT is the fast shutdown: clients are sent away, everything is written. SIGQUIT leaves the rest to recovery. */
const POSTGRES: ServerKind = {
  name: 'PostgreSQL',
  programs: ['postgres', 'initdb'],
  farewell: [
    { signal: 'SIGINT', limitMs: 20_000 },
    { signal: 'SIGQUIT', limitMs: 5_000 },
    { signal: 'SIGKILL', limitMs: 5_000 },
  ],
}

const READY_LIMIT_MS = 120_000 // Recovery after a crash in the middle of a large seed.
const LOG_LIMIT_BYTES = 10_000_000

/** Starts the server of a directory, with the database `shop` and the user `shop` (a superuser) in it. */
export async function startPostgres(options: PostgresOptions): Promise<RunningServer> {
  mkdirSync(options.dir, { recursive: true })
  const dir = realpathSync(options.dir)
  const mark = markOf(dir)
  await stopLeftovers(POSTGRES, mark)

  const account = accountFor(dir)
  const binaries = postgresBinaries(account)
  const password = passwordOf(dir)
  const data = dataFolder(dir, mark, account)
  const log = join(dir, 'postgres.log')
  await createCluster(data, { mark, binaries, account, password, log })
  rmSync(join(data, 'postmaster.pid'), { force: true })
  shorten(log)

  const settings = { ...SETTINGS, ...options.settings }
  return onPort(options.port, async (port) => {
    const server = await runPostgres({ data, port, mark, log, binaries, account, settings })
    return { ...server, url: `postgres://shop:${password}@127.0.0.1:${port}/shop` }
  })
}

/** Stops the server of a directory, whoever started it. */
export async function stopPostgres(directory: string): Promise<void> {
  if (existsSync(directory)) await stopLeftovers(POSTGRES, markOf(realpathSync(directory)))
}

/** Stops the server of a directory, should one run, and removes all it kept. */
export async function removePostgres(directory: string): Promise<void> {
  await stopPostgres(directory)
  if (existsSync(directory)) removeData(directory, markOf(realpathSync(directory)))
}

interface Run {
  readonly data: string
  readonly port: number
  readonly mark: string
  readonly log: string
  readonly binaries: PostgresBinaries
  readonly account: Account | undefined
  readonly settings: Readonly<Record<string, string>>
}

async function runPostgres({ data, port, mark, log, binaries, account, settings }: Run): Promise<ServerProcess> {
  // The children call themselves "postgres: <cluster_name>: …", so each of them carries the mark.
  const all = { ...settings, cluster_name: mark, port: String(port) }
  const args = ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const server = await launch({
    kind: POSTGRES,
    command: binaries.postgres,
    args,
    cwd: '/',
    log,
    account,
    env: SERVER_ENV,
  })
  try {
    await server.ready(() => statusOf(data, server.pid) === 'ready', READY_LIMIT_MS)
  } catch (error) {
    throw bindFailed(server.output()) ? portTaken('PostgreSQL', port) : error
  }
  return server
}

/** What the postmaster says of itself in the eighth line of its pid file: `starting`, `ready`, `stopping`. */
function statusOf(data: string, pid: number): string | undefined {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    return Number(lines[0]) === pid ? lines[7]?.trim() : undefined
  } catch {
    return undefined // Not written yet.
  }
}

function shorten(log: string): void {
  if (existsSync(log) && statSync(log).size > LOG_LIMIT_BYTES) truncateSync(log)
}
