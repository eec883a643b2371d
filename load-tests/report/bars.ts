/** A table with a bar in each row: its words on the left, its figure on the right, at any width of the screen. */

import { html, type Markup } from './escape.ts'
import { shareOf } from './events.ts'
import { count, figure } from './format.ts'

export interface Bar {
  readonly label: string
  readonly value: number
  /** Said at the end of the bar. */
  readonly mark?: string
}

/** The longest bar ends before the figures do; a mark stands where there is more room, inside of a bar or beside it. */
const LONGEST = 0.8
const INSIDE = 0.48

export interface Bars {
  readonly caption: string
  readonly head: readonly [label: string, value: string]
  readonly bars: readonly Bar[]
}

export function barTable({ caption, head: [label, value], bars }: Bars): Markup {
  const most = bars.reduce((greatest, bar) => Math.max(greatest, bar.value), 0)
  return html`<table class="bars"><caption>${caption}</caption>
<thead><tr><th scope="col">${label}</th><td></td><th scope="col">${value}</th></tr></thead>
<tbody>${bars.map((bar) => rowOf(bar, most === 0 ? 0 : (bar.value / most) * LONGEST))}</tbody></table>`
}

/** What is not nothing is seen, if only by the stroke around it. */
function rowOf({ label, value, mark }: Bar, share: number): Markup {
  const end = shareOf(share)
  const bar = value > 0 && html`<rect class="bar" width="${end}" height="16"/>`
  const place = share > INSIDE ? html`class="mark inside" dx="-6"` : html`class="mark" dx="6"`
  const words = mark && html`<text x="${end}" y="12" ${place}>${mark}</text>`
  return html`<tr><th scope="row">${label}</th><td><svg width="100%" height="16">${bar}${words}</svg></td><td>${
    Number.isInteger(value) ? count(value) : figure(value)
  }</td></tr>`
}
