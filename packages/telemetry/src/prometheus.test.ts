import { type HrTime, ValueType } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics'
import { expect, test } from 'vitest'
import { type ExemplarPoint, type Format, serialize } from './prometheus.ts'
import { readExposition } from './read-exposition.ts'

const at: { startTime: HrTime; endTime: HrTime } = { startTime: [0, 0], endTime: [1, 0] }

interface Described {
  readonly unit?: string
  readonly description?: string
}

function described(name: string, { unit = '', description = '' }: Described = {}) {
  return {
    descriptor: { name, unit, description, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
}

type Point = readonly [value: number, attributes?: Record<string, string | number | boolean | string[]>]

const points = (all: readonly Point[]) => all.map(([value, attributes = {}]) => ({ ...at, value, attributes }))

const gauge = (name: string, rest: Described, ...all: Point[]): MetricData => ({
  ...described(name, rest),
  dataPointType: DataPointType.GAUGE,
  dataPoints: points(all),
})

const sum = (name: string, isMonotonic: boolean, rest: Described, ...all: Point[]): MetricData => ({
  ...described(name, rest),
  dataPointType: DataPointType.SUM,
  isMonotonic,
  dataPoints: points(all),
})

function histogram(counts: readonly number[], exemplars: ExemplarPoint['exemplars'] = []): MetricData {
  const value = { buckets: { boundaries: [0.001, 1, 10], counts: [...counts] }, count: 6, sum: 1.5 }
  const point: ExemplarPoint = { ...at, attributes: { 'http.route': '/a' }, value, exemplars }
  return { ...described('took', { unit: 's' }), dataPointType: DataPointType.HISTOGRAM, dataPoints: [point] }
}

function write(format: Format, ...metrics: MetricData[]): string {
  const resource = resourceFromAttributes({ 'service.name': 'shop-test' })
  return serialize({ resource, scopeMetrics: [{ scope: { name: 'test' }, metrics }] }, format)
}

/** Without what the process says of itself. */
const lines = (text: string) => text.split('\n').filter((line) => line !== '' && !line.includes('target'))

test.each([
  ['http.server.request.duration', 's', 'http_server_request_duration_seconds'],
  ['process.memory.usage', 'By', 'process_memory_usage_bytes'],
  ['loop.utilization', '1', 'loop_utilization_ratio'],
  ['pool.size', '{connection}', 'pool_size'],
  ['queue..depth-now', '', 'queue_depth_now'],
  ['age_seconds', 's', 'age_seconds'],
  ['99.percent', 'furlong', '_99_percent_furlong'],
])('the gauge %s in %j is %s', (name, unit, expected) => {
  expect(lines(write('text', gauge(name, { unit }, [1])))).toEqual([`# TYPE ${expected} gauge`, `${expected} 1`])
})

test('a counter ends with _total; only its samples do in OpenMetrics', () => {
  const reads = sum('shop.cache.reads', true, { unit: '{read}', description: 'Reads' }, [12])
  expect(lines(write('text', reads))).toEqual([
    '# TYPE shop_cache_reads_total counter',
    '# HELP shop_cache_reads_total Reads',
    'shop_cache_reads_total 12',
  ])
  expect(lines(write('openmetrics', reads))).toEqual([
    '# TYPE shop_cache_reads counter',
    '# HELP shop_cache_reads Reads',
    'shop_cache_reads_total 12',
    '# EOF',
  ])
})

test('a counter of seconds has its unit before _total, and one that may fall is a gauge', () => {
  expect(lines(write('openmetrics', sum('cpu.time', true, { unit: 's' }, [1.5])))).toEqual([
    '# TYPE cpu_time_seconds counter',
    '# UNIT cpu_time_seconds seconds',
    'cpu_time_seconds_total 1.5',
    '# EOF',
  ])
  expect(lines(write('text', sum('active', false, { unit: '{request}' }, [3])))).toEqual([
    '# TYPE active gauge',
    'active 3',
  ])
})

test('buckets are cumulative, and the last is the count', () => {
  expect(lines(write('text', histogram([1, 2, 0, 3])))).toEqual([
    '# TYPE took_seconds histogram',
    'took_seconds_bucket{http_route="/a",le="0.001"} 1',
    'took_seconds_bucket{http_route="/a",le="1"} 3',
    'took_seconds_bucket{http_route="/a",le="10"} 3',
    'took_seconds_bucket{http_route="/a",le="+Inf"} 6',
    'took_seconds_sum{http_route="/a"} 1.5',
    'took_seconds_count{http_route="/a"} 6',
  ])
})

test('an exemplar stands at its bucket, in OpenMetrics alone', () => {
  const exemplar = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), value: 0.5, at: new Date(1_500) }
  const took = histogram([1, 2, 0, 3], [undefined, exemplar])
  expect(lines(write('openmetrics', took))).toContain(
    `took_seconds_bucket{http_route="/a",le="1.0"} 3 # {trace_id="${'a'.repeat(32)}",span_id="${'b'.repeat(16)}"} 0.5 1.5`,
  )
  expect(write('openmetrics', took).match(/ # \{/g)).toHaveLength(1)
  expect(write('text', took)).not.toContain('trace_id')
})

test('values of labels are escaped, and so is help', () => {
  const odd = gauge('odd', { description: 'a "b"\\\nc' }, [
    1,
    { 'a.b': 'say "hi" \\ \n', n: 2, yes: true, all: ['x', 'y'] },
  ])
  expect(lines(write('text', odd))).toEqual([
    '# TYPE odd gauge',
    '# HELP odd a "b"\\\\\\nc',
    'odd{a_b="say \\"hi\\" \\\\ \\n",all="[\\"x\\",\\"y\\"]",n="2",yes="true"} 1',
  ])
  expect(write('openmetrics', odd)).toContain('# HELP odd a \\"b\\"\\\\\\nc')
})

test('two attributes that become one label are joined', () => {
  expect(lines(write('text', gauge('g', {}, [1, { 'a.b': 'x', 'a-b': 'y' }])))).toContain('g{a_b="y;x"} 1')
})

test('what is no finite number is written as the formats want it', () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e21]
  const text = write('text', gauge('g', {}, ...values.map((value, n): Point => [value, { n }])))
  expect(lines(text).slice(1)).toEqual(['g{n="0"} NaN', 'g{n="1"} +Inf', 'g{n="2"} -Inf', 'g{n="3"} 1e+21'])
})

