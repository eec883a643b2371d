import type { RecordedSpan } from '@shop/telemetry/testing'
import { expect, test } from 'vitest'

import { exampleTraces } from '../src/example-traces.ts'

let ids = 0

interface Given {
  readonly operation?: string
  readonly durationMs?: number
  readonly links?: readonly RecordedSpan[]
  readonly attributes?: Readonly<Record<string, unknown>>
}

function span(parent: RecordedSpan | undefined, name: string, given: Given = {}): RecordedSpan {
  const { operation, durationMs = 1, links = [], attributes = {} } = given
  const id = String(++ids)
  return {
    name,
    kind: name.startsWith('GET ') ? 'server' : 'internal',
    service: 'shop-api',
    traceId: parent?.traceId ?? `trace of ${id}`,
    spanId: id,
    parentSpanId: parent?.spanId,
    links: links.map(({ traceId, spanId }) => ({ traceId, spanId })),
    failed: false,
    startedAt: 1_000_000 + ids * 1_000,
    duration: durationMs * 1_000,
    attributes: { ...attributes, ...(operation && { 'shop.cache.operation': operation }) },
    events: [],
  }
}

function loading(durationMs: number) {
  const root = span(undefined, 'GET /products/{id}', { durationMs })
  const load = span(root, 'cache load product', { operation: 'load', durationMs })
  const select = span(load, 'SELECT products', { attributes: { 'db.system.name': 'postgresql' } })
  return { root, load, spans: [root, load, select] }
}

function waiting(durationMs: number, load: RecordedSpan) {
  const root = span(undefined, 'GET /products/{id}', { durationMs })
  return { root, spans: [root, span(root, 'cache wait product', { operation: 'wait', links: [load] })] }
}

const labels = (spans: readonly RecordedSpan[]) =>
  exampleTraces(spans).traces.map(({ label, traceId }) => [label, traceId])

test('the slowest, one who waited, and the load that was waited for', () => {
  const slowest = span(undefined, 'GET /search', { durationMs: 900 })
  const [another, loader] = [loading(300), loading(200)]
  const [first, second] = [waiting(150, loader.load), waiting(190, loader.load)]
  const all = [slowest, ...another.spans, ...loader.spans, ...first.spans, ...second.spans]
  expect(labels(all)).toEqual([
    ['slowest', slowest.traceId],
    ['a follower', second.root.traceId],
    ['the loader', loader.root.traceId],
  ])
  const { spans, among } = exampleTraces(all)
  expect(among).toBe(5)
  expect(new Set(spans)).toEqual(new Set([slowest, ...loader.spans, ...second.spans]))
})

test('where the slowest is one who waited, the follower is another', () => {
  const loader = loading(200)
  const [first, second] = [waiting(250, loader.load), waiting(240, loader.load)]
  expect(labels([...loader.spans, ...first.spans, ...second.spans])).toEqual([
    ['slowest', first.root.traceId],
    ['a follower', second.root.traceId],
    ['the loader', loader.root.traceId],
  ])
})

test('a follower of a load that was not recorded stands beside the longest load that was', () => {
  const slowest = span(undefined, 'GET /search', { durationMs: 900 })
  const [unseen, short, long] = [loading(50), loading(20), loading(30)]
  const follower = waiting(45, unseen.load)
  expect(labels([slowest, ...short.spans, ...long.spans, ...follower.spans])).toEqual([
    ['slowest', slowest.traceId],
    ['a follower', follower.root.traceId],
    ['the loader', long.root.traceId],
  ])
})

test('parts of a trace, jobs and what was kept without its steps are no examples', () => {
  const { spans } = loading(100)
  const kept = span(undefined, 'GET /products', { durationMs: 5_000, attributes: { 'shop.kept': 'slow' } })
  const job = span(undefined, 'outbox relay', { durationMs: 5_000 })
  const { root, spans: torn } = loading(100)
  const parts = [root, ...torn.slice(2)] // What joined them was dropped.
  expect(exampleTraces([...spans.slice(1), ...parts, kept, job])).toEqual({ traces: [], spans: [], among: 0 })
})

test('spans are drawn from the begin of the request, below what they are part of, by where they ran', () => {
  const { root, spans } = loading(100)
  const [trace] = exampleTraces(spans).traces
  expect(trace).toMatchObject({ traceId: root.traceId, durationMs: 100 })
  expect(trace?.spans?.map(({ name, service, depth, startMs }) => [name, service, depth, startMs])).toEqual([
    ['GET /products/{id}', 'shop-api', 0, 0],
    ['cache load product', 'shop-api', 1, 1],
    ['SELECT products', 'postgresql', 2, 2],
  ])
})
