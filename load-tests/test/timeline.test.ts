import { describe, expect, test } from 'vitest'

import { AnswerLog } from '../src/answers.ts'
import { readMetrics } from '../src/api-metrics.ts'
import { memoryDoesNotGrow } from '../src/endurance.ts'
import { countsAgree, fewArrivalsAreDropped, generatorOf, noVisitFails } from '../src/promises.ts'
import type { Second } from '../src/run-file.ts'
import { type Observed, runOf } from '../src/timeline.ts'
import { brokenIn, sampleOf } from './observed.ts'

function logOf(...lines: readonly string[]): AnswerLog {
  const log = new AnswerLog()
  for (const line of lines) log.read(line)
  return log
}

const log = logOf(
  'start 10000',
  '10100 2.50 200 memory 0 17:1999,18:250',
  '10200 7.50 200 load 1',
  '11100 4.00 404 bypass 2',
  '11900 900.00 !503 bypass 3',
)

const observed: Observed = {
  startedAt: log.startedAt,
  isOwnShop: true,
  paths: ['/products/17', '/products/18'],
  planned: 4,
  answers: log.answers,
  samples: [sampleOf(1_000), sampleOf(2_000)],
  events: [],
  figures: [{ values: { http_reqs: { count: 4 }, dropped_iterations: { count: 0 } }, thresholds: [] }],
}

test('a line of k6 is read with all it says', () => {
  expect(log.answers[0]).toEqual({
    askedAt: 10_100,
    tookMs: 2.5,
    status: 200,
    isExpected: true,
    source: 'memory',
    turn: 0,
    prices: [
      { id: 17, amount: 1_999 },
      { id: 18, amount: 250 },
    ],
  })
  expect(log.answers[3]).toMatchObject({ status: 503, isExpected: false, prices: [] })
})

test('of several generators the first begins the load', async () => {
  const both = logOf('start 5', 'start 9')
  expect(both.startedAt).toBe(5)
  expect(await both.started).toBe(5)
})

describe('a run', () => {
  const run = runOf('with the cache', observed)

  test('has its answers by second, beside what was sampled in it', () => {
    expect(run.seconds).toHaveLength(2)
    expect(run.seconds[0]).toMatchObject({
      ...{ atMs: 0, requests: 2, failed: 0, p50: 2.5, p99: 7.5, queries: 2, memory: 1, load: 1 },
      ...{ cpuApi: 0.5, heapMiB: 90, residentMiB: 200, activeVUs: 7 },
    })
    expect(run.seconds[1]).toMatchObject({ requests: 2, failed: 1, p50: 4 })
  })

  test('counts what failed apart, and its time not at all', () => {
    expect(run).toMatchObject({ requests: 4, failed: 1, queries: 4, latency: { max: 7.5 } })
    expect(run.hits).toEqual({ memory: 1, redis: 0, load: 1, collapsed: 0, stale: 0, bypass: 2 })
  })

  test('a failed visit breaks the promise and is named', () => {
    expect(noVisitFails(run, observed)).toMatchObject({ kept: false, measured: '1, such as 503 of /products/18' })
  })

  test('a run without an answer has kept nothing', () => {
    const empty = { ...observed, answers: [] }
    expect(noVisitFails(runOf('', empty), empty).kept).toBe(false)
  })

  test('a dropped arrival breaks the promise, whoever counted it', () => {
    expect(fewArrivalsAreDropped(run, observed, 'laptop').kept).toBe(true)
    expect(fewArrivalsAreDropped({ ...run, dropped: 1 }, observed, 'laptop').kept).toBe(false)
    const thresholds = [{ metric: 'dropped_iterations', threshold: 'count<=0', kept: false }]
    const crossed = { ...observed, figures: [{ values: {}, thresholds }] }
    expect(fewArrivalsAreDropped(run, crossed, 'laptop').kept).toBe(false)
  })

  test('at smoke some may be dropped, and no more', () => {
    const planned = { ...observed, planned: 100 }
    expect(fewArrivalsAreDropped({ ...run, dropped: 10 }, planned, 'smoke').kept).toBe(true)
    expect(fewArrivalsAreDropped({ ...run, dropped: 11 }, planned, 'smoke').kept).toBe(false)
  })

  test('counts that are more than a hundredth apart do not agree', () => {
    expect(countsAgree(run, observed).map(({ kept }) => kept)).toEqual([true, true])
    const fewer = { ...observed, samples: [sampleOf(1_000), sampleOf(2_000, { served: 1 })] }
    expect(countsAgree(run, fewer).map(({ kept }) => kept)).toEqual([true, false])
  })

  test('an API of our own that does not count breaks the promise, one of somebody else is not asked', () => {
    const silent = { ...observed, samples: [sampleOf(1_000, { served: undefined })] }
    expect(countsAgree(run, silent).map(({ kept }) => kept)).toEqual([true, false])
    expect(countsAgree(run, { ...silent, isOwnShop: false }).map(({ kept }) => kept)).toEqual([true])
  })

  test('what was repeated elsewhere is one visit', () => {
    const figures = [{ values: { http_reqs: { count: 6 }, visits_repeated: { count: 2 } }, thresholds: [] }]
    expect(countsAgree(run, { ...observed, figures })[0]?.kept).toBe(true)
  })

  test('a generator that takes half of the machine is the bottleneck', () => {
    expect(generatorOf(run, observed)).toMatchObject({ cpuShare: 0.4 })
    const greedy = { ...observed, samples: [sampleOf(1_000, { cpuGenerator: 1_000 })] }
    expect(generatorOf(run, greedy)).toMatchObject({ bottleneck: true })
    expect(generatorOf(run, observed).bottleneck).toBe(false)
  })

  test('so is one that did not begin what was planned', () => {
    expect(generatorOf(run, { ...observed, planned: 5 })).toMatchObject({
      bottleneck: true,
      note: expect.stringContaining('never began 1 of 5 visits'),
    })
    expect(generatorOf({ ...run, dropped: 1 }, { ...observed, planned: 5 }).bottleneck).toBe(false)
  })
})

