/** The summary of a soak, for the terminal and as a record. */

import { STALENESS_CLASSES } from './ledger.ts'
import { BOUND_MS, type Summary } from './soak.ts'

/** The summary as Markdown, which is as readable in a terminal. */
export function markdown(summary: Summary): string {
  const { stats } = summary
  const peeks = summary.byHow.peek
  const served = stats.requests + peeks
  const share = (count: number, of: number): string => `${((100 * count) / Math.max(1, of)).toFixed(1)} %`
  return [
    `# Soak of @shop/cache: ${summary.violations === 0 ? 'no read was wrong' : `${grouped(summary.violations)} violations`}`,
    '',
    `${grouped(summary.reads)} reads checked in ${summary.minutes.toFixed(1)} minutes${summary.stopped ? ' (stopped before its time)' : ''}; seed ${summary.seed}; Node ${summary.node}, ${summary.cores} cores.`,
    '',
    table(
      ['reads by outcome', 'count', 'share'],
      [
        ['hit in memory', stats.memoryHits],
        ['hit in memory, by peek', peeks],
        ['hit in Redis', stats.redisHits],
        ['stale, by policy', stats.stale],
        ['miss', stats.misses],
        ['collapsed', stats.collapsed],
        ['error', stats.errors],
      ].map(([name, count]) => [String(name), grouped(Number(count)), share(Number(count), served)]),
    ),
    '',
    table(
      ['served after the acknowledged end of the version', 'reads'],
      STALENESS_CLASSES.map((most, i) => [className(most, i), grouped(summary.staleness[i] ?? 0)]),
    ),
    '',
    table(
      ['faults', 'times'],
      summary.faults.map(([name, count]) => [name, grouped(count)]),
    ),
    '',
    table(
      ['and', ''],
      [
        ['writes committed', grouped(summary.writes)],
        ['invalidations told', grouped(summary.invalidations)],
        ['of them `false`: Redis could not be told', grouped(summary.unacknowledged)],
        ['loads', grouped(stats.loads)],
        ['questions the source failed', grouped(summary.sourceFailures)],
        ['reads that failed by that', grouped(summary.readsFailedBySource)],
        ['keys evicted by Redis', grouped(summary.evictedKeys)],
        ['entries of Redis not believed', grouped(stats.rejected)],
        ['memories emptied for want of proof', grouped(stats.resets)],
        ['failed commands', grouped(stats.remoteErrors)],
        [
          'longest read (lease of a holder that was stopped, then a load)',
          `${grouped(Math.round(summary.longestReadMs))} ms`,
        ],
      ],
    ),
    ...(summary.violations === 0 ? [] : ['', '## Violations', '', ...violationLines(summary)]),
    '',
  ].join('\n')
}

function violationLines({ explanations, violations }: Summary): string[] {
  const left = violations - explanations.length
  return [
    ...explanations.flatMap(([first, ...rest]) => [`✘ ${first}`, ...rest, '']),
    ...(left > 0 ? [`and ${grouped(left)} more`] : []),
  ]
}

function className(most: number, i: number): string {
  if (most === 0) return '0 ms: it was current'
  return Number.isFinite(most)
    ? `at most ${most} ms`
    : `more than ${STALENESS_CLASSES[i - 1]} ms (the bound is ${BOUND_MS})`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ')
}
