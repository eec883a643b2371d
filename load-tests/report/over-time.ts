/**
 * What a run was like, second by second: charts below each other, on one axis of time with the events on it.
 *
 * A chart whose figures may be missing is there only with them; of the others, one that would be empty says why.
 */

import type { Run } from '../src/run-file.ts'
import { type Axis, chart, emptyChart, type Series } from './chart.ts'
import { area, type Grid, line, stack } from './curves.ts'
import { type Content, html, type Markup } from './escape.ts'
import { figure, moment, unbroken } from './format.ts'
import { linear, logarithmic, type Scale, timeline, WHOLE } from './scale.ts'
import { answered, type Combine, endOf, type Reading, readingsOf, type Slots, slotsOf } from './thin.ts'

/** Of less there is no curve to see. */
export const LEAST_SECONDS = 3

const TIERS = ['memory', 'redis', 'stale', 'load'] as const
type Tier = (typeof TIERS)[number]

const NAMES: Readonly<Record<Tier, string>> = { memory: 'memory', redis: 'Redis', stale: 'stale', load: 'loaded' }

interface Panel {
  readonly title: string
  readonly unit: string
  readonly height: number
  readonly series: readonly Series[]
  readonly value: Scale
  readonly curves: (grid: Grid) => Content
  readonly shape?: 'line' | 'area'
  readonly format?: (value: number) => string
}

export function overTime(run: Run, prefix: string): Markup {
  const { seconds, events } = run
  if (seconds.length < LEAST_SECONDS) return tooShort(seconds.length)
  const endMs = endOf(run)
  const slots = slotsOf(seconds, endMs)
  const axis: Axis = { time: timeline(endMs), endMs, widthMs: slots.widthMs, events }
  const panels = panelsOf(run, (name, look, reading, combine) => {
    return { name, look, values: readingsOf(slots, reading, combine) }
  })
  const drawn = panels.map((panel, index) =>
    'reason' in panel ? emptyChart(panel) : draw(panel, axis, `${prefix}-${index}`),
  )
  return html`${drawn}
<p class="quiet">${legendOf(slots, endMs)}</p>`
}

/** What stands in the place of the curves. */
export function tooShort(seconds: number): Markup {
  if (seconds === 0) return html`<p class="quiet">No second of the load was recorded: there is nothing to draw.</p>`
  const long = seconds === 1 ? '1 second' : `${seconds} seconds`
  return html`<p class="quiet">The load lasted ${long}: too short for a curve.</p>`
}

export function definedOf(series: readonly Series[]): readonly number[] {
  return series.flatMap(({ values }) => values.filter((value) => value !== undefined))
}

/** One sentence for each series: where it begins, ends, and is at its greatest. */
export function describe(series: readonly Series[], { widthMs, endMs }: Pick<Axis, 'widthMs' | 'endMs'>): string {
  return series
    .map(({ name, values }) => {
      const defined = values.filter((value) => value !== undefined)
      if (defined.length === 0) return `${name}: nothing.`
      const most = Math.max(...defined)
      const when = moment(values.indexOf(most) * widthMs, endMs)
      return `${name}: from ${figure(defined[0])} to ${figure(defined.at(-1))}, at most ${figure(most)} at ${when}.`
    })
    .join(' ')
}

type Reader = (name: string, look: string, reading: Reading, combine: Combine) => Series

function panelsOf(run: Run, read: Reader): readonly (Panel | { readonly title: string; readonly reason: string })[] {
  const latency = (['p50', 'p95', 'p99'] as const).map((quantile) =>
    read(
      quantile,
      quantile,
      answered((second) => second[quantile]),
      'worst',
    ),
  )
  const requests = read('requests', 'ink', (second) => second.requests, 'mean')
  const failed = read('of them failed', 'failed', (second) => second.failed, 'mean')
  const queries = read('queries', 'load', (second) => second.queries, 'mean')
  const tiers = TIERS.filter((tier) => run.seconds.some((second) => second[tier] > 0))
  const shares = tiers.map((tier) => read(NAMES[tier], tier, shareOfTier(tier), 'mean'))
  const processors = [
    read('API', 'ink', ({ cpuApi }) => cpuApi, 'mean'),
    read('load generator', 'generator', ({ cpuGenerator }) => cpuGenerator, 'mean'),
  ]
  const heap = read('heap', 'ink', ({ heapMiB }) => heapMiB, 'worst')
  const users = read('virtual users', 'ink', ({ activeVUs }) => activeVUs, 'worst')
  return [
    definedOf(latency).length > 0
      ? lines('Latency', 'ms', 190, latency, logarithmic)
      : { title: 'Latency', reason: 'No request was answered.' },
    {
      ...lines('Throughput and failures', 'per second', 120, [requests, failed]),
      curves: (grid) => [area(failed.values, 'failed', grid), line(requests.values, 'ink', grid)],
    },
    run.queries === undefined
      ? { title: 'Database queries', reason: 'The statements of this Postgres are not ours to count.' }
      : lines('Database queries', 'per second', 110, [queries]),
    shares.length > 0
      ? {
          ...{ title: 'Answers by tier', unit: 'share', height: 130, series: shares, value: WHOLE, shape: 'area' },
          format: (share) => unbroken(`${share * 100} %`),
          curves: (grid) => stack(shares, grid),
        }
      : { title: 'Answers by tier', reason: 'No answer of this run came from a tier of the cache.' },
    ...[
      lines('Processor', 'cores', 100, processors.filter(hasValues)),
      lines('Heap of the API', 'MiB', 100, [heap].filter(hasValues)),
      lines('Virtual users', 'at once', 90, [users].filter(hasValues)),
    ].filter(({ series }) => series.length > 0),
  ]
}

function lines(title: string, unit: string, height: number, series: readonly Series[], scale = linear): Panel {
  const curves = (grid: Grid): Content => series.map(({ values, look }) => line(values, look, grid))
  return { title, unit, height, series, value: scale(definedOf(series)), curves }
}

function draw({ shape = 'line', curves, ...panel }: Panel, axis: Axis, id: string): Markup {
  const grid: Grid = { value: panel.value, height: panel.height, time: axis.time, widthMs: axis.widthMs }
  const description = describe(panel.series, axis)
  return chart({ ...panel, id, axis, shape, description, withWords: id.endsWith('-0'), curves: curves(grid) })
}

function shareOfTier(tier: Tier): Reading {
  return (second) => {
    const all = TIERS.reduce((sum, one) => sum + second[one], 0)
    return all === 0 ? undefined : second[tier] / all
  }
}

function hasValues(series: Series): boolean {
  return definedOf([series]).length > 0
}

function legendOf({ widthMs }: Slots, endMs: number): string {
  const step =
    widthMs > 1_000
      ? `Each step is ${widthMs / 1_000} seconds: of latencies, heap and users the worst of them, else their mean.`
      : 'Each step is one second.'
  const time = `Time counts from the start of the load${endMs >= 120_000 ? ', in minutes and seconds' : ''}.`
  const tiers = 'The tiers leave out what waited for the load of another, and what no cache was asked for.'
  return `${step} A gap is a time without a figure. ${time} ${tiers}`
}
