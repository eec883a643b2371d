/**
 * The connections of a port, seen from outside: the table of the operating system.
 *
 * A request has reached the process behind the port when its connection is established and no byte of it lies unread in
 * the kernel. Until then it may be a packet that the listen queue had no room for and that is sent again a second later.
 */

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

export interface Connections {
  /** The side of the server only. */
  readonly established: number
  /** How many of them hold bytes that the process has not read. */
  readonly unread: number
}

const run = promisify(execFile)
const MOST_BYTES = 64 * 2 ** 20

/** `undefined` where the system cannot be asked. */
export async function connectionsTo(ports: readonly number[]): Promise<Connections | undefined> {
  if (process.platform === 'linux') return fromProc(await readFile('/proc/net/tcp', 'utf8'), ports)
  if (process.platform !== 'darwin') return undefined
  const { stdout } = await run('netstat', ['-an', '-p', 'tcp'], { maxBuffer: MOST_BYTES })
  return fromNetstat(stdout, ports)
}

/**
 * /proc/net/tcp, whose numbers are hexadecimal; state 01 is established:
 *
 *     sl  local_address rem_address   st tx_queue:rx_queue …
 *      0: 0100007F:0BB8 0100007F:D1F2 01 00000000:00000000 …
 */
export function fromProc(table: string, ports: readonly number[]): Connections {
  const served = new Set(ports.map((port) => port.toString(16).toUpperCase().padStart(4, '0')))
  return count(
    table.split('\n').flatMap((line) => {
      const [, local, , state, queues] = line.trim().split(/\s+/)
      if (state !== '01' || !served.has(local?.split(':')[1] ?? '')) return []
      return [Number.parseInt(queues?.split(':')[1] ?? '', 16)]
    }),
  )
}

/**
 * `netstat -an -p tcp` of macOS:
 *
 *     Proto Recv-Q Send-Q  Local Address     Foreign Address    (state)
 *     tcp4       0      0  127.0.0.1.3000    127.0.0.1.53746    ESTABLISHED
 */
export function fromNetstat(table: string, ports: readonly number[]): Connections {
  const served = new Set(ports.map(String))
  return count(
    table.split('\n').flatMap((line) => {
      const [, unread, , local, , state] = line.trim().split(/\s+/)
      if (state !== 'ESTABLISHED' || !served.has(local?.split('.').at(-1) ?? '')) return []
      return [Number(unread)]
    }),
  )
}

function count(unread: readonly number[]): Connections {
  return { established: unread.length, unread: unread.filter((bytes) => bytes > 0).length }
}
