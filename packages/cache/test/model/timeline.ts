/** A trace as a drawing: one line for each step, in the column of the process or of Redis that takes it. */

import type { Trace } from './explore.ts'

const GAP = '  '

export function timeline({ steps, wrong }: Trace): string {
  const lines = steps.map((step) => ({ actor: actorOf(step), text: textOf(step) }))
  const processes = [...new Set(lines.map(({ actor }) => actor))].filter((actor) => actor !== 'Redis').sort()
  const columns = [processes[0] ?? 'P1', 'Redis', ...processes.slice(1)]
  const widths = columns.map((column) =>
    Math.max(column.length, ...lines.filter(({ actor }) => actor === column).map(({ text }) => text.length)),
  )
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell, n) => cell.padEnd(widths[n] ?? 0))
      .join(GAP)
      .trimEnd()
  const body = lines.map(({ actor, text }) => row(columns.map((column) => (column === actor ? text : ''))))
  return [row(columns), ...body, wrong].join('\n')
}

/** What Redis does for a process is told in the column of Redis; time passes in that of Redis too. */
function actorOf(step: string): string {
  const [, process] = /^(P\d)\b/.exec(step) ?? []
  return process && !/: Redis /.test(step) ? process : 'Redis'
}

function textOf(step: string): string {
  const forProcess = /^(P\d.*?): Redis (.*)$/.exec(step)
  if (forProcess) return `${forProcess[2]} (${forProcess[1]})`
  return step.replace(/^(P\d|Redis) /, '')
}
