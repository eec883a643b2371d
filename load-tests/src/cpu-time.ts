/** The processor time and the memory that a process has taken, from the table of Linux; elsewhere they are not known. */

import { readFileSync } from 'node:fs'

/** Of a second; what every Linux of today tells programs, whatever its kernel counts in (`getconf CLK_TCK`). */
const TICKS = 100

/** In seconds, of all its threads. `undefined` for a process that has ended. */
export function cpuSeconds(pid: number | undefined): number | undefined {
  // The name is in brackets and may contain anything; utime and stime are the 14th and 15th field.
  const fields = fileOf(pid, 'stat')?.split(') ').at(-1)?.split(' ')
  return fields && (Number(fields[11]) + Number(fields[12])) / TICKS
}

/** What it holds of the memory, in MiB. */
export function residentMiB(pid: number | undefined): number | undefined {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(fileOf(pid, 'status') ?? '')?.[1]
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1_024
}

function fileOf(pid: number | undefined, name: string): string | undefined {
  if (pid === undefined) return undefined
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return undefined
  }
}
