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
import { basename } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface ProcessEntry {
  readonly pid: number
  /** `postgres` of "/a/b/postgres -D …". */
  readonly program: string
  /** With its arguments, or what it calls itself instead. */
  readonly command: string
}

/** The mark of the servers of one directory. The path must be absolute and free of symbolic links. */
export function markOf(directory: string): string {
  return `shop-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`
}

/** The running processes of these programs (`postgres`, `redis-server`) that carry the mark. A zombie carries none. */
export function processesOf(programs: readonly string[], mark: string): ProcessEntry[] {
  return processTable().filter(({ program, command }) => programs.includes(program) && command.includes(mark))
}

/** The command line of a process, or `undefined` if there is none of that id (or only its zombie). */
export function commandOf(pid: number): string | undefined {
  if (process.platform === 'linux') return linuxEntry(pid)?.command
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

function processTable(): ProcessEntry[] {
  if (process.platform !== 'linux') return parsePs(ps('comm'), ps('command'))
  // Slim images have no ps, but every Linux has /proc.
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) && linuxEntry(Number(name))) || [])
}

function linuxEntry(pid: number): ProcessEntry | undefined {
  try {
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    return commandLine ? parseCommandLine(pid, commandLine) : undefined // That of a zombie is empty.
  } catch {
    return undefined // It ended between the listing and the reading.
  }
}

/**
 * Reads /proc/<pid>/cmdline: arguments that end with NUL, the first of which may be a path with spaces; or a title the
 * process gave itself, as "postgres: shop-… checkpointer" and "redis-server 127.0.0.1:6379 shop-…".
 */
export function parseCommandLine(pid: number, commandLine: string): ProcessEntry {
  const [first = ''] = commandLine.split('\0', 1)
  const program = first.startsWith('/') ? basename(first) : (/^[^ :]*/.exec(first)?.[0] ?? '')
  return { pid, program, command: commandLine.replaceAll('\0', ' ').trim() }
}

function ps(column: 'comm' | 'command'): string {
  return execFileSync('ps', ['-A', '-ww', '-o', `pid=,${column}=`], { encoding: 'utf8' })
}

/** Joins two listings of ps: only the path of the executable alone is safe to take a name from. */
export function parsePs(executables: string, commands: string): ProcessEntry[] {
  const lines = (output: string) =>
    output.split('\n').flatMap((line) => {
      const [, pid, rest] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? []
      return pid && rest ? [[Number(pid), rest] as const] : []
    })
  const programs = new Map(lines(executables))
  return lines(commands).flatMap(([pid, command]) => {
    const executable = programs.get(pid)
    return executable ? [{ pid, program: basename(executable), command }] : []
  })
}
