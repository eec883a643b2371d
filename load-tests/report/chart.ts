/**
 * The frame of every chart: title, legend, axes, the events as vertical lines, and the figures for the read-out.
 *
 * A chart must be as wide as the screen without its letters growing or shrinking with it. So the drawing has no
 * viewBox: heights are pixels, horizontal places are shares, and letters keep their size. Only the curves lie in an
 * inner drawing that is stretched, with strokes that are not.
 *
 *     ┌ svg, 100 % wide ───────────────────────┐
 *     │ lanes of event labels                  │
 *     │ ┌ svg, viewBox 0 0 1000 h, stretched ┐ │
 *     │ │ curves                             │ │
 *     │ └────────────────────────────────────┘ │
 *     │ 0 s       30 s       60 s              │
 *     └────────────────────────────────────────┘
 */

import type { RunEvent } from '../src/run-file.ts'
import { type Content, html, json, type Markup } from './escape.ts'
import { eventMarks, LANE_HEIGHT, shareOf } from './events.ts'
import { axisFigure, moment } from './format.ts'
import type { Scale } from './scale.ts'

/** How wide the inner drawing believes to be. */
export const WIDTH = 1_000

const AXIS_HEIGHT = 20

/** What a curve is called, how it looks in the legend, and its values for the read-out. */
export interface Series {
  readonly name: string
  /** Chooses colour, stroke and pattern, in the style sheet. */
  readonly look: string
  readonly values: readonly (number | undefined)[]
}

/** What the charts below each other share: one axis of time, one set of events. */
export interface Axis {
  readonly time: Scale
  readonly endMs: number
  readonly widthMs: number
  readonly events: readonly RunEvent[]
}

export interface Chart {
  /** Unique on the page. */
  readonly id: string
  readonly title: string
  readonly unit: string
  /** What the drawing shows, for those who do not see it. */
  readonly description: string
  readonly height: number
  readonly axis: Axis
  readonly value: Scale
  readonly format?: (value: number) => string
  readonly series: readonly Series[]
  readonly shape: 'line' | 'area'
  /** Whether the events have their words in this chart, or only their numbers. */
  readonly withWords?: boolean
  readonly curves: Content
}

export function chart(options: Chart): Markup {
  const { id, title, unit, description, height, axis, value, format = axisFigure, series, shape, curves } = options
  const marks = eventMarks(axis.events, axis.time, height, options.withWords ?? false)
  const top = marks.lanes === 0 ? 6 : marks.lanes * LANE_HEIGHT
  const foot = top + height
  return html`<figure class="chart of-${shape}" id="${id}">
<figcaption><h4>${title}</h4> <span class="unit">${unit}${value.isLogarithmic && ', logarithmic scale'}</span>
<ul class="legend">${series.map(({ name, look }) => html`<li>${swatch(look, shape)}${name}</li>`)}</ul></figcaption>
<div class="plot spare-${marks.spare}" tabindex="0" role="group" aria-label="${title}: values by arrow keys">
<svg width="100%" height="${foot + AXIS_HEIGHT}" role="img" aria-labelledby="${id}-title ${id}-text">
<title id="${id}-title">${title}, ${unit}</title><desc id="${id}-text">${description}</desc>
${value.ticks.map((tick) => valueTick(foot - value.at(tick) * height, format(tick)))}
${timeTicks(axis, foot)}
<svg class="curves" y="${top}" ${stretched(height)}>${curves}</svg>
${marks.drawing}
<line class="cross" y1="${top}" y2="${foot}" visibility="hidden"/></svg></div>
<output class="read-out"></output>
<script type="application/json">${json(readings(options))}</script>
</figure>`
}

/** In place of a chart that would be empty. */
export function emptyChart({ title, reason }: { readonly title: string; readonly reason: string }): Markup {
  return html`<figure class="chart"><figcaption><h4>${title}</h4></figcaption><p class="quiet">${reason}</p></figure>`
}

function stretched(height: number): Markup {
  return html`width="100%" height="${height}" viewBox="0 0 ${WIDTH} ${height}" preserveAspectRatio="none"`
}

function valueTick(y: number, text: string): Markup {
  return html`<line class="grid" x1="0" x2="100%" y1="${round(y)}" y2="${round(y)}"/>
<text class="tick value" x="0" dx="-8" y="${round(y + 4)}">${text}</text>`
}

/** On a phone there is room for every second one. */
function timeTicks({ time, endMs }: Axis, foot: number): readonly Markup[] {
  return time.ticks.map((tick, index) => {
    const x = shareOf(time.at(tick))
    const place = index === 0 ? 'first' : time.at(tick) > 0.97 ? 'last' : ''
    const hidden = index % 2 === 1 ? 'on-desk' : ''
    return html`<line class="notch" x1="${x}" x2="${x}" y1="${foot}" y2="${foot + 4}"/>
<text class="tick ${place} ${hidden}" x="${x}" y="${foot + 16}">${moment(tick, endMs)}</text>`
  })
}

/** How a series looks, beside its name. */
function swatch(look: string, shape: Chart['shape']): Markup {
  const drawing =
    shape === 'line'
      ? html`<path class="line ${look}" d="M1 6H21"/>`
      : html`<rect class="area ${look}" width="22" height="12"/><rect class="stripes ${look}" width="22" height="12"/>`
  return html`<svg class="swatch" width="22" height="12" aria-hidden="true">${drawing}</svg>`
}

/** What the script of the page needs to say the values at a moment; four digits that count are enough. */
function readings({ axis: { endMs, widthMs }, series, unit, format }: Chart) {
  const shortened = (value: number | undefined) => (value === undefined ? null : Number(value.toPrecision(4)))
  return {
    endMs,
    widthMs,
    unit: format ? '%' : unit,
    names: series.map(({ name }) => name),
    values: series.map(({ values }) => values.map(shortened)),
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
