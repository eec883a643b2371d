/**
 * How long until a change was seen, as a histogram that lies on its side: each bucket is a row.
 *
 * The label of a bucket is a text of some length, and on a phone there is room for it beside a bar and not below it.
 */

import type { Staleness } from '../src/run-file.ts'
import { type Bar, barTable } from './bars.ts'
import { html, type Markup } from './escape.ts'
import { axisFigure, count, figure } from './format.ts'

export interface Bucket {
  readonly fromMs: number
  /** Nothing if the bucket is open. */
  readonly upToMs: number | undefined
  readonly count: number
}

const MOST_BUCKETS = 20

/** The buckets from the first to the last that holds something, joined until there are few enough. */
export function bucketsOf(buckets: Staleness['buckets']): readonly Bucket[] {
  const all = buckets.map((bucket, index): Bucket => {
    // JSON has no infinity: the oracle writes the largest number there is.
    const open = !Number.isFinite(bucket.upToMs) || bucket.upToMs >= Number.MAX_SAFE_INTEGER
    return { fromMs: buckets[index - 1]?.upToMs ?? 0, upToMs: open ? undefined : bucket.upToMs, count: bucket.count }
  })
  const first = all.findIndex(({ count }) => count > 0)
  const held = first === -1 ? [] : all.slice(first, all.findLastIndex(({ count }) => count > 0) + 1)
  const width = Math.ceil(held.length / MOST_BUCKETS)
  return Array.from({ length: Math.ceil(held.length / Math.max(1, width)) }, (_, index) =>
    joined(held.slice(index * width, (index + 1) * width)),
  )
}

export function histogram({ buckets, p50, p99, max }: Staleness): Markup {
  const shown = bucketsOf(buckets)
  const total = shown.reduce((sum, bucket) => sum + bucket.count, 0)
  if (total === 0) return html`<p class="quiet">No change was seen, so there is no time to show.</p>`
  const marks = [['p50', p50] as const, ['p99', p99] as const, ['max', max] as const]
  const bars = shown.map((bucket, index): Bar => {
    const here = marks.filter(([, value]) => index === bucketOf(value, shown)).map(([name]) => name)
    return { label: labelOf(bucket), value: bucket.count, mark: here.join(' ') }
  })
  const caption = 'Changes by the time until nobody was told the old value any more'
  return html`<p class="summary">Of ${count(total)} changes that somebody asked about half were visible
${after(p50)}, 99 of 100 ${after(p99)}, the last ${after(max)}.</p>
${barTable({ caption, head: ['visible after', 'changes'], bars })}`
}

/** The bucket that a value falls into. */
function bucketOf(value: number, buckets: readonly Bucket[]): number {
  const index = buckets.findIndex(({ upToMs }) => upToMs === undefined || value <= upToMs)
  return index === -1 ? buckets.length - 1 : index
}

function after(ms: number): Markup {
  return ms === 0 ? html`at once` : html`after ${figure(ms)}&nbsp;ms`
}

function labelOf({ fromMs, upToMs }: Bucket): string {
  if (upToMs === 0) return 'at once'
  return upToMs === undefined ? `> ${axisFigure(fromMs)} ms` : `≤ ${axisFigure(upToMs)} ms`
}

function joined(buckets: readonly Bucket[]): Bucket {
  return {
    fromMs: buckets[0]?.fromMs ?? 0,
    upToMs: buckets.at(-1)?.upToMs,
    count: buckets.reduce((sum, bucket) => sum + bucket.count, 0),
  }
}
