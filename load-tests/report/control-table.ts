/**
 * The runs side by side: what protection changes, under the same load on the same machine.
 *
 * A column for each run and not a row, since there are at most four of them, and a phone is narrow.
 */

import type { Run, RunFile } from '../src/run-file.ts'
import { html, type Markup } from './escape.ts'
import { ANSWERS, FIGURES, type Figure } from './figures.ts'
import { NOTHING, unbroken } from './format.ts'

/** The rows that a README needs: those that hold on a machine that is not this one come first. */
const OF_README = [
  'queries per 1 000 requests',
  'hit rate',
  'p50, ms',
  'p99, ms',
  'p99.9, ms',
  'max, ms',
  'failed',
  'dropped',
]

/** As Markdown. Of a file without a run, nothing. */
export function controlTable({ runs }: RunFile): string {
  if (runs.length === 0) return ''
  const rows = FIGURES.filter(({ label }) => OF_README.includes(label)).map(({ label, of }) => [label, ...runs.map(of)])
  const [head, ...body] = [['', ...runs.map(({ name }) => name)], ...rows].map((cells) => lineOf(cells.map(escaped)))
  return [head, lineOf(['---', ...runs.map(() => '---:')]), ...body].join('\n')
}

export function controlTableOf(runs: readonly Run[]): Markup {
  const head = runs.map(({ name }) => html`<th scope="col">${name}</th>`)
  return html`<div class="scroll"><table class="compare${runs.length === 1 ? ' alone' : ''}">
<caption class="hidden">The figures of each run, side by side</caption>
<thead><tr><td></td>${head}</tr></thead>
<tbody>${FIGURES.map((row) => rowOf(row, runs))}</tbody>
${group('answers', ANSWERS, runs)}${group('this scenario', extraFigures(runs), runs)}</table></div>`
}

/** The scenario's own figures. A run that lacks one has a dash. */
function extraFigures(runs: readonly Run[]): readonly Figure[] {
  const labels = new Set(runs.flatMap(({ extra = [] }) => extra.map(({ label }) => label)))
  return [...labels].map((label) => {
    return { label, of: ({ extra = [] }) => unbroken(extra.find((one) => one.label === label)?.value ?? NOTHING) }
  })
}

function group(title: string, rows: readonly Figure[], runs: readonly Run[]): Markup | undefined {
  if (rows.length === 0) return undefined
  return html`<tbody><tr><th colspan="${runs.length + 1}" scope="rowgroup">${title}</th></tr>
${rows.map((row) => rowOf(row, runs))}</tbody>`
}

function rowOf({ label, of }: Figure, runs: readonly Run[]): Markup {
  return html`<tr><th scope="row">${label}</th>${runs.map((run) => html`<td>${of(run)}</td>`)}</tr>`
}

/** A name may hold what Markdown takes for its own, and a figure a space that does not break. */
function escaped(cell: string): string {
  return cell.replace(/[\\|`*_<>[\]]/g, '\\$&').replace(/\s+/g, ' ')
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
