import { describe, expect, test } from 'vitest'

import { AnswerLog } from '../src/answers.ts'
import { readMetrics } from '../src/api-metrics.ts'
import { growthOf } from '../src/endurance.ts'
import { recoveryOf } from '../src/fault-scenario.ts'
import { countsAgree, fewArrivalsAreDropped, generatorOf, noVisitFails } from '../src/promises.ts'
import type { Second } from '../src/run-file.ts'
import type { Sample } from '../src/sampler.ts'
import { type Observed, runOf } from '../src/timeline.ts'

function logOf(...lines: readonly string[]): AnswerLog {
  const log = new AnswerLog()
  for (const line of lines) log.read(line)
  return log
}

const sample = (atMs: number, more: Partial<Sample> = {}): Sample => ({
  atMs,
  queries: 2,
  cpuApi: 0.5,
  cpuGenerator: 0.4,
  memoryMiB: 90,
  activeVUs: 7,
  served: 2,
  ...more,
})

const log = logOf(
  'start 10000',
  '10100 2.50 200 memory 0 17:1999,18:250',
  '10200 7.50 200 load 1',
  '11100 4.00 404 bypass 2',
  '11900 900.00 !503 bypass 3',
)

const observed: Observed = {
  startedAt: log.startedAt,
  paths: ['/products/17', '/products/18'],
  planned: 4,
  answers: log.answers,
  samples: [sample(1_000), sample(2_000)],
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
      ...{ cpuApi: 0.5, heapMiB: 90, activeVUs: 7 },
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
    const fewer = { ...observed, samples: [sample(1_000), sample(2_000, { served: 1 })] }
    expect(countsAgree(run, fewer).map(({ kept }) => kept)).toEqual([true, false])
  })

  test('an API that does not count is not asked', () => {
    const silent = { ...observed, samples: [sample(1_000, { served: undefined })] }
    expect(countsAgree(run, silent)).toHaveLength(1)
  })

  test('what was repeated elsewhere is one visit', () => {
    const figures = [{ values: { http_reqs: { count: 6 }, visits_repeated: { count: 2 } }, thresholds: [] }]
    expect(countsAgree(run, { ...observed, figures })[0]?.kept).toBe(true)
  })

  test('a generator that takes half of the machine is the bottleneck', () => {
    expect(generatorOf(run, observed)).toMatchObject({ cpuShare: 0.4 })
    const greedy = { ...observed, samples: [sample(1_000, { cpuGenerator: 1_000 })] }
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

describe('recovery', () => {
  const answer = (askedAt: number, tookMs: number) => logOf(`${askedAt} ${tookMs} 200 memory 0`).answers[0]
  const every = (from: number, to: number, tookMs: number) =>
    Array.from({ length: (to - from) / 50 }, (_, i) => answer(from + i * 50, tookMs)).filter((one) => one !== undefined)

  test('is at once when nothing was slow', () => {
    expect(recoveryOf(every(0, 3_000, 5), 1_000, 20)).toBe(0)
  })

  test('is when the slow part is over, not at the first good moment in it', () => {
    const answers = [
      ...every(1_000, 1_500, 90),
      ...every(1_500, 1_750, 5),
      ...every(1_750, 2_000, 90),
      ...every(2_000, 4_000, 5),
    ]
    expect(recoveryOf(answers, 1_000, 20)).toBe(1_000)
  })

  test('never comes when it stays slow', () => {
    expect(recoveryOf(every(1_000, 4_000, 90), 1_000, 20)).toBeUndefined()
  })
})

describe('the memory of a long run', () => {
  const seconds = (memory: readonly number[]) =>
    memory.map(
      (heapMiB, i): Second => ({
        ...{ atMs: i * 1_000, requests: 1, failed: 0, p50: 1, p95: 1, p99: 1 },
        ...{ queries: 0, memory: 1, redis: 0, load: 0, stale: 0, heapMiB },
      }),
    )

  test('that goes up and down by its garbage does not grow', () => {
    expect(growthOf({ seconds: seconds([50, 80, 90, 120, 90, 120, 90, 130]) })).toBe(1)
  })

  test('that keeps something grows', () => {
    expect(growthOf({ seconds: seconds([50, 80, 90, 120, 130, 160, 170, 200]) })).toBeGreaterThan(1.3)
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
  ].join('\n')
  expect(readMetrics(text)).toEqual({ served: 15, heapMiB: 2 })
  expect(readMetrics('')).toEqual({ served: undefined, heapMiB: undefined })
})
