/** wrk, the load generator: found, run against one address, and its figures read. */

import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const PAGES = fileURLToPath(new URL('./pages.lua', import.meta.url))

const run = promisify(execFile)

export interface WrkOptions {
  readonly url: string
  readonly seconds: number
  readonly connections: number
  /** Processor that it keeps to, where the system can say so. */
  readonly core: number | undefined
  /** Paths that are asked for in turn, in place of that of the address. */
  readonly pages?: readonly string[] | undefined
}

export interface WrkResult {
  readonly requests: number
  readonly requestsPerSecond: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  /** Answers that were none, or not 2xx or 3xx. */
  readonly failed: number
}

export async function findWrk(): Promise<boolean> {
  // It knows no --help that succeeds; what matters is that there is something to run.
  return run('wrk', ['--version']).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
}

export async function wrk({ url, seconds, connections, core, pages = [] }: WrkOptions): Promise<WrkResult> {
  const command = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', url]
  if (pages.length > 0) command.push('-s', PAGES, '--', ...pages)
  const pinned = core === undefined ? command : ['taskset', '-c', `${core}`, ...command]
  const { stdout } = await run(pinned[0] as string, pinned.slice(1))
  return read(stdout)
}

/** Exported for its test. */
export function read(output: string): WrkResult {
  const requestsPerSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1])
  if (!Number.isFinite(requestsPerSecond)) throw new Error(`wrk said something else than usual:\n${output}`)
  const socket = /connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1) ?? []
  const other = /Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0
  return {
    requests: Number(/(\d+) requests in/.exec(output)?.[1]),
    requestsPerSecond,
    p50: latency(output, 50),
    p99: latency(output, 99),
    failed: [...socket, other].reduce((sum: number, count) => sum + Number(count), 0),
  }
}

function latency(output: string, percentile: number): number {
  const [, value, unit] = new RegExp(`\\b${percentile}%\\s+([\\d.]+)(us|ms|s)\\b`).exec(output) ?? []
  return unit === 's' ? Number(value) * 1_000 : unit === 'us' ? Number(value) / 1_000 : Number(value)
}
