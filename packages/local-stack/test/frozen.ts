/** Whether a process is stopped (SIGSTOP), as the system sees it. */

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

export function isFrozen(pid: number): boolean {
  // "512 (postgres) T 1 …": the state follows the name, which may itself contain spaces and brackets.
  if (existsSync('/proc/self/stat')) return /\) T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  return execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('T')
}
