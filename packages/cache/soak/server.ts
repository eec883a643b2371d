/** The Redis under test: a real server with little memory, that is frozen, emptied, killed and brought back. */

import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { type RunningServer, startRedis, temporaryDirectory } from '@shop/local-stack'
import { Redis } from 'ioredis'

import { layout } from '../src/redis/layout.ts'
import { CACHE_NAME } from './kinds.ts'
import type { Random } from './random.ts'

const AT = layout(CACHE_NAME, '-')

/** Less than all entries need, so that some are always being evicted. */
const MEMORY = '4mb'
const LITTLE_MEMORY = '2mb'
const ARGS = ['--maxmemory', MEMORY, '--maxmemory-policy', 'allkeys-lfu', '--enable-debug-command', 'local']

export class Server {
  readonly #directory: Awaited<ReturnType<typeof temporaryDirectory>>
  readonly port: number
  #running: RunningServer
  #admin: Redis
  #evicted = 0

  private constructor(directory: Awaited<ReturnType<typeof temporaryDirectory>>, running: RunningServer) {
    this.#directory = directory
    this.#running = running
    this.port = Number(new URL(running.url).port)
    this.#admin = administrator(running.url)
  }

  static async start(): Promise<Server> {
    const directory = await temporaryDirectory('soak')
    return new Server(directory, await startRedis({ dir: join(directory.path, 'redis'), args: ARGS }))
  }

  freeze(): void {
    this.#running.kill('SIGSTOP')
  }

  thaw(): void {
    this.#running.kill('SIGCONT')
  }

  /** Answers nobody for so long, and then everybody. */
  async sleep(ms: number): Promise<void> {
    await this.#admin.call('DEBUG', 'SLEEP', String(ms / 1_000))
  }

  /** Of clients, not of ours. */
  async killConnections(type: 'normal' | 'pubsub'): Promise<void> {
    await this.#admin.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes')
  }

  async flush(): Promise<void> {
    await this.#admin.flushall()
  }

  async flushScripts(): Promise<void> {
    await this.#admin.script('FLUSH')
  }

  /** Takes away almost all memory, and gives it back. */
  async squeeze(isSqueezed: boolean): Promise<void> {
    await this.#admin.config('SET', 'maxmemory', isSqueezed ? LITTLE_MEMORY : MEMORY)
  }

  /** Takes what the cache knows of each of these tags with this probability, as an eviction does. */
  async evictTags(tags: readonly string[], random: Random, probability: number): Promise<void> {
    const chosen = tags.filter(() => random.chance(probability))
    if (chosen.length > 0) await this.#admin.del(...chosen.map(AT.tag))
  }

  /** Takes the record of epoch and count, as an eviction does. */
  async evictState(): Promise<void> {
    await this.#admin.del(AT.state)
  }

  /** Keeps what it holds now for `restart`. */
  async save(): Promise<void> {
    await this.#admin.save()
    copyFileSync(this.#dump, this.#saved)
  }

  async restart(from: 'nothing' | 'the snapshot'): Promise<void> {
    this.#evicted += await this.#evictedByThisOne()
    this.#admin.disconnect()
    this.#running.kill('SIGKILL')
    await this.#running.exited
    rmSync(this.#dump, { force: true })
    if (from === 'the snapshot' && existsSync(this.#saved)) copyFileSync(this.#saved, this.#dump)
    this.#running = await startRedis({ dir: join(this.#directory.path, 'redis'), port: this.port, args: ARGS })
    this.#admin = administrator(this.#running.url)
    rmSync(this.#dump, { force: true })
  }

  /** Keys evicted since the soak began. */
  async evicted(): Promise<number> {
    return this.#evicted + (await this.#evictedByThisOne())
  }

  async stop(): Promise<void> {
    this.#admin.disconnect()
    await this.#running.stop()
    await this.#directory.remove()
  }

  get #dump(): string {
    return join(this.#directory.path, 'redis', 'dump.rdb')
  }

  get #saved(): string {
    return join(this.#directory.path, 'saved.rdb')
  }

  async #evictedByThisOne(): Promise<number> {
    const stats = await this.#admin.info('stats')
    return Number(/^evicted_keys:(\d+)/m.exec(stats)?.[1] ?? 0)
  }
}

/** Past the lines: it sees the server as it is. */
function administrator(url: string): Redis {
  const admin = new Redis(url, { maxRetriesPerRequest: 100, retryStrategy: () => 20 })
  admin.on('error', () => undefined)
  return admin
}
