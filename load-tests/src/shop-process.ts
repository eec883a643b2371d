/** One process of the shop, as a child: started, waited for, killed, started again at the same address, stopped. */

import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'

import { shopFailed } from './errors.ts'
import { until } from './waiting.ts'

const START_LIMIT_MS = 30_000
const STOP_LIMIT_MS = 15_000

export interface ProcessOptions {
  readonly main: string
  readonly env: NodeJS.ProcessEnv
  readonly log: string
}

export class ShopProcess {
  readonly #options: ProcessOptions
  #child: ChildProcess
  #url: string | undefined

  constructor(options: ProcessOptions) {
    this.#options = options
    this.#child = this.#start(options.env)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Its address, once it listens. */
  async listening(signal: AbortSignal): Promise<string> {
    const isKnown = () => this.#url !== undefined || hasEnded(this.#child)
    const known = await until(isKnown, { limitMs: START_LIMIT_MS, signal })
    if (this.#url !== undefined) return this.#url
    const how = known ? 'ended while starting' : `was not listening after ${START_LIMIT_MS / 1_000} s`
    throw shopFailed(how, readFileSync(this.#options.log, 'utf8'))
  }

  /** At once, as when the machine under it dies. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await until(() => hasEnded(this.#child), { limitMs: STOP_LIMIT_MS, signal: never })
  }

  /** Again, where it was. */
  async restart(signal: AbortSignal): Promise<void> {
    const { port } = new URL(this.#url ?? '')
    this.#url = undefined
    this.#child = this.#start({ ...this.#options.env, PORT: port })
    await this.listening(signal)
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    const ended = await until(() => hasEnded(this.#child), { limitMs: STOP_LIMIT_MS, signal: never })
    if (!ended) this.#child.kill('SIGKILL')
  }

  #start(env: NodeJS.ProcessEnv): ChildProcess {
    const file = openSync(this.#options.log, 'a')
    const child = fork(this.#options.main, {
      env,
      execArgv: [],
      // A group of its own: Ctrl-C reaches the starter, which stops everything in order. Without its starter it ends too.
      detached: true,
      stdio: ['ignore', file, file, 'ipc'],
    })
    closeSync(file)
    child.on('message', (message: { readonly type?: string; readonly url?: string }) => {
      if (message.type === 'listening') this.#url = message.url
    })
    return child
  }
}

/** Stopping is not itself stopped. */
const never = new AbortController().signal

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
