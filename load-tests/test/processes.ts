/** The family of a process, however deep: whoever is in a session of its own is still somebody's child. */

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

export function descendantsOf(pid: number): number[] {
  const children = childrenOf(parents(), pid)
  return [...children]
}

function childrenOf(table: readonly (readonly [pid: number, parent: number])[], pid: number): Set<number> {
  const family = new Set<number>()
  const queue = [pid]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const [child, parent] of table) {
      if (parent !== next || family.has(child)) continue
      family.add(child)
      queue.push(child)
    }
  }
  return family
}

function parents(): [pid: number, parent: number][] {
  if (process.platform === 'linux') {
    // Slim images have no ps.
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(name)])
  }
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
  return lines.map((line) => {
    const [pid = '', parent = ''] = line.trim().split(/\s+/)
    return [Number(pid), Number(parent)]
  })
}

/** The second field after the name, which is in brackets and may contain anything. */
function parentOf(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1])
  } catch {
    return 0 // It ended between the listing and the reading.
  }
}
