/**
 * Draws a trace: as a tree of text, and as a picture (SVG) with a bar for each span.
 *
 *     GET /products/{id}            ▐██████████████▌ 6.2 ms
 *       cache get product            ▐████████████▌  5.4 ms
 *         SELECT products               ▐████▌       2.1 ms
 *
 * The picture has no script and no font of its own, and goes with a light page and with a dark one. What lies between two
 * parts in which something happens is cut out where it is long, and says how long it was.
 */

import { childrenOf, drawTraces, type RecordedSpan, rootsOf } from '@shop/telemetry/testing'

interface Row {
  readonly span: RecordedSpan
  readonly depth: number
  /** The service, where it is another than the parent's. */
  readonly service: string | undefined
}

const WIDTH = 900
const ROW = 19
const LABELS = 400
/** Room for the duration behind the longest bar. */
const AFTER = 70
const BARS = WIDTH - LABELS - AFTER
const INDENT = 11
const LETTER = 6.4
/** Where nothing happens for longer than this share of the rest, it is cut out. */
const LONG_PAUSE = 0.3
const CUT = 76
/** Of it, on the left: the duration of the last bar before the pause stands there. */
const BEFORE_MARK = 64

const KINDS = [
  ['request', 'request'],
  ['cache', 'cache'],
  ['redis', 'Redis'],
  ['postgresql', 'Postgres'],
  ['job', 'worker'],
] as const

