/**
 * The connection that commands go through, and whether it is worth sending one.
 *
 * A link is usable only after a handshake on this very connection: the run id of the server it reached, then
 * the epoch. A server that restarted from an old snapshot has another run id, so nothing is read from it before
 * a new epoch has begun.
 *
 *     connected ── run id ── position ──▶ usable ── 3 deadlines missed, or a probe's ──▶ not usable
 *                                           ▲                                              │
 *                                           └──────────── a probe is answered ─────────────┘
 *
 * This is the circuit breaker: while the link is not usable, commands are refused at once, and the probe that
 * is sent anyway is its trial.
 */

import { Command, Redis, type RedisOptions } from 'ioredis'

import { between, type Clock, type Millis, type Monotonic, millis } from '../clock.ts'
import { Deadlines } from '../deadline.ts'
import { CacheError, remoteFailed, remoteTimeout, remoteUnavailable } from '../errors.ts'
import { spread } from '../unique.ts'
import type { Script } from './scripts.ts'

/** Deadlines missed in a row, of any commands, before the link counts as not usable. */
const MISSES = 3
/** A connection that has not answered for this long is replaced. */
const SILENT: Millis = millis(3_000)

/** After a greeting that failed. */
const GREET_AGAIN: Millis = millis(1_000)

type Argument = string | number | Buffer

export interface LinkOptions {
  readonly url: string
  readonly clock: Clock
  readonly deadline: Millis
  /** Makes sure, on a connection to the server of this run id, that the epoch is one of its own. */
  readonly handshake: (run: string) => Promise<void>
  readonly onUsable: (usable: boolean) => void
  readonly onTrouble: (error: CacheError) => void
}

/** What both connections of a cache have in common. Nothing waits in a queue: what cannot be sent now fails now. */
export function connectionOptions() {
  return {
    lazyConnect: false,
    connectTimeout: 2_000,
    disconnectTimeout: 500,
    keepAlive: 10_000,
    noDelay: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    enableReadyCheck: true,
    maxLoadingRetryTime: 1_000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 5), 1_000) * spread(),
    reconnectOnError: null,
    disableClientInfo: true,
  } satisfies RedisOptions
}

export class Link {
  readonly #options: LinkOptions
  readonly #client: Redis
  readonly #deadlines: Deadlines
  #run: string | undefined
  #usable = false
  #misses = 0
  #answeredAt: Monotonic

  constructor(options: LinkOptions) {
    this.#options = options
    this.#answeredAt = options.clock.now()
    this.#deadlines = new Deadlines(options.clock, options.deadline)
    this.#client = new Redis(options.url, connectionOptions())
    this.#client.on('ready', () => void this.#greet())
    this.#client.on('close', () => this.#lose())
    this.#client.on('error', (error) => options.onTrouble(remoteFailed('connect', bare(error)))) // 'close' follows.
  }

  get usable(): boolean {
    return this.#usable
  }

  /** The run id of the server, while connected to it. */
  get run(): string | undefined {
    return this.#run
  }

  /** `undefined` also for what is no string. */
  async read(keys: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    const replies = await this.#guarded('read', () => this.#send('mget', keys))
    return (replies as readonly (Buffer | null)[]).map((bytes) => bytes ?? undefined)
  }

  scan(cursor: string, glob: string, count: number): Promise<unknown> {
    return this.#guarded('scan', () => this.#send('scan', [cursor, 'MATCH', glob, 'COUNT', count]))
  }

  delete(keys: readonly string[]): Promise<unknown> {
    return this.#guarded('delete', () => this.#send('del', keys))
  }

  /** Runs a script; replies are Buffers and numbers. */
  evaluate(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    late?: (reply: unknown) => void,
  ): Promise<unknown> {
    return this.#guarded(script.name, () => this.#evaluate(script, keys, args), late)
  }

  /**
   * Runs a script although the link may not be usable: the probe, which is also the handshake. `hear` is told the answer
   * before the link becomes usable by it.
   */
  async trial(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
    hear: (reply: unknown) => void,
  ): Promise<void> {
    if (!this.#run) throw remoteUnavailable(script.name)
    const run = this.#run
    try {
      hear(await this.#timed(script.name, () => this.#evaluate(script, keys, args)))
      if (this.#run === run) this.#become(true)
    } catch (error) {
      if (this.#run === run) this.#become(false)
      throw error
    }
  }

  /** Replaces a connection that is open and silent: a peer that is gone without a word, or frozen. */
  replaceIfSilent(): void {
    const { clock } = this.#options
    const isSilent = (): boolean => between(this.#answeredAt, clock.now()) >= SILENT
    if (!isSilent()) return
    // It may be this process that was busy: the answer may lie in the socket.
    clock.soon(() => {
      if (!isSilent()) return
      this.#answeredAt = clock.now()
      if (this.#client.status === 'ready' || this.#client.status === 'connect') this.#client.disconnect(true)
    })
  }

  close(): void {
    this.#become(false)
    this.#client.disconnect()
  }

  async #greet(): Promise<void> {
    try {
      const info = await this.#timed('info', () => this.#client.info('server'))
      const run = /^run_id:(\S+)/m.exec(info)?.[1]
      if (!run) throw remoteFailed('info', new Error('INFO server names no run_id'))
      this.#run = run
      await this.#options.handshake(run)
    } catch (error) {
      this.#options.onTrouble(error instanceof CacheError ? error : remoteFailed('connect', bare(error)))
      // Not usable yet, and not worth a new connection: a server that denies INFO will do so again.
      this.#lose()
      this.#options.clock.timer(GREET_AGAIN, () => {
        if (this.#client.status === 'ready' && !this.#run) void this.#greet()
      })
    }
  }

  #lose(): void {
    this.#run = undefined
    this.#become(false)
  }

  #become(usable: boolean): void {
    this.#misses = 0
    if (this.#usable === usable) return
    this.#usable = usable
    this.#options.onUsable(usable)
  }

  #guarded<R>(operation: string, send: () => Promise<R>, late?: (reply: R) => void): Promise<R> {
    if (!this.#usable) return Promise.reject(remoteUnavailable(operation))
    return this.#timed(operation, send, late)
  }

  async #timed<R>(operation: string, send: () => Promise<R>, late?: (reply: R) => void): Promise<R> {
    const { clock, deadline } = this.#options
    try {
      const reply = await this.#deadlines.of(send(), () => remoteTimeout(operation, deadline), late)
      this.#misses = 0
      this.#answeredAt = clock.now()
      return reply
    } catch (error) {
      if (!(error instanceof CacheError)) throw remoteFailed(operation, bare(error))
      if (++this.#misses >= MISSES) this.#become(false)
      throw error
    }
  }

  /** Redis forgets scripts when it restarts, and on SCRIPT FLUSH. */
  async #evaluate(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    try {
      return await this.#send('evalsha', [script.sha, keys.length, ...keys, ...args])
    } catch (error) {
      if (!isNoScript(error)) throw error
      return this.#send('eval', [script.lua, keys.length, ...keys, ...args])
    }
  }

  /** Strings in the reply are Buffers. */
  #send(name: string, args: readonly Argument[]): Promise<unknown> {
    return this.#client.sendCommand(new Command(name, [...args], { replyEncoding: null })) as Promise<unknown>
  }
}

/** Without the command, whose arguments are passwords and values. */
export function bare(error: unknown): unknown {
  return error instanceof Error && 'command' in error ? new Error(error.message) : error
}

function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT')
}
