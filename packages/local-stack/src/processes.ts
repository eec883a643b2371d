/**
 * The process table: who runs here, and which of them are ours.
 *
 * A pid file lies after a crash: the number may belong to somebody else by then, and what the dead server left running
 * has no number in it at all. Every server of ours carries its *mark* in its command line instead, a name made from the
 * directory it serves. A process is ours if it is one of the named programs and carries the mark; no file is believed.
 */

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

export interface ProcessEntry {
  readonly pid: number
  readonly command: string
}

/** The mark of the servers of one directory. The path must be absolute and free of symbolic links. */
export function markOf(directory: string): string {
  return `shop-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`
}

/** The running processes of these programs (`postgres`, `redis-server`) that carry the mark. A zombie carries none. */
export function processesOf(programs: readonly string[], mark: string): ProcessEntry[] {
  return processTable().filter(({ command }) => command.includes(mark) && isProgram(command, programs))
}

/** The command line of a process, or `undefined` if there is none of that id (or only its zombie). */
export function commandOf(pid: number): string | undefined {
  if (process.platform === 'linux') return linuxCommand(pid) || undefined
  return processTable().find((entry) => entry.pid === pid)?.command
}

/** Waits until the condition holds; false when the time is up. */
export async function until(condition: () => boolean, limitMs: number, everyMs = 10): Promise<boolean> {
  const deadline = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > deadline) return false
    await delay(everyMs)
  }
  return true
}

/** Sends a signal; a process that is gone already is not an error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/**
 * Whether the command line is of one of these programs: "/a/b c/postgres -D …", or "postgres: shop-… checkpointer", which
 * is how the children of a postmaster call themselves. The path may contain spaces, so the line is not cut at them.
 */
export function isProgram(command: string, programs: readonly string[]): boolean {
  return programs.some((program) => command.startsWith(program) || command.split(' -')[0]?.endsWith(`/${program}`))
}

function processTable(): ProcessEntry[] {
  if (process.platform !== 'linux')
    return parsePs(execFileSync('ps', ['-A', '-ww', '-o', 'pid=,command='], { encoding: 'utf8' }))
  // Slim images have no ps, but every Linux has /proc.
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), command: linuxCommand(Number(name)) }))
}

function linuxCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return '' // It ended between the listing and the reading.
  }
}

/** Reads the output of `ps -o pid=,command=`. */
export function parsePs(output: string): ProcessEntry[] {
  return output.split('\n').flatMap((line) => {
    const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? []
    return pid && command ? [{ pid: Number(pid), command }] : []
  })
}