export function treeOf(spans: readonly RecordedSpan[]): string {
  const lines = drawTraces(spans, { services: true }).split('\n')
  const width = Math.max(...lines.map(({ length }) => length))
  return rowsOf(spans)
    .map(({ span }, index) =>
      [(lines[index] ?? '').padEnd(width), milliseconds(span.duration).padStart(9), remarkOf(span)]
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function pictureOf(spans: readonly RecordedSpan[], title: string): string {
  const rows = rowsOf(spans)
  const time = timeline(spans)
  const height = (rows.length + 2) * ROW + 8
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 } .dim { fill: #656d76 } .service { font-weight: 600 }
.rule { stroke: #d0d7de } .cut { stroke: #656d76; stroke-dasharray: 2 3 } .failed { stroke: #d1242f; stroke-width: 2 }
.request { fill: #57606a } .cache { fill: #8250df } .redis { fill: #bc4c00 } .postgresql { fill: #0969da } .job { fill: #1a7f37 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .dim { fill: #9198a1 } .rule { stroke: #3d444d } .cut { stroke: #9198a1 }
.request { fill: #9198a1 } .cache { fill: #ab7df8 } .redis { fill: #f0883e } .postgresql { fill: #4493f8 } .job { fill: #3fb950 } }
</style>
${rows.map((row, index) => drawRow(row, index * ROW + 4, time)).join('\n')}
${time.cuts.map(({ at, text }) => drawCut(at, text, rows.length)).join('\n')}${drawLegend(rows, rows.length * ROW + 24)}
</svg>
`
}

function rowsOf(spans: readonly RecordedSpan[]): Row[] {
  const walk = (span: RecordedSpan, depth: number, parent: RecordedSpan | undefined): Row[] => [
    { span, depth, service: parent?.service === span.service ? undefined : span.service },
    ...childrenOf(spans, span).flatMap((child) => walk(child, depth + 1, span)),
  ]
  return rootsOf(spans).flatMap((root) => walk(root, 0, undefined))
}

function drawRow({ span, depth, service }: Row, top: number, time: Timeline): string {
  const from = time.at(span.startedAt)
  const width = Math.max(1.5, time.at(span.startedAt + span.duration) - from)
  const indent = 4 + depth * INDENT
  const room = Math.floor((LABELS - indent - 8) / LETTER) - (service === undefined ? 0 : service.length + 2)
  const remark = remarkOf(span)
  const name = shortened(span.name, room)
  const rest = shortened(remark, Math.max(0, room - name.length - 2))
  const label = [
    service === undefined ? '' : `<tspan class="service">${escaped(service)}</tspan>  `,
    escaped(name),
    rest === '' ? '' : `  <tspan class="dim">${escaped(rest)}</tspan>`,
  ].join('')
  const edge = span.failed ? ' failed' : ''
  const line = depth === 0 && top > 4 ? `<line class="rule" x1="0" x2="${WIDTH}" y1="${top - 1}" y2="${top - 1}"/>` : ''
  return `${line}<text x="${indent}" y="${top + 13}" xml:space="preserve">${label}</text><rect class="${groupOf(span)}${edge}" x="${round(from)}" y="${top + 3}" width="${round(width)}" height="${ROW - 7}" rx="2"/><text class="dim" x="${round(from + width + 5)}" y="${top + 13}">${milliseconds(span.duration)}</text>`
}

function drawCut(at: number, text: string, rows: number): string {
  const mark = round(at + BEFORE_MARK)
  return `<line class="cut" x1="${mark}" x2="${mark}" y1="4" y2="${rows * ROW + 2}"/><text class="dim" x="${mark}" y="${rows * ROW + 14}" text-anchor="middle">+${text}</text>\n`
}

function drawLegend(rows: readonly Row[], top: number): string {
  let x = 4
  const used = new Set(rows.map(({ span }) => groupOf(span)))
  return KINDS.filter(([group]) => used.has(group))
    .map(([group, text]) => {
      const item = `<rect class="${group}" x="${x}" y="${top}" width="10" height="10" rx="2"/><text class="dim" x="${x + 15}" y="${top + 10}">${text}</text>`
      x += 32 + text.length * LETTER
      return item
    })
    .join('')
}

interface Timeline {
  /** Where an instant is, from the left of the picture. */
  at(instant: number): number
  readonly cuts: readonly { readonly at: number; readonly text: string }[]
}

/** Busy parts to scale, and the long pauses between them cut. */
function timeline(spans: readonly RecordedSpan[]): Timeline {
  const parts: { from: number; to: number }[] = []
  for (const { startedAt, duration } of spans.toSorted((a, b) => a.startedAt - b.startedAt)) {
    const last = parts.at(-1)
    if (last && startedAt <= last.to) last.to = Math.max(last.to, startedAt + duration)
    else parts.push({ from: startedAt, to: startedAt + duration })
  }
  const busy = parts.reduce((sum, { from, to }) => sum + to - from, 0)
  const joined: { from: number; to: number }[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (last && part.from - last.to < busy * LONG_PAUSE) last.to = part.to
    else joined.push({ ...part })
  }
  const shown = joined.reduce((sum, { from, to }) => sum + to - from, 0)
  const scale = (BARS - (joined.length - 1) * CUT) / Math.max(1, shown)
  let x = LABELS
  const placed = joined.map((part) => {
    const place = { ...part, x }
    x += (part.to - part.from) * scale + CUT
    return place
  })
  return {
    at(instant) {
      const part = placed.findLast(({ from }) => instant >= from) ?? placed[0]
      return part ? part.x + (instant - part.from) * scale : LABELS
    },
    cuts: placed.slice(1).map((part, index) => ({
      at: part.x - CUT,
      text: milliseconds(part.from - (placed[index]?.to ?? part.from)),
    })),
  }
}

function groupOf({ kind, name, attributes }: RecordedSpan): (typeof KINDS)[number][0] {
  const system = attributes['db.system.name']
  if (system === 'redis' || system === 'postgresql') return system
  if (kind === 'server') return 'request'
  return name.startsWith('cache ') ? 'cache' : 'job'
}

/** The attribute that says most. */
function remarkOf({ attributes, links }: RecordedSpan): string {
  const said = ['outcome', 'tier', 'stored'].map((name) => attributes[`shop.cache.${name}`])
  const rows = attributes['db.response.returned_rows']
  return [
    ...said.filter((value, index) => value !== undefined && said.indexOf(value) === index),
    // A write without `returning` gives none back, which says nothing of what it wrote.
    ...(!rows ? [] : [`${rows} ${rows === 1 ? 'row' : 'rows'}`]),
    ...(links.length > 0 ? ['link'] : []),
  ].join(', ')
}

function milliseconds(microseconds: number): string {
  const ms = microseconds / 1_000
  return `${ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`
}

function shortened(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}…`
}

function round(x: number): number {
  return Math.round(x * 10) / 10
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
