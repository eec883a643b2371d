/**
 * Curves of steps: a value holds for as long as it was measured over, a second or a slot of some.
 *
 * A line from point to point would claim values between two measurements, and of a run of one second there would be
 * nothing to draw. A slot without a value is a gap.
 */

import { WIDTH } from './chart.ts'
import { html, type Markup } from './escape.ts'
import type { Scale } from './scale.ts'

type Values = readonly (number | undefined)[]

/** One in the middle of the end that is cut off is as wide as the others, and ends with the axis. */
export interface Grid {
  readonly value: Scale
  readonly time: Scale
  readonly widthMs: number
  readonly height: number
}

export function line(values: Values, look: string, grid: Grid): Markup {
  return html`<path class="line ${look}" d="${linePath(values, grid)}"/>`
}

/** From the foot up to the values. What is not nothing is seen: at least two pixels high. */
export function area(values: Values, look: string, grid: Grid): Markup {
  const heights = values.map((value) => (value === undefined || value <= 0 ? undefined : value))
  const foot = values.map(() => grid.height)
  const tops = heights.map((value) =>
    value === undefined ? undefined : Math.min(grid.height - 2, pixels(value, grid)),
  )
  return html`<path class="area ${look}" d="${bandPath(tops, foot, grid)}"/>`
}

/** Bands upon each other, the first at the foot. Their values are shares of the scale, and their sum is too. */
export function stack(bands: readonly { readonly look: string; readonly values: Values }[], grid: Grid): Markup[] {
  const sums: number[] = []
  return bands.map(({ look, values }) => {
    const bottoms = values.map((_, index) => pixels(sums[index] ?? 0, grid))
    const tops = values.map((value, index) => {
      if (value === undefined) return undefined
      sums[index] = (sums[index] ?? 0) + value
      return pixels(sums[index], grid)
    })
    const d = bandPath(tops, bottoms, grid)
    return html`<path class="area ${look}" d="${d}"/><path class="stripes ${look}" d="${d}"/>`
  })
}

function linePath(values: Values, grid: Grid): string {
  return spansOf(values)
    .map(([from, until]) => {
      const steps = values.slice(from, until).map((value, index) => {
        return `V${pixels(value ?? 0, grid)}H${place(from + index + 1, grid)}`
      })
      return `M${place(from, grid)} ${pixels(values[from] ?? 0, grid)}${merged(steps)}`
    })
    .join('')
}

function bandPath(tops: Values, bottoms: readonly number[], grid: Grid): string {
  return spansOf(tops)
    .map(([from, until]) => {
      const there = tops.slice(from, until).map((top, index) => `V${top}H${place(from + index + 1, grid)}`)
      const back = bottoms.slice(from, until).map((bottom, index) => `V${bottom}H${place(from + index, grid)}`)
      return `M${place(from, grid)} ${bottoms[from]}${merged(there)}${merged(back.reverse())}Z`
    })
    .join('')
}

/** Where values begin and end without a gap between. */
function spansOf(values: Values): [from: number, until: number][] {
  const spans: [number, number][] = []
  values.forEach((value, index) => {
    if (value === undefined) return
    const last = spans.at(-1)
    if (last?.[1] === index) last[1] = index + 1
    else spans.push([index, index + 1])
  })
  return spans
}

/** A step that stays at its height only lengthens the one before. */
function merged(steps: readonly string[]): string {
  const kept: string[] = []
  for (const step of steps) {
    const height = step.slice(0, step.indexOf('H'))
    if (kept.at(-1)?.startsWith(`${height}H`)) kept.pop()
    kept.push(step)
  }
  return kept.join('')
}

function place(slot: number, { time, widthMs }: Grid): number {
  return tenths(time.at(slot * widthMs) * WIDTH)
}

function pixels(value: number, { value: scale, height }: Grid): number {
  return tenths((1 - scale.at(value)) * height)
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10
}
