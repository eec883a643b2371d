/**
 * The run cut at its events: the same figures as the charts, as a table.
 *
 * It says in numbers what a fault did, and to people who do not see the charts it says what they show.
 */

import type { Run, RunEvent, Second } from '../src/run-file.ts'
import { html, type Markup } from './escape.ts'
import { namedEvents } from './events.ts'
import { count, figure, moment } from './format.ts'

/** More rows than that are read by nobody. */
const MOST_PHASES = 12

const HALF_A_SECOND = 500

const COLUMNS = ['time', 'requests/s', 'p50, ms', 'p99, ms', 'failed', 'queries/s', 'loads/s']

export interface Phase {
  readonly name: string
  readonly fromMs: number
  readonly untilMs: number
  readonly seconds: readonly Second[]
}

export function phasesOf({ events, seconds }: Run, endMs: number): readonly Phase[] {
  const named: readonly RunEvent[] = namedEvents(events)
  const few = named.length < MOST_PHASES ? named : named.filter(({ kind }) => kind !== 'change')
  const cuts = [{ label: 'from the start', atMs: 0 }]
  for (const { label, atMs } of few.filter((event) => event.atMs < endMs)) {
    // Of two events in one moment the later names the phase: there is no second between them.
    const last = cuts.at(-1)
    if (last && atMs - last.atMs < HALF_A_SECOND) last.label = label
    else if (cuts.length < MOST_PHASES) cuts.push({ label, atMs })
  }
  return cuts
    .map(({ label, atMs }, index) => {
      const untilMs = cuts[index + 1]?.atMs ?? endMs
      return { name: label, fromMs: atMs, untilMs, seconds: seconds.filter(isWithin(atMs, untilMs)) }
    })
    .filter(({ fromMs, untilMs }) => untilMs > fromMs)
}

export function phaseTable(run: Run, endMs: number): Markup {
  const phases = phasesOf(run, endMs)
  return html`<table class="phases">
<caption>Between the events. p50 is the median of the seconds, p99 that of the worst second.</caption>
<thead><tr>${['phase', ...COLUMNS].map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${phases.map((phase) => rowOf(phase, endMs))}</tbody></table>`
}

function rowOf({ name, fromMs, untilMs, seconds }: Phase, endMs: number): Markup {
  const sum = (of: (second: Second) => number) => seconds.reduce((total, second) => total + of(second), 0)
  const mean = (of: (second: Second) => number) => (seconds.length === 0 ? undefined : sum(of) / seconds.length)
  const answered = seconds.filter(({ requests, failed }) => requests > failed)
  const worst = answered.length === 0 ? undefined : Math.max(...answered.map(({ p99 }) => p99))
  const cells = [
    `${moment(fromMs, endMs)} to ${moment(untilMs, endMs)}`,
    figure(mean(({ requests }) => requests)),
    figure(medianOf(answered.map(({ p50 }) => p50))),
    figure(worst),
    count(sum(({ failed }) => failed)),
    figure(mean(({ queries }) => queries)),
    figure(mean(({ load }) => load)),
  ]
  const labelled = cells.map((cell, index) => html`<td data-label="${COLUMNS[index]}">${cell}</td>`)
  return html`<tr><th scope="row">${name}</th>${labelled}</tr>`
}

/** A second belongs to the phase in which its middle lies: a fault comes some milliseconds late to its own second. */
function isWithin(fromMs: number, untilMs: number): (second: Second) => boolean {
  return ({ atMs }) => atMs + HALF_A_SECOND >= fromMs && atMs + HALF_A_SECOND < untilMs
}

function medianOf(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)]
}
