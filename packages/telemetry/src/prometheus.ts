/**
 * Metrics as text that Prometheus reads: its own format, version 0.0.4, and OpenMetrics 1.0.0, which alone carries
 * exemplars.
 *
 * Names follow OpenTelemetry's specification of the compatibility with Prometheus: other characters than letters, digits
 * and `:` become one `_`, the unit is the last word but one (`_seconds`, `_bytes`, `_ratio` for a gauge of unit 1, nothing
 * for `{request}`), and a counter ends with `_total`.
 *
 *     http.server.request.duration, s     http_server_request_duration_seconds_bucket{…,le="0.001"} 7
 *     shop.cache.reads, {read}, counter   shop_cache_reads_total{…} 12
 *
 * The SDK's own exporter writes no OpenMetrics and has no exemplars, and it opens a server of its own.
 *
 * One wrong line makes Prometheus refuse the whole scrape. So of two series with one name and the same labels the first
 * stays, as does the first of two metrics with one name and different kinds.
 */

import type { Attributes, AttributeValue } from '@opentelemetry/api'
import {
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics'
import type { Exemplar } from './metrics-requests.ts'

export type Format = 'text' | 'openmetrics'

/** One for each bucket, or none. */
export interface ExemplarPoint extends DataPoint<Histogram> {
  readonly exemplars: readonly (Exemplar | undefined)[]
}

type Kind = 'counter' | 'gauge' | 'histogram'

interface Family {
  readonly name: string
  readonly kind: Kind
  readonly unit: string | undefined
  readonly help: string
  /** By labels, so that none is there twice. */
  readonly samples: Map<string, readonly string[]>
}

const UNITS: Readonly<Record<string, string>> = { s: 'seconds', ms: 'milliseconds', By: 'bytes', '%': 'percent' }

export function serialize({ resource, scopeMetrics }: ResourceMetrics, format: Format): string {
  const families = new Map<string, Family>()
  for (const metric of scopeMetrics.flatMap((scope) => scope.metrics)) addMetric(families, metric, format)
  const lines = [
    ...targetLines(resource.attributes, format),
    ...[...families.values()].flatMap((family) => familyLines(family, format)),
    ...(format === 'openmetrics' ? ['# EOF'] : []),
  ]
  return `${lines.join('\n')}\n`
}

function addMetric(families: Map<string, Family>, metric: MetricData, format: Format): void {
  const kind = kindOf(metric)
  if (kind === undefined || metric.dataPoints.length === 0) return
  const { name, unit } = nameOf(metric.descriptor.name, metric.descriptor.unit, kind)
  const family = families.get(name) ?? { name, kind, unit, help: metric.descriptor.description, samples: new Map() }
  if (family.kind !== kind) return
  families.set(name, family)
  for (const point of metric.dataPoints) {
    const labels = labelsOf(point.attributes)
    const key = labels.join(',')
    if (!family.samples.has(key)) family.samples.set(key, samplesOf(family, labels, point, format))
  }
}

/** `undefined` for exponential histograms, which neither format has. */
function kindOf(metric: MetricData): Kind | undefined {
  if (metric.dataPointType === DataPointType.HISTOGRAM) return 'histogram'
  if (metric.dataPointType === DataPointType.GAUGE) return 'gauge'
  if (metric.dataPointType === DataPointType.SUM) return metric.isMonotonic ? 'counter' : 'gauge'
  return undefined
}

export type InstrumentKind = 'counter' | 'up-down counter' | 'gauge' | 'histogram'

/** How a metric is called in the text format. */
export function prometheusName(name: string, unit: string, kind: InstrumentKind): string {
  const family = nameOf(name, unit, kind === 'up-down counter' ? 'gauge' : kind).name
  return kind === 'counter' ? `${family}_total` : family
}

/** The name of the family: without the `_total` of a counter. */
function nameOf(name: string, unit: string, kind: Kind): { readonly name: string; readonly unit: string | undefined } {
  const plain = identifier(name).replace(/_total$/, '')
  const word = unitWord(unit, kind)
  if (word === undefined) return { name: plain, unit: undefined }
  return { name: plain.endsWith(`_${word}`) ? plain : `${plain}_${word}`, unit: word }
}

function unitWord(unit: string, kind: Kind): string | undefined {
  if (unit === '' || /^\{.*\}$/.test(unit)) return undefined
  if (unit === '1') return kind === 'gauge' ? 'ratio' : undefined
  return UNITS[unit] ?? identifier(unit)
}

function identifier(text: string): string {
  const plain = text.replaceAll(/[^A-Za-z0-9:]+/g, '_').replace(/^_+|_+$/g, '')
  return /^(\d|$)/.test(plain) ? `_${plain}` : plain
}

function samplesOf(
  { name, kind }: Family,
  labels: readonly string[],
  point: DataPoint<unknown>,
  format: Format,
): readonly string[] {
  if (kind === 'histogram') return histogramLines(name, labels, point as DataPoint<Histogram>, format)
  return [`${kind === 'counter' ? `${name}_total` : name}${braced(labels)} ${numeral(point.value as number)}`]
}

/** Buckets are cumulative, and the last counts everything. */
function histogramLines(
  name: string,
  labels: readonly string[],
  point: DataPoint<Histogram> & Partial<ExemplarPoint>,
  format: Format,
): readonly string[] {
  const { buckets, count, sum } = point.value
  let total = 0
  const lines = buckets.counts.map((own, bucket) => {
    total += own
    const bound = bucket < buckets.boundaries.length ? boundOf(buckets.boundaries[bucket], format) : '+Inf'
    const exemplar = format === 'openmetrics' ? exemplarOf(point.exemplars?.[bucket]) : ''
    return `${name}_bucket${braced([...labels, `le="${bound}"`])} ${total}${exemplar}`
  })
  // A histogram of negative values has no sum in either format, and none of ours has one.
  return [...lines, `${name}_sum${braced(labels)} ${numeral(sum ?? 0)}`, `${name}_count${braced(labels)} ${count}`]
}

/** OpenMetrics wants a decimal point, so that one bound is always written in one way. */
function boundOf(bound = Number.POSITIVE_INFINITY, format: Format): string {
  return format === 'openmetrics' && Number.isInteger(bound) ? `${bound}.0` : `${bound}`
}

/** Its labels count 63 of the 128 characters that OpenMetrics allows. */
function exemplarOf(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return ''
  const { traceId, spanId, value, at } = exemplar
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${numeral(value)} ${at.getTime() / 1_000}`
}

function familyLines({ name, kind, unit, help, samples }: Family, format: Format): string[] {
  const full = kind === 'counter' && format === 'text' ? `${name}_total` : name
  return [
    `# TYPE ${full} ${kind}`,
    ...(unit !== undefined && format === 'openmetrics' ? [`# UNIT ${full} ${unit}`] : []),
    ...(help === '' ? [] : [`# HELP ${full} ${escaped(help, format === 'openmetrics')}`]),
    ...[...samples.values()].flat(),
  ]
}

/** What the process says of itself stands in one metric, not in the labels of each. */
function targetLines(attributes: Attributes, format: Format): string[] {
  const type = format === 'openmetrics' ? '# TYPE target info' : '# TYPE target_info gauge'
  return [type, `target_info${braced(labelsOf(attributes))} 1`]
}

/** Two attributes that become one label are joined, as the specification asks. */
function labelsOf(attributes: Attributes): readonly string[] {
  const labels = new Map<string, string>()
  for (const [name, value] of Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (value === undefined) continue
    const label = identifier(name).replaceAll(':', '_')
    const known = labels.get(label)
    labels.set(label, known === undefined ? textOf(value) : `${known};${textOf(value)}`)
  }
  return [...labels].map(([label, text]) => `${label}="${escaped(text, true)}"`)
}

function textOf(value: AttributeValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function braced(labels: readonly string[]): string {
  return labels.length === 0 ? '' : `{${labels.join(',')}}`
}

function escaped(text: string, quotes: boolean): string {
  const plain = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return quotes ? plain.replaceAll('"', '\\"') : plain
}

function numeral(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