test('of two series with the same labels the first stays, and of two kinds under one name', () => {
  const text = write(
    'text',
    gauge('g', {}, [1, { a: 'x' }]),
    gauge('g', {}, [2, { a: 'x' }], [3, { a: 'y' }]),
    sum('g', false, {}, [4, { a: 'z' }]),
    histogram([1, 2, 0, 3]),
    gauge('took', { unit: 's' }, [5]),
  )
  expect(lines(text).filter((line) => /^g/.test(line))).toEqual(['g{a="x"} 1', 'g{a="y"} 3', 'g{a="z"} 4'])
  expect(text).not.toContain('took_seconds 5')
})

test('an instrument without a value has no line', () => {
  expect(lines(write('text', gauge('g', { description: 'never seen' })))).toEqual([])
})

test('the process is described once, and OpenMetrics ends by saying so', () => {
  expect(write('text')).toBe('# TYPE target_info gauge\ntarget_info{service_name="shop-test"} 1\n')
  expect(write('openmetrics')).toBe('# TYPE target info\ntarget_info{service_name="shop-test"} 1\n# EOF\n')
})

test.each([
  ['text', ['target_info', 'odd', 'cpu_time_seconds_total', 'took_seconds']],
  ['openmetrics', ['target', 'odd', 'cpu_time_seconds', 'took_seconds']],
] as const)('a reader of the rules finds nothing wrong with it as %s', (format, names) => {
  const exemplar = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), value: 0.5, at: new Date(1_500) }
  const text = write(
    format,
    gauge('odd', { description: 'a "b"\\\nc' }, [Number.NaN, { 'a.b': 'say "hi" \\ \n', é: '}' }]),
    sum('cpu.time', true, { unit: 's' }, [1.5, { mode: 'user' }], [2, { mode: 'system' }]),
    histogram([1, 2, 0, 3], [undefined, exemplar, exemplar]),
  )
  expect([...readExposition(text, format).keys()]).toEqual(names)
})

test.each([
  ['the last line has no end', '# EOF'],
  ['no type', 'a 1\n# EOF\n'],
  ['no sample', '# TYPE a gauge\na{b=c} 1\n# EOF\n'],
  ['not end with', '# TYPE a gauge\na 1\n'],
  ['another family', '# TYPE a counter\na 1\n# EOF\n'],
  ['series is there twice', '# TYPE a gauge\na{b="1"} 1\na{b="1"} 2\n# EOF\n'],
  ['in two places', '# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\n# EOF\n'],
  ['not in the name', '# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n'],
  ['buckets fall', '# TYPE a histogram\na_bucket{le="1.0"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n# EOF\n'],
  ['the count', '# TYPE a histogram\na_bucket{le="+Inf"} 2\na_sum 1\na_count 1\n# EOF\n'],
  ['an exemplar', '# TYPE a gauge\na 1 # {t="x"} 1 1\n# EOF\n'],
])('the reader of the rules knows when it is broken: %s', (problem, text) => {
  expect(() => readExposition(text, 'openmetrics')).toThrow(problem)
})
