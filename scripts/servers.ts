/**
 * The two servers behind the API: where they come from, and how each is started and stopped.
 *
 * PostgreSQL: DATABASE_URL, else the embedded one. Redis: REDIS_URL, else one from the PATH, from Docker, or installed
 * with apt; else none, and the shop runs with the first tier of its cache only.
 */

import { realpathSync } from 'node:fs'
import { connect } from 'node:net'
import { env } from 'node:process'

import {
  findRedis,
  freePort,
  installRedis,
  markOf,
  processesOf,
  type RedisFound,
  type RunningServer,
  redisCure,
  redisImageMissing,
  removeLeftPolicy,
  removeRedisContainer,
  signal,
  startPostgres,
  startRedis,
  startRedisContainer,
  stopPostgres,
  stopRedis,
} from '@shop/local-stack'

import { POSTGRES_FOLDER, REDIS_FOLDER } from './folders.ts'
import { messageOf } from './messages.ts'
import type { Part } from './shutdown.ts'
import type { Step, Terminal } from './terminal.ts'

/** Where they are looked for first; below the ports that systems hand out by themselves. */
const POSTGRES_PORT = 15_432
const REDIS_PORT = 16_379

export interface Server {
  readonly url: string
  /** Absent when somebody else runs it. */
  readonly running?: RunningServer
}

/** The database. `own` receives what is to be stopped before it has even started. */
export async function openDatabase(terminal: Terminal, own: (part: Part) => void): Promise<Server> {
  const step = terminal.step('postgres')
  const given = env.DATABASE_URL
  if (given) {
    await requireAnswer('DATABASE_URL', given, 5432)
    step.done(`${withoutPassword(given)} (DATABASE_URL)`)
    return { url: given }
  }
  await stopPostgres(POSTGRES_FOLDER) // What a killed start left still has the port.
  const starting = startPostgres({ dir: POSTGRES_FOLDER, port: await portFor('PostgreSQL', POSTGRES_PORT, terminal) })
  own(serverPart('PostgreSQL', starting, () => kill(['postgres', 'initdb'], POSTGRES_FOLDER, 'SIGQUIT')))
  const running = await starting
  step.done(`18 at 127.0.0.1:${new URL(running.url).port}`)
  return { url: running.url, running }
}

/** The Redis, or `undefined` when this machine has none; then it was said how to get one. */
export async function openRedis(terminal: Terminal, own: (part: Part) => void): Promise<Server | undefined> {
  const step = terminal.step('redis')
  const found = await foundOrInstalled(step)
  switch (found.type) {
    case 'url':
      await requireAnswer('REDIS_URL', found.url, 6379)
      step.done(`${withoutPassword(found.url)} (REDIS_URL)`)
      return { url: found.url }
    case 'none':
      step.done('none: the cache has its first tier only')
      terminal.warn(`             Install one with: ${found.cure}`)
      return undefined
    case 'docker':
    case 'path': {
      const running = await startFound(found, step, terminal, own)
      step.done(
        `${found.type === 'docker' ? found.image : `${found.command} ${found.version}`} at ${hostOf(running.url)}`,
      )
      return { url: running.url, running }
    }
    default:
      return found satisfies never
  }
}

async function foundOrInstalled(step: Step): Promise<Exclude<RedisFound, { type: 'apt' }>> {
  removeLeftPolicy()
  const found = await findRedis()
  if (found.type !== 'apt') return found
  step.progress('installing redis-server with apt-get')
  let reason = 'it is still not on the PATH'
  try {
    await installRedis()
    const installed = await findRedis()
    if (installed.type !== 'apt') return installed
  } catch (error) {
    reason = messageOf(error)
  }
  return { type: 'none', cure: `${redisCure()}\n             (tried: ${reason})` }
}

async function startFound(
  found: Extract<RedisFound, { type: 'docker' | 'path' }>,
  step: Step,
  terminal: Terminal,
  own: (part: Part) => void,
): Promise<RunningServer> {
  await stopRedis(REDIS_FOLDER)
  if (found.type === 'docker') await removeRedisContainer(REDIS_FOLDER)
  const options = { dir: REDIS_FOLDER, port: await portFor('Redis', REDIS_PORT, terminal) }
  if (found.type === 'docker') {
    step.progress((await redisImageMissing()) ? `docker pulls ${found.image}` : `docker starts ${found.image}`)
    const starting = startRedisContainer(options)
    own(serverPart('Redis', starting, () => void removeRedisContainer(REDIS_FOLDER)))
    return starting
  }
  const starting = startRedis(options)
  own(serverPart('Redis', starting, () => kill(['redis-server', 'valkey-server'], REDIS_FOLDER, 'SIGKILL')))
  return starting
}

/** The usual port, or the next free one, which is said. */
async function portFor(name: string, usual: number, terminal: Terminal): Promise<number> {
  const free = await freePort(usual)
  if (free !== usual) terminal.say(`  Port ${usual} is taken, using ${free} for ${name}.`)
  return free
}

function serverPart(name: string, starting: Promise<RunningServer>, force: () => void): Part {
  return {
    name,
    force,
    async stop() {
      const server = await starting.catch(() => undefined) // Its start says itself why it failed.
      await server?.stop()
    },
  }
}

function kill(programs: readonly string[], folder: string, name: NodeJS.Signals): void {
  for (const { pid } of processesOf(programs, markOf(realpathSync(folder)))) signal(pid, name)
}

/** A server of somebody else's that does not answer is told by its variable, before a library says it worse. */
async function requireAnswer(variable: string, url: string, defaultPort: number): Promise<void> {
  const target = URL.parse(url)
  if (!target?.hostname) throw new Error(`${variable} is not a URL.`)
  const host = target.hostname.replace(/^\[|\]$/g, '')
  const port = Number(target.port) || defaultPort
  const answered = await new Promise<boolean>((resolve) => {
    const socket = connect({ host, port, timeout: 3_000 })
    const end = (result: boolean) => {
      socket.destroy()
      resolve(result)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
  if (!answered)
    throw new Error(`Nothing answers at ${host}:${port}, where ${variable} points. Start it, or unset ${variable}.`)
}

/** For messages: where it is and how it is called. */
export function withoutPassword(url: string): string {
  const target = URL.parse(url)
  return target ? `${target.host}${target.pathname}` : 'that is no URL'
}

function hostOf(url: string): string {
  return new URL(url).host
}
