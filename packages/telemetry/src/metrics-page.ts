/**
 * Holds `docs/metrics.md` against what there is: for tests.
 *
 * The page has a table for each group of metrics, and a row for each metric. What there is, is known from two sides:
 * which instruments were made, by standing between the code and the SDK, and what a scrape shows.
 */

import { type Meter, type MeterProvider, metrics } from '@opentelemetry/api'
import { type InstrumentKind, prometheusName } from './prometheus.ts'
import type { ReadFamily } from './read-exposition.ts'

/** A row of the page, or an instrument. */
export interface DescribedMetric {
  readonly name: string
  readonly kind: InstrumentKind
  readonly unit: string
}

export interface MetricsRow extends DescribedMetric {
  /** The heading above its table. */
  readonly group: string
  readonly inPrometheus: string
  readonly attributes: readonly string[]
}

const ROW =
  /^\| `([a-z0-9_.]+)`<br>`([a-z0-9_]+)` \| (counter|up-down counter|gauge|histogram), ([^ |]+) \|([^|]*)\| [^|]+ \|$/

/** Throws for a row of a table of metrics that it cannot read. */
export function readMetricsPage(markdown: string): readonly MetricsRow[] {
  let group = ''
  const rows: MetricsRow[] = []
  for (const line of markdown.split('\n')) {
    if (line.startsWith('## ')) group = line.slice(3)
    if (!/^\| `[a-z0-9_.]+`<br>/.test(line)) continue
    const [, name = '', inPrometheus = '', kind, unit = '', attributes = ''] = ROW.exec(line) ?? []
    if (kind === undefined) throw new Error(`Not the row of a metric: ${line}`)
    rows.push({
      group,
      name,
      inPrometheus,
      kind: kind as InstrumentKind,
      unit,
      attributes: [...attributes.matchAll(/`([^`]+)`/g)].map(([, attribute = '']) => attribute),
    })
  }
  return rows
}

const MAKERS: Readonly<Record<string, InstrumentKind>> = {
  createCounter: 'counter',
  createObservableCounter: 'counter',
  createUpDownCounter: 'up-down counter',
  createObservableUpDownCounter: 'up-down counter',
  createGauge: 'gauge',
  createObservableGauge: 'gauge',
  createHistogram: 'histogram',
}

export interface InstrumentRecording {
  made(): readonly DescribedMetric[]
}

/** Notes every instrument that is made from now on, until the metrics are shut down. */
export function recordInstruments(): InstrumentRecording {
  const made = new Map<string, DescribedMetric>()
  const provider = metrics.getMeterProvider()
  const noting: MeterProvider = {
    getMeter: (...args) =>
      new Proxy(provider.getMeter(...args), {
        get(meter, key) {
          const value = meter[key as keyof Meter] as unknown
          if (typeof value !== 'function') return value
          return (name: unknown, ...rest: unknown[]) => {
            const kind = MAKERS[String(key)]
            const { unit = '' } = (rest[0] ?? {}) as { readonly unit?: string }
            if (kind) made.set(String(name), { name: String(name), kind, unit })
            return value.call(meter, name, ...rest)
          }
        },
      }),
  }
  metrics.disable()
  metrics.setGlobalMeterProvider(noting)
  return { made: () => [...made.values()] }
}

/** What of the rows and of what there is does not agree, one line each. */
export function differences(
  rows: readonly MetricsRow[],
  made: readonly DescribedMetric[],
  scraped: ReadonlyMap<string, ReadFamily>,
): readonly string[] {
  const byName = new Map(rows.map((row) => [row.name, row]))
  const byFamily = new Map(rows.map((row) => [row.inPrometheus, row]))
  const known = new Set(made.map(({ name }) => name))
  return [
    ...made.flatMap(({ name, kind, unit }) => {
      const row = byName.get(name)
      if (row === undefined) return [`${name}, ${kind}, ${unit} is not on the page`]
      return row.kind === kind && row.unit === unit ? [] : [`${name} is ${kind}, ${unit}, and the page says otherwise`]
    }),
    ...rows.flatMap(({ name, kind, unit, inPrometheus }) => [
      ...(known.has(name) || scraped.has(inPrometheus) ? [] : [`${name} is on the page and nowhere else`]),
      ...(inPrometheus === prometheusName(name, unit, kind) ? [] : [`${name} is not ${inPrometheus} in Prometheus`]),
    ]),
    ...[...scraped].flatMap(([family, { samples }]) => {
      const row = byFamily.get(family)
      if (row === undefined) return family === 'target_info' ? [] : [`${family} is scraped and not on the page`]
      const labels = new Set(samples.flatMap((sample) => [...sample.labels.keys()]))
      const documented = row.attributes.map((attribute) => attribute.replaceAll('.', '_'))
      return [...labels]
        .filter((label) => label !== 'le' && !documented.includes(label))
        .map((label) => `${row.name} has the attribute ${label}, which the page does not name`)
    }),
  ]
}
