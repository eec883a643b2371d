import { expect, test } from 'vitest'
import { DURATION_BOUNDS, RequestMetrics } from './metrics-requests.ts'

const SPAN = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }

function measured(...seconds: number[]) {
  const requests = new RequestMetrics()
  for (const each of seconds) requests.end(requests.begin('GET'), '/a', 200, each)
  return requests.series[0]
}

test.each([
  [0, 0],
  [0.000_1, 0],
  [0.000_100_1, 1],
  [0.5, 11],
  [10, DURATION_BOUNDS.length - 1],
  [10.1, DURATION_BOUNDS.length],
  [Number.POSITIVE_INFINITY, DURATION_BOUNDS.length],
])('%d s fall into bucket %d: a bound belongs to the bucket it ends', (seconds, bucket) => {
  expect(measured(seconds)?.counts.indexOf(1)).toBe(bucket)
})

test('the bounds rise from a tenth of a millisecond to ten seconds', () => {
  expect(DURATION_BOUNDS.toSorted((a, b) => a - b)).toEqual(DURATION_BOUNDS)
  expect([DURATION_BOUNDS[0], DURATION_BOUNDS.at(-1)]).toEqual([0.000_1, 10])
})

test('each method, route and status is a series of its own', () => {
  const requests = new RequestMetrics()
  for (const [method, route, status] of [
    ['GET', '/a', 200],
    ['GET', '/a', 404],
    ['GET', '/b', 200],
    ['PUT', '/a', 200],
    ['GET', undefined, 404],
    ['GET', '/a', 200],
  ] as const) {
    requests.end(requests.begin(method), route, status, 0.25)
  }
  expect(requests.series.map(({ method, route, status, sum }) => [method, route, status, sum])).toEqual([
    ['GET', '/a', 200, 0.5],
    ['GET', '/a', 404, 0.25],
    ['GET', '/b', 200, 0.25],
    ['GET', undefined, 404, 0.25],
    ['PUT', '/a', 200, 0.25],
  ])
})

test('a request is active from its begin to its end', () => {
  const requests = new RequestMetrics()
  const active = () => requests.methods.map(({ method, active }) => [method, active])
  const [first, second] = [requests.begin('GET'), requests.begin('GET')]
  requests.begin('PUT')
  expect(active()).toEqual([
    ['GET', 2],
    ['PUT', 1],
  ])
  requests.end(first, '/a', 200, 1)
  requests.end(second, '/a', 200, 1)
  expect(active()[0]).toEqual(['GET', 0])
})

test('a bucket remembers the last request with a span, and no other', () => {
  const requests = new RequestMetrics()
  const end = (seconds: number, span?: typeof SPAN) => requests.end(requests.begin('GET'), '/a', 200, seconds, span)
  end(0.3, { ...SPAN, spanId: 'c'.repeat(16) })
  end(0.4, SPAN)
  end(0.45)
  end(2)
  const exemplars = requests.series[0]?.exemplars.flatMap((exemplar, bucket) => (exemplar ? [[bucket, exemplar]] : []))
  expect(exemplars).toEqual([[11, { ...SPAN, value: 0.4, at: expect.any(Date) }]])
})

test('past 2 000 series requests are counted by their method alone', () => {
  const requests = new RequestMetrics()
  for (let n = 0; n < 2_500; n++) requests.end(requests.begin('GET'), `/${n}`, 200, 1)
  expect(requests.series).toHaveLength(2_001)
  expect(requests.series.find(({ route }) => route === undefined)).toMatchObject({ status: undefined, sum: 500 })
})