describe('the memory of a long run', () => {
  const steady = [50, 80, 90, 120, 90, 120, 90, 130]
  const growing = [50, 80, 90, 120, 130, 160, 170, 200]
  const seconds = (heap: readonly (number | undefined)[], resident: readonly (number | undefined)[] = heap) =>
    heap.map((heapMiB, i): Second => {
      const residentMiB = resident[i]
      return {
        ...{ atMs: i * 1_000, requests: 1, failed: 0, p50: 1, p95: 1, p99: 1 },
        ...{ queries: 0, memory: 1, redis: 0, load: 0, stale: 0 },
        ...(heapMiB !== undefined && { heapMiB }),
        ...(residentMiB !== undefined && { residentMiB }),
      }
    })
  const brokenOf = (...memory: Parameters<typeof seconds>) =>
    brokenIn(memoryDoesNotGrow({ seconds: seconds(...memory) }))

  test('that goes up and down by its garbage does not grow', () => {
    expect(brokenOf(steady)).toEqual([])
  })

  test('that keeps something grows', () => {
    expect(brokenOf(growing, steady)).toEqual(['the heap in the last quarter, of the third'])
  })

  test('that keeps something beside the heap grows too', () => {
    expect(brokenOf(steady, growing)).toEqual(['the resident memory in the last quarter, of the third'])
  })

  test('that is not known of a second is not nothing in it', () => {
    expect(brokenOf([50, 80, 90, 120, 130, 160, undefined, 200])).toHaveLength(2)
  })

  test('that is not known at all keeps no promise', () => {
    const unknown = steady.map(() => undefined)
    expect(memoryDoesNotGrow({ seconds: seconds(unknown) })).toMatchObject([
      { measured: 'unknown', kept: false },
      { measured: 'unknown', kept: false },
    ])
  })
})

test('of the metrics of the API those of visitors are counted, exemplars or not', () => {
  const text = [
    '# TYPE http_server_request_duration_seconds histogram',
    'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/products/{id}"} 12',
    'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/products"} 3 # {trace_id="a"} 1',
    'http_server_request_duration_seconds_count{http_request_method="PUT",http_route="/products/{id}/price"} 5',
    'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/readyz"} 9',
    'v8js_memory_heap_used_bytes{v8js_heap_space_name="old_space"} 1048576',
    'v8js_memory_heap_used_bytes{v8js_heap_space_name="new_space"} 1048576',
    'process_memory_usage_bytes 104857600',
  ].join('\n')
  expect(readMetrics(text)).toEqual({ served: 15, heapMiB: 2, residentMiB: 100 })
  expect(readMetrics('')).toEqual({ served: undefined, heapMiB: undefined, residentMiB: undefined })
})
