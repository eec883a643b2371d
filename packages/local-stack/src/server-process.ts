/**
 * A server as a process of its own session.
 *
 * Ctrl-C in a terminal reaches every process of the session at once. A database that stops together with its clients makes
 * their drain fail, so servers live in a session of their own and stop when they are told to. The price: nothing stops
 * them when their starter is killed, so every start first stops what an earlier one left (`stopLeftovers`).
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'

import type { Account } from './account.ts'
import { notStopped, startFailed } from './errors.ts'
import { processesOf, signal, until } from './processes.ts'

export interface ServerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RunningServer {
  readonly url: string
  readonly pid: number
  /** Settles when the server has ended, for whatever reason. Never rejects. */
  readonly exited: Promise<ServerExit>
  /** Stops the server in order and waits for its end. Stopping twice, or after it ended, is not an error. */
  stop(): Promise<void>
  /** Sends a signal to the server process itself, as a drill does: SIGSTOP, SIGCONT, SIGKILL. */
  kill(signal: NodeJS.Signals): void
}

/** How a kind of server is recognised and stopped. */
export interface ServerKind {
  readonly name: string
  readonly programs: readonly string[]
  /** What is sent, and how long each may take, from polite to final. */
  readonly farewell: readonly { readonly signal: NodeJS.Signals; readonly limitMs: number }[]
}

export interface Launch {
  readonly kind: ServerKind
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  /** Output is appended here. */
  readonly log: string
  readonly account?: Account | undefined
  readonly env?: NodeJS.ProcessEnv
}

export interface ServerProcess extends Omit<RunningServer, 'url'> {
  /** Waits until `isReady`; rejects with the end of the log when the server ends first or the time is up. */
  ready(isReady: () => boolean | Promise<boolean>, limitMs: number): Promise<void>
  /** What this process wrote into its log. */
  output(): string
}

export function launch(options: Launch): Promise<ServerProcess> {
  const { kind, log } = options
  const logFile = openSync(log, 'a')
  const logStart = statSync(log).size
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    detached: true,
    stdio: ['ignore', logFile, logFile],
    ...(options.env && { env: options.env }),
    ...(options.account && { uid: options.account.uid, gid: options.account.gid }),
  })
  closeSync(logFile)

  const output = () => readFileSync(log).subarray(logStart).toString('utf8')
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(startFailed(kind.name, `did not start (${error.message})`, log, output())))
    child.once('spawn', () => resolve(serverProcess(child, options, output)))
  })
}

function serverProcess(child: ChildProcess, { kind, log }: Launch, output: () => string): ServerProcess {
  const pid = child.pid as number // Set once 'spawn' was emitted.
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('exit', (code, signalName) => resolve({ code, signal: signalName }))
  })

  return {
    pid,
    exited,
    output,

    kill(name) {
      if (!hasEnded()) signal(pid, name)
    },

    async stop() {
      await stopAll(kind, () => (hasEnded() ? [] : [pid]))
    },

    async ready(isReady, limitMs) {
      const deadline = performance.now() + limitMs
      while (!(await isReady())) {
        if (hasEnded()) throw startFailed(kind.name, `ended while starting`, log, output())
        if (performance.now() > deadline) {
          await this.stop()
          throw startFailed(kind.name, `was not ready after ${Math.round(limitMs / 1000)} s`, log, output())
        }
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
  }
}

/** Stops what an earlier start for the same directory left running, its children included. */
export async function stopLeftovers(kind: ServerKind, mark: string): Promise<void> {
  await stopAll(kind, () => processesOf(kind.programs, mark).map(({ pid }) => pid))
}

async function stopAll(kind: ServerKind, living: () => number[]): Promise<void> {
  for (const { signal: name, limitMs } of kind.farewell) {
    for (const pid of living()) {
      signal(pid, name)
      signal(pid, 'SIGCONT') // A frozen process would never get to its signal.
    }
    if (await until(() => living().length === 0, limitMs)) return
  }
  throw notStopped(kind.name, living())
}
