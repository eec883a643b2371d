/**
 * The processes of the shop, the API's and the worker: each kind started together on ports in a row, watched, stopped
 * together.
 *
 * Each is a session of its own, so that a Ctrl-C reaches it only through us, once. If this process is killed the end of
 * the channel tells them, and they drain by themselves; `stopLeftProcesses` is for those that do not.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

import { freePort, markOf, processesOf, signal, until } from '@shop/local-stack'

import { formatLog } from './api-log.ts'
import { SHOP_FOLDER } from './folders.ts'

const MAIN = {
  api: fileURLToPath(new URL('../apps/api/src/main.ts', import.meta.url)),
  worker: fileURLToPath(new URL('../apps/worker/src/main.ts', import.meta.url)),
} as const
/** An argument nobody reads: it tells our processes from others in the process table. */
const MARK = markOf(SHOP_FOLDER)

const START_LIMIT_MS = 30_000
const DRAIN_LIMIT_MS = 15_000 // Its own limit is 10 s; past this it does not stop by itself.

export interface GroupOptions {
  readonly kind: keyof typeof MAIN
  readonly count: number
  /** Where the first of them listens, and the others follow; 0: each where it can. */
  readonly port: number
  readonly env: NodeJS.ProcessEnv
  /** A line of a process's log, for a person. */
  say(line: string): void
  /** A process ended that nobody stopped. */
  onExit(name: string, how: string): void
}

export interface ProcessGroup {
  readonly urls: readonly string[]
  start(): Promise<void>
  /** Drains and starts one after the other, on the same ports. */
  restart(): Promise<void>
  /** Drains all at once. Rejects if one had to be killed. */
  stop(): Promise<void>
  /** Kills all. */
  force(): void
}

interface Member {
  readonly name: string
  /** 0 until its first start, where any will do: one chosen here may be taken by somebody else before it listens. */
  port: number
  child: ChildProcess | undefined
  stopping: boolean
}

/** A group that has no processes yet, so that it can be stopped at any moment of its start. */
export function processGroup(options: GroupOptions): ProcessGroup {
  const members: Member[] = []
  const urls: string[] = []

  const startOne = async (member: Member): Promise<string> => {
    const env = { ...options.env, PORT: String(member.port) }
    const child = fork(MAIN[options.kind], [MARK], {
      env,
      execArgv: [],
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    member.child = child
    member.stopping = false
    const label = options.count > 1 || options.env.LOG_LEVEL === 'info' ? member.name : options.kind
    for (const stream of [child.stdout, child.stderr]) relay(stream, (line) => options.say(formatLog(label, line)))
    const ended = once(child, 'exit').then(([code, signalName]) => {
      member.child = undefined
      return signalName ? `killed by ${signalName}` : `exit code ${code}`
    })
    const url = await Promise.race([
      listening(child),
      ended.then((how) => Promise.reject(notStarted(member.name, how))),
    ])
    void ended.then((how) => {
      if (!member.stopping) options.onExit(member.name, how)
    })
    member.port = Number(new URL(url).port)
    return url
  }

  return {
    urls,
    async start() {
      let port = options.port
      for (let n = 1; n <= options.count; n++) {
        const free = port === 0 ? 0 : await freePort(port)
        if (free !== port) options.say(`  Port ${port} is taken, using ${free}.`)
        members.push({ name: nameOf(options, n), port: free, child: undefined, stopping: false })
        if (port !== 0) port = free + 1
      }
      urls.push(...(await Promise.all(members.map(startOne))))
    },
    async restart() {
      for (const member of members) {
        await stopOne(member)
        await startOne(member)
      }
    },
    async stop() {
      const results = await Promise.allSettled(members.map(stopOne))
      const failed = results.find((result) => result.status === 'rejected')
      if (failed) throw failed.reason
    },
    force() {
      for (const { child } of members) child?.kill('SIGKILL')
    },
  }
}

/** Ports that the system keeps for root are no matter of looking further: whoever asked for one wants to hear it. */
export async function requireAllowedPorts(first: number, count: number): Promise<void> {
  if (first === 0) return
  for (let port = first; port < first + count; port++) {
    if (!(await isForbidden(port))) continue
    throw new Error(`This user may not listen on port ${port}. Choose another one: npm start -- --port 3000`)
  }
}

function isForbidden(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES'))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(false)))
  })
}

/** Ends the processes that a killed start of this clone left, so that their ports are free again. */
export async function stopLeftProcesses(): Promise<void> {
  const mains = Object.values(MAIN)
  const left = () =>
    processesOf(['node'], MARK).filter(
      ({ pid, command }) => pid !== process.pid && mains.some((main) => command.includes(main)),
    )
  for (const [name, limitMs] of [
    ['SIGTERM', 3_000],
    ['SIGKILL', 3_000],
  ] as const) {
    for (const { pid } of left()) signal(pid, name)
    if (await until(() => left().length === 0, limitMs)) return
  }
}

function nameOf({ kind, count }: GroupOptions, n: number): string {
  return kind === 'api' || count > 1 ? `${kind} ${n}` : kind
}

async function stopOne(member: Member): Promise<void> {
  const { child } = member
  if (!child) return
  member.stopping = true
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  const inTime = await Promise.race([exit.then(() => true), until(() => false, DRAIN_LIMIT_MS)])
  if (inTime) return
  child.kill('SIGKILL')
  await exit
  throw new Error(`${member.name} did not drain within ${DRAIN_LIMIT_MS / 1000} s and was killed`)
}

async function listening(child: ChildProcess): Promise<string> {
  const deadline = AbortSignal.timeout(START_LIMIT_MS)
  for (;;) {
    const [message] = (await once(child, 'message', { signal: deadline })) as [{ type?: string; url?: string }]
    if (message.type === 'listening' && message.url) return message.url
  }
}

function notStarted(name: string, how: string): Error {
  return new Error(`${name} did not start (${how}). What it said is above.`)
}

function relay(stream: Readable | null, say: (line: string) => void): void {
  if (stream) createInterface({ input: stream }).on('line', (line) => line.trim() && say(line))
}
