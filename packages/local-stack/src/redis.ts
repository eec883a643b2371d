/**
 * A real Redis (or Valkey) for one directory, from the PATH: a cache, so nothing is written to disk and memory is bounded.
 */

import { existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { portTaken, redisMissing } from './errors.ts'
import { bindFailed, onPort } from './port.ts'
import { markOf } from './processes.ts'
import { findRedisOnPath, redisCure } from './redis-search.mjs'
import { launch, type RunningServer, type ServerKind, stopLeftovers } from './server-process.ts'

export interface RedisOptions {
  /** Belongs to the server: its log is in it. Made if absent. */
  readonly dir: string
  /**
   * A named port is used or the start rejects with PORT_TAKEN.
   * @default 0 (any free one)
   */
  readonly port?: number
  /** Arguments in the form of the command line (`--maxmemory`, `64mb`); they come last and win. */
  readonly args?: readonly string[]
}

/** What makes any Redis of ours a cache: no files, bounded memory, the least used goes first. */
export const CACHE_ARGS: readonly string[] = Object.freeze([
  ...['--save', ''],
  ...['--appendonly', 'no'],
  ...['--maxmemory', '256mb'],
  ...['--maxmemory-policy', 'allkeys-lfu'],
])

const REDIS: ServerKind = {
  name: 'Redis',
  programs: ['redis-server', 'valkey-server'],
  farewell: [
    { signal: 'SIGTERM', limitMs: 5_000 },
    { signal: 'SIGKILL', limitMs: 5_000 },
  ],
}

const READY_LIMIT_MS = 10_000

/** Starts the Redis of a directory. Rejects with REDIS_MISSING, and how to install it, when there is none on the PATH. */
export async function startRedis(options: RedisOptions): Promise<RunningServer> {
  const found = await findRedisOnPath()
  if (!found) throw redisMissing(redisCure())
  mkdirSync(options.dir, { recursive: true })
  const dir = realpathSync(options.dir)
  const mark = markOf(dir)
  const log = join(dir, 'redis.log')
  await stopLeftovers(REDIS, mark)
  rmSync(log, { force: true })

  return onPort(options.port, async (port) => {
    const own = ['--port', String(port), '--bind', '127.0.0.1', '--daemonize', 'no', '--dir', dir]
    const title = ['--proc-title-template', `{title} {listen-addr} ${mark}`] // How the next start recognises it.
    const args = [...own, ...title, ...CACHE_ARGS, ...(options.args ?? [])]
    const env = { ...process.env, LC_ALL: 'C' }
    const server = await launch({ kind: REDIS, command: found.command, args, cwd: dir, log, env })
    try {
      // Its own word, not an answer on the port: another Redis may be the one that answers there.
      await server.ready(() => server.output().includes('Ready to accept connections'), READY_LIMIT_MS)
    } catch (error) {
      throw bindFailed(server.output()) ? portTaken('Redis', port) : error
    }
    return { ...server, url: `redis://127.0.0.1:${port}` }
  })
}

/** Stops the server of a directory, whoever started it. It keeps nothing worth removing. */
export async function stopRedis(directory: string): Promise<void> {
  if (existsSync(directory)) await stopLeftovers(REDIS, markOf(realpathSync(directory)))
}
