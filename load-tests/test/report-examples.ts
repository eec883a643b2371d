/**
 * Files of runs as a load test writes them, made up by rule: the same on every machine and at every call.
 *
 * `flashSale` is a protected run with three controls, a price change and a fault; `stampede` lasts one second; `broken` is
 * one in which Redis dies and the promises with it.
 */

import type { Run, RunFile, Second } from '../src/run-file.ts'

export const HEADER = {
  scenario: 'flash-sale',
  title: 'A flash sale while Redis freezes',
  question: 'Does the shop stay quick and right when everybody comes for one product, and Redis freezes under it?',
  workload:
    '200 visitors per second look around for 30 s, then 2 000 per second come for one product in the same instant; its price drops in the middle, and Redis stands still for 8 s.',
  expectation: 'p99 under 50 ms, no failed request, 97 % of answers without a load of their own, 92 % fewer queries.',
  size: 'laptop',
  command: 'npm run load -- flash-sale --size laptop --control',
  startedAt: '2026-11-21T08:09:12.000Z',
  commit: { id: '5952433a1b2c', changed: false },
  machine: { processor: 'AMD EPYC', cores: 2, memoryGiB: 24, system: 'linux 6.18.44' },
  versions: { node: '24.21.0', postgres: '18.4', redis: '7.0.15', k6: '1.8.1' },
  generator: { cpuShare: 0.71, bottleneck: false },
} as const satisfies Partial<RunFile>

interface Nature {
  readonly name: string
  readonly queriesPerRequest: number
  readonly p50: number
  readonly tiers: readonly [memory: number, redis: number, load: number, stale: number]
  /** What a fault between 55 s and 63 s multiplies latencies with, and the share of requests it fails. */
  readonly fault: { readonly slower: number; readonly fails: number }
}

const NATURES: readonly Nature[] = [
  {
    name: 'with the cache',
    queriesPerRequest: 0.011,
    p50: 0.9,
    tiers: [0.9, 0.085, 0.01, 0.005],
    fault: { slower: 4, fails: 0 },
  },
  { name: 'cache off', queriesPerRequest: 1.04, p50: 41, tiers: [0, 0, 0, 0], fault: { slower: 1, fails: 0 } },
  {
    name: 'naive get/set',
    queriesPerRequest: 0.16,
    p50: 3.1,
    tiers: [0, 0.86, 0.14, 0],
    fault: { slower: 60, fails: 0.31 },
  },
  {
    name: 'single flight only',
    queriesPerRequest: 0.42,
    p50: 12,
    tiers: [0, 0, 0.4, 0],
    fault: { slower: 1, fails: 0 },
  },
]

/** Numbers between 0 and 1 that look like chance (mulberry32). */
function chanceFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function flashSale(length = 90): RunFile {
  const runs = NATURES.map((nature, index) => runOf(nature, index + 1, length))
  return {
    ...HEADER,
    kept: true,
    conclusion:
      'Ten times the visitors and a frozen Redis: no request failed, and the database saw 99 % fewer queries.',
    judgements: [
      judgement('with the cache', 'no request fails', '= 0', '0'),
      judgement('with the cache', 'answers are quick (p99)', '< 50 ms', '14.2 ms'),
      judgement('with the cache', 'answers need no load of their own', '≥ 97 %', '99.0 %'),
      judgement('with the cache', 'the database is spared, against the cache off', '≥ 92 %', '98.9 %'),
      judgement('with the cache', '1 000 units are sold exactly, and the money adds up', '= 1 000', '1 000'),
      judgement('with the cache', 'the generator drops no arrival', '= 0', '0'),
      judgement('control: cache off', 'the same load is seen by the database', '> 0.5 per request', '1.04'),
    ],
    runs,
  }
}

