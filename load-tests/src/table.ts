/** A verdict as a table of text: promise, threshold, measured, and whether it was kept. */

import type { Judgement, Verdict } from './verdict.ts'

const HEAD = ['promise', 'threshold', 'measured', ''] as const

export function formatVerdict({ sections, conclusion }: Verdict): string {
  const rows = sections.map(({ title, judgements }) => ({ title, cells: judgements.map(cellsOf) }))
  const all = [HEAD, ...rows.flatMap(({ cells }) => cells)]
  const widths = HEAD.map((_, column) => Math.max(...all.map((cells) => cells[column]?.length ?? 0)))
  const format = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')
  const rule = '─'.repeat(format(HEAD).length)
  const lines = [
    format(HEAD),
    rule,
    ...rows.flatMap(({ title, cells }) => [title, ...cells.map(format)]),
    rule,
    conclusion,
  ]
  return lines.map((line) => line.trimEnd()).join('\n')
}

function cellsOf({ promise, threshold, measured, kept }: Judgement): string[] {
  return [`  ${promise}`, threshold, measured, kept ? '✔' : '✘']
}
