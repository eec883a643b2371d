/** A verdict, and runs side by side, as tables of text. */

import { grouped, milliseconds } from './numbers.ts'
import type { Judgement, Run } from './run-file.ts'
import type { Verdict } from './verdict.ts'

const HEAD = ['promise', 'threshold', 'measured', ''] as const
const COMPARED = [
  '',
  'visits',
  'failed',
  'dropped',
  'queries',
  'of 1 000 visits',
  'p50',
  'p99',
  'oldest price',
] as const

/** Each promise with its threshold, what was measured, and whether it was kept. A control of which nothing is expected is not in it. */
export function formatVerdict({ sections, conclusion }: Verdict): string {
  const judged = sections.filter(({ judgements }) => judgements.length > 0)
  const rows = judged.map(({ title, judgements }) => ({ title, cells: judgements.map(cellsOf) }))
  const format = columns([HEAD, ...rows.flatMap(({ cells }) => cells)])
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

/** What each has measured, below each other: the shop as it is, and its controls. */
export function compareRuns(runs: readonly Run[]): string {
  const rows = runs.map(({ name, requests, failed, dropped, queries, latency, staleness }) => [
    name,
    grouped(requests),
    grouped(failed),
    grouped(dropped),
    queries === undefined ? '' : grouped(queries),
    queries === undefined || requests === 0 ? '' : grouped((queries / requests) * 1_000, 1),
    milliseconds(latency.p50),
    milliseconds(latency.p99),
    staleness ? milliseconds(staleness.max) : '',
  ])
  const format = columns([COMPARED, ...rows])
  return [COMPARED, ...rows].map((cells) => format(cells).trimEnd()).join('\n')
}

/** As wide as the widest of each column. */
function columns(rows: readonly (readonly string[])[]): (cells: readonly string[]) => string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)))
  return (cells) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')
}

function cellsOf({ promise, threshold, measured, kept }: Judgement): string[] {
  return [`  ${promise}`, threshold, measured, kept ? '✔' : '✘']
}