/** 2 000 visitors, one instant, one second. */
export function stampede(): RunFile {
  const second = { atMs: 0, requests: 2_000, failed: 0, p50: 31, p95: 44, p99: 47 }
  const of = (name: string, queries: number, hits: Partial<Run['hits']>): Run => ({
    name,
    events: [],
    seconds: [{ ...second, queries, memory: 0, redis: 0, load: hits.load ?? 0, stale: 0 }],
    latency: { p50: 31, p95: 44, p99: 47, p999: 48.2, max: 48.9 },
    ...{ requests: 2_000, failed: 0, dropped: 0, queries },
    hits: { memory: 0, redis: 0, load: 0, collapsed: 0, stale: 0, bypass: 0, ...hits },
  })
  return {
    ...HEADER,
    ...{ scenario: 'stampede', title: 'Stampede', size: 'smoke', kept: true },
    generator: { cpuShare: 0.98, bottleneck: true, note: 'Latencies are those of a starved k6.' },
    commit: { id: '5952433a1b2c', changed: true },
    conclusion: '2 000 visitors: one query with the cache, 2 000 without.',
    judgements: [judgement('with the cache', 'Postgres sees one query for the product', '= 1', '1')],
    runs: [of('with the cache', 1, { load: 1, collapsed: 1_999 }), of('cache off', 2_000, { bypass: 2_000 })],
  }
}

/** Redis is killed and the shop does not hold. */
export function broken(): RunFile {
  const run = runOf({ ...NATURES[2], name: 'with the cache' } as Nature, 9, 90)
  return {
    ...HEADER,
    ...{ scenario: 'redis-down', title: 'Redis is killed under traffic', kept: false },
    conclusion: 'The shop has not kept its promises: requests failed while Redis was away.',
    judgements: [
      { ...judgement('with the cache', 'no request fails', '= 0', String(run.failed)), kept: false },
      {
        ...judgement('with the cache', 'answers are quick while Redis is away (p99)', '< 50 ms', '812.4 ms'),
        kept: false,
      },
      judgement('with the cache', 'the shop recovers within', '< 5 s', '1.2 s'),
    ],
    runs: [run],
  }
}

function judgement(run: string, promise: string, threshold: string, measured: string) {
  return { run, promise, threshold, measured, kept: true }
}

function runOf(nature: Nature, seed: number, length: number): Run {
  const chance = chanceFrom(seed)
  const seconds = Array.from({ length }, (_, index) => secondOf(nature, index, length, chance))
  const sum = (of: (second: Second) => number) => seconds.reduce((total, second) => total + of(second), 0)
  const worst = seconds.reduce((most, { p99 }) => Math.max(most, p99), 0)
  const at = (share: number) => Math.round(length * share) * 1_000
  const isProtected = nature.name === 'with the cache'
  return {
    name: nature.name,
    events: [
      { atMs: at(30 / 90), label: 'the sale begins', kind: 'phase' },
      { atMs: at(42 / 90), label: 'price drop', kind: 'change' },
      { atMs: at(55 / 90), label: 'Redis frozen', kind: 'fault' },
      { atMs: at(63 / 90), label: 'Redis goes on', kind: 'recovery' },
      { atMs: at(80 / 90), label: 'sold out', kind: 'phase' },
    ],
    seconds,
    latency: { p50: nature.p50, p95: nature.p50 * 4, p99: nature.p50 * 9, p999: worst * 0.9, max: worst * 1.4 },
    requests: sum(({ requests }) => requests),
    failed: sum(({ failed }) => failed),
    dropped: isProtected ? 0 : Math.round(sum(({ requests }) => requests) * 0.004),
    queries: sum(({ queries }) => queries),
    hits: {
      memory: sum(({ memory }) => memory),
      redis: sum(({ redis }) => redis),
      load: sum(({ load }) => load),
      collapsed: isProtected ? 1_204 : nature.name === 'single flight only' ? 65_214 : 0,
      stale: sum(({ stale }) => stale),
      bypass: nature.tiers[2] === 0 ? sum(({ requests }) => requests) : 812,
    },
    ...(isProtected && { staleness: stalenessOf(chance), traces: TRACES }),
    extra: [{ label: 'units sold', value: nature.name === 'naive get/set' ? '987' : '1 000' }],
  }
}

