/**
 * What happened during a run, as labelled vertical lines in a chart and as a list beside it.
 *
 * Each event has a number. Where there is room its words stand beside the number; on a phone the list says them. Labels
 * that would touch go into lanes above each other:
 *
 *     1 price drop                        lane 1
 *     |2 Redis killed   |3 Redis is back  lane 0
 *     ||                |
 *
 * One that finds no lane keeps its line, and its words in the list.
 */

import type { RunEvent } from '../src/run-file.ts'
import { html, type Markup } from './escape.ts'
import { moment } from './format.ts'
import type { Scale } from './scale.ts'

export interface Marks {
  /** Lines and numbers, for a drawing whose plot begins `laneHeight × lanes` below its top. */
  readonly drawing: Markup
  readonly lanes: number
  /** Of these, those that a phone leaves empty. */
  readonly spare: number
}

/** Shape and colour say the same, for those who see only one of them. */
const SIGNS: Readonly<Record<RunEvent['kind'], string>> = { change: '◆', fault: '▼', recovery: '▲', phase: '●' }

export const LANE_HEIGHT = 15
const LANES = [0, 1, 2, 3] as const

/** More than that are a rhythm and not events: they get short strokes at the foot, and no words. */
const MOST_NAMED = 20
const MOST_STROKES = 300

/** The narrowest plots for which labels are laid out, and about how wide a letter is, in pixels. */
const PHONE = 270
const DESK = 610
const LETTER = 6.5

interface Named extends RunEvent {
  readonly number: number
}

/** In pixels of the plot for which it was laid out. */
interface Place {
  readonly x: number
  readonly span: readonly [from: number, until: number]
  /** From the plot upwards. Nothing if no lane has room for the words. */
  readonly lane: number | undefined
}

interface Placed extends Place {
  readonly kind: RunEvent['kind']
  readonly words: string
  readonly at: number
  /** Words that would leave the plot on the right stand on the left of their line. */
  readonly isTurned: boolean
}

/** The events that get a number, in their order. Of too many, faults, recoveries and phases come before changes. */
export function namedEvents(events: readonly RunEvent[]): readonly Named[] {
  const sorted = events.toSorted((a, b) => a.atMs - b.atMs)
  const chosen = sorted.length <= MOST_NAMED ? sorted : sorted.filter(({ kind }) => kind !== 'change')
  return chosen.slice(0, MOST_NAMED).map((event, index) => ({ ...event, number: index + 1 }))
}

export function eventMarks(events: readonly RunEvent[], time: Scale, plotHeight: number, withWords: boolean): Marks {
  const named = namedEvents(events)
  const onPhone = layOut(named, time, PHONE, ({ number }) => String(number))
  const onDesk = withWords ? layOut(named, time, DESK, ({ number, label }) => `${number} ${shortened(label)}`) : []
  const used = Math.max(0, ...onPhone.map(({ lane = 0 }) => lane + 1))
  const lanes = Math.max(used, ...onDesk.map(({ lane = 0 }) => lane + 1))
  const foot = lanes * LANE_HEIGHT + plotHeight
  const drawing = html`<g class="strokes">${strokes(events, time, foot)}</g><g class="${
    withWords ? 'on-phone' : 'on-any'
  }">${onPhone.map((placed) => line(placed, lanes, foot))}</g>${
    withWords && html`<g class="on-desk">${onDesk.map((placed) => line(placed, lanes, foot))}</g>`
  }`
  return { drawing, lanes, spare: lanes - used }
}

/** The list that says what the numbers mean. */
export function eventList(events: readonly RunEvent[], endMs: number): Markup {
  if (events.length === 0) return html`<p class="quiet">No event is in the file of this run.</p>`
  const named = namedEvents(events)
  const unnamed = events.length - named.length
  return html`<ol class="events">${named.map((event) => itemOf(event, endMs))}</ol>${
    unnamed > 0 && html`<p class="quiet">${unnamed} more have no number: short strokes at the foot of the charts.</p>`
  }`
}

function itemOf({ kind, label, atMs }: RunEvent, endMs: number): Markup {
  const sign = html`<span class="sign" aria-hidden="true">${SIGNS[kind]}</span>`
  const when = html`<span class="at">${moment(atMs, endMs)}</span>`
  return html`<li class="${kind}">${sign} ${when} ${label} <span class="kind">${kind}</span></li>`
}

/**
 * From right to left, since words stand on the right of their line: who comes earlier and has no room goes above, and
 * so no line runs through the words of another.
 */
function layOut(
  events: readonly Named[],
  time: Scale,
  width: number,
  wordsOf: (event: Named) => string,
): readonly Placed[] {
  const placed: Placed[] = []
  for (const event of events.toReversed()) {
    const words = wordsOf(event)
    const x = time.at(event.atMs) * width
    const length = words.length * LETTER + 8
    const isTurned = x + length > width
    const span = isTurned ? ([x - length, x] as const) : ([x, x + length] as const)
    const lane = LANES.find((candidate) => placed.every((other) => isApart({ x, span, lane: candidate }, other)))
    placed.unshift({ kind: event.kind, words, at: time.at(event.atMs), x, span, isTurned, lane })
  }
  return placed
}

function isApart(one: Place & { readonly lane: number }, other: Place): boolean {
  if (other.lane === undefined) return true
  if (one.lane === other.lane) return one.span[1] < other.span[0] || one.span[0] > other.span[1]
  const [above, below] = one.lane > other.lane ? [one, other] : [other, one]
  // Two lines at one place are one line.
  if (Math.abs(above.x - below.x) < 2) return true
  return above.x < below.span[0] || above.x > below.span[1]
}

function line({ kind, words, at, isTurned, lane }: Placed, lanes: number, foot: number): Markup {
  const x = shareOf(at)
  const top = (lanes - (lane ?? -1) - 1) * LANE_HEIGHT
  const ends = html`x1="${x}" x2="${x}" y1="${top + 2}" y2="${foot}"`
  const side = isTurned ? html`class="turned" dx="-4"` : html`dx="4"`
  return html`<g class="event ${kind}"><line ${ends}/>${
    lane !== undefined && html`<text x="${x}" y="${top + 11}" ${side}>${words}</text>`
  }</g>`
}

/** The events without a number, as many as can be told apart. */
function strokes(events: readonly RunEvent[], time: Scale, foot: number): readonly Markup[] {
  if (events.length <= MOST_NAMED) return []
  const changes = events.filter(({ kind }) => kind === 'change')
  const places = new Set(changes.map(({ atMs }) => Math.round(time.at(atMs) * MOST_STROKES)))
  return [...places].map((place) => {
    const x = shareOf(place / MOST_STROKES)
    return html`<line x1="${x}" x2="${x}" y1="${foot - 5}" y2="${foot}"/>`
  })
}

function shortened(label: string): string {
  return label.length > 34 ? `${label.slice(0, 33)}…` : label
}

/** A position as SVG writes it. */
export function shareOf(at: number): string {
  return `${Number((at * 100).toFixed(2))}%`
}
