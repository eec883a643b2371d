/** The runs against each other: how many queries they took, and two charts with a curve for each. */

import type { Run } from '../src/run-file.ts'
import { barTable } from './bars.ts'
import { type Axis, chart, type Series } from './chart.ts'
import { line } from './curves.ts'
import { html, type Markup } from './escape.ts'
import { queriesPerThousand } from './figures.ts'
import { definedOf, describe, LEAST_SECONDS } from './over-time.ts'
import { logarithmic, timeline } from './scale.ts'
import { answered, type Combine, endOf, type Reading, readingsOf, slotsOf } from './thin.ts'

/** How many queries the same number of requests took: the one figure that the controls are there for. */
export function queryBars(runs: readonly Run[]): Markup | undefined {
  if (runs.length < 2) return undefined
  return barTable({
    caption: 'Database queries per 1 000 requests',
    head: ['run', 'queries'],
    bars: runs.map((run) => ({ label: run.name, value: queriesPerThousand(run) ?? 0 })),
  })
}

/** Logarithmic, because a control is not some per cent worse but a hundred times. */
export function comparison(runs: readonly Run[]): Markup | undefined {
  const drawn = runs.filter(({ seconds }) => seconds.length >= LEAST_SECONDS)
  const [first] = drawn
  if (!first || drawn.length < 2) return undefined
  const endMs = Math.max(...drawn.map(endOf))
  const { widthMs } = slotsOf([], endMs)
  const axis: Axis = { time: timeline(endMs), endMs, widthMs, events: first.events }
  const overlaid = (title: string, unit: string, reading: Reading, combine: Combine): Markup => {
    const series = drawn.map(({ name, seconds }, index): Series => {
      return { name, look: `run-${index % 4}`, values: readingsOf(slotsOf(seconds, endMs), reading, combine) }
    })
    const value = logarithmic(definedOf(series))
    const height = 180
    const curves = series.map(({ look, values }) => line(values, look, { value, height, time: axis.time, widthMs }))
    const id = `all-${unit.replace(/\W+/g, '-')}`
    // The protected run is drawn last: what it promises must not lie under what it is compared with.
    return chart({
      ...{ id, title, unit, height, axis, value, series, shape: 'line' },
      description: describe(series, axis),
      curves: curves.toReversed(),
    })
  }
  return html`${overlaid(
    'p99 of every run',
    'ms',
    answered((second) => second.p99),
    'worst',
  )}
${overlaid('Database queries of every run', 'per second', (second) => second.queries, 'mean')}
${first.events.length > 0 && html`<p class="quiet">The numbers are the events of “${first.name}”.</p>`}`
}