function secondOf(
  { p50, queriesPerRequest, tiers, fault }: Nature,
  index: number,
  length: number,
  chance: () => number,
): Second {
  const at = (index / length) * 90
  const isFault = at >= 55 && at < 63
  const arrivals = at < 30 ? 200 : at < 80 ? 2_000 : 600
  const requests = Math.round(arrivals * (0.97 + chance() * 0.06))
  const failed = isFault ? Math.round(requests * fault.fails * (0.8 + chance() * 0.4)) : 0
  const cold = at < 6 ? 6 - at : 0
  const slow = (isFault ? fault.slower : 1) * (arrivals > 1_000 ? 1.6 : 1) * (0.9 + chance() * 0.25) * (1 + cold * 0.5)
  const [memory, redis, load, stale] = tiers.map((share) => Math.round(share * requests))
  const moved = isFault && tiers[0] > 0 ? (redis ?? 0) : 0
  const loads = Math.round((load ?? 0) * (1 + cold * 6))
  return {
    ...{ atMs: index * 1_000, requests, failed },
    p50: p50 * slow,
    p95: p50 * slow * (3.4 + chance()),
    p99: p50 * slow * (7 + chance() * 4),
    queries: Math.round(queriesPerRequest * requests * (1 + cold * 6) * (0.9 + chance() * 0.2)),
    memory: Math.max(0, (memory ?? 0) - (loads - (load ?? 0))),
    redis: (redis ?? 0) - moved,
    load: loads,
    stale: (stale ?? 0) + moved,
    cpuApi: Math.min(2, 0.1 + (requests / 2_000) * (0.6 + p50 / 60)),
    cpuGenerator: 0.1 + (requests / 2_000) * 0.6,
    heapMiB: 88 + (index % 17) * 2.2 + chance() * 4,
  }
}

function stalenessOf(chance: () => number): NonNullable<Run['staleness']> {
  const bounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]
  const weights = [0, 12, 148, 530, 231, 62, 11, 5, 1, 0]
  const buckets = bounds.map((upToMs, index) => {
    const weight = weights[index] ?? 0
    return { upToMs, count: weight === 0 ? 0 : weight + Math.floor(chance() * 3) }
  })
  return { buckets, p50: 7.3, p99: 64, max: 214 }
}

const span = (service: string, name: string, depth: number, startMs: number, durationMs: number) => {
  return { service, name, depth, startMs, durationMs }
}

const TRACES: NonNullable<Run['traces']> = [
  {
    label: 'slowest',
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    url: 'http://127.0.0.1:16686/trace/4bf92f3577b34da6a3ce929d0e0e4736',
    durationMs: 61.2,
    spans: [
      span('shop-api', 'GET /products/{id}', 0, 0, 61.2),
      span('shop-api', 'cache get product', 1, 0.4, 60.1),
      span('shop-api', 'cache lookup', 2, 0.5, 1.2),
      span('shop-api', 'GET', 3, 0.6, 0.9),
      span('shop-api', 'cache lease', 2, 1.9, 0.8),
      span('shop-api', 'cache load product', 2, 2.9, 56.3),
      span('shop-api', 'SELECT products JOIN categories ON products.category_id = categories.id', 3, 4.1, 54.2),
      span('shop-api', 'cache store', 2, 59.4, 1),
    ],
  },
  {
    label: 'a follower',
    traceId: '5bf92f3577b34da6a3ce929d0e0e4736',
    url: 'http://127.0.0.1:16686/trace/5bf92f3577b34da6a3ce929d0e0e4736',
    durationMs: 48.1,
    spans: [
      span('shop-api', 'GET /products/{id}', 0, 0, 48.1),
      span('shop-api', 'cache get product', 1, 0.3, 47.4),
      span('shop-api', 'cache wait', 2, 0.6, 46.9),
    ],
  },
  {
    label: 'the loader',
    traceId: '6bf92f3577b34da6a3ce929d0e0e4736',
    url: 'http://127.0.0.1:16686/trace/6bf92f3577b34da6a3ce929d0e0e4736',
    durationMs: 52.8,
  },
]
