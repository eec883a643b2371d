/** Where the example traces of a run go, with a real Jaeger where there is one. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findJaeger, type RecordedSpan, startJaeger } from '@shop/telemetry/testing'
import { expect, onTestFinished, test } from 'vitest'

import type { Run } from '../src/run-file.ts'
import { tracedRun } from '../src/traced-run.ts'
import { stampede } from './report-examples.ts'

const [RUN] = stampede().runs as [Run]
const TRACE = 'd993eb5624aeb9d55d3473407790dc1c'
const LOADER = { traceId: 'df52c82c902ffc13c0425f1e318314c3', spanId: 'b7ad6b7169203331' }

const request: RecordedSpan = {
  name: 'GET /products/{id}',
  kind: 'server',
  service: 'shop-api',
  traceId: TRACE,
  spanId: '00f067aa0ba902b7',
  parentSpanId: undefined,
  links: [],
  failed: false,
  startedAt: Date.now() * 1_000,
  duration: 1_500.25,
  attributes: { 'http.response.status_code': 200, 'shop.cache.age': 0.25, 'shop.cache.acknowledged': true },
  events: [{ name: 'shop.cache.remote_error', attributes: { 'error.type': 'timeout' } }],
}
const wait: RecordedSpan = {
  ...request,
  name: 'cache wait product',
  kind: 'internal',
  spanId: '00f067aa0ba902b8',
  parentSpanId: request.spanId,
  links: [LOADER],
  failed: true,
  attributes: { 'shop.cache.operation': 'wait' },
  events: [],
}

function options(env: Record<string, string> = {}) {
  const warnings: string[] = []
  const folder = mkdtempSync(join(tmpdir(), 'traced-run-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return { folder, env, warn: (text: string) => void warnings.push(text), warnings }
}

test('without a trace the run stays as it is', async () => {
  const given = options()
  expect(await tracedRun(RUN, [], given)).toBe(RUN)
  expect(() => readFileSync(join(given.folder, 'traces.json'))).toThrow('ENOENT')
})

test('nobody to deliver to: in the run and in a file, and no link that leads nowhere', async () => {
  const given = options()
  const run = await tracedRun(RUN, [request, wait], given)
  expect(run.traced).toBe(1)
  expect(run.traces?.map(({ label, url }) => [label, url])).toEqual([['slowest', undefined]])
  const file = JSON.parse(readFileSync(join(given.folder, 'traces.json'), 'utf8'))
  expect(file.resourceSpans[0].scopeSpans[0].spans).toHaveLength(2)
  expect(given.warnings).toEqual([])
})

test('a collector that does not answer is said, and costs the run nothing', async () => {
  const given = options({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })
  const run = await tracedRun(RUN, [request, wait], given)
  expect(run.traces?.[0]?.url).toBeUndefined()
  expect(given.warnings).toEqual([expect.stringContaining('http://127.0.0.1:1')])
})

const binary = findJaeger()
test.skipIf(binary === undefined)(
  'a real Jaeger takes them, and the link leads to what it shows (needs jaeger)',
  async () => {
    const jaeger = await startJaeger(binary as string)
    onTestFinished(() => jaeger.stop())
    const given = options({ OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.endpoint, JAEGER_URL: jaeger.url })
    const run = await tracedRun(RUN, [request, wait], given)
    expect(run.traces?.[0]?.url).toBe(`${jaeger.url}/trace/${TRACE}`)
    const shown = await jaeger.find('shop-api', (spans) => spans.length === 2)
    const byName = (name: string) => shown.find((span) => span.name === name)
    expect(byName(request.name)).toMatchObject({ kind: 'server', duration: 1_500, failed: false })
    expect(byName(request.name)?.attributes).toMatchObject(request.attributes)
    expect(byName(request.name)?.events).toEqual(request.events)
    expect(byName(wait.name)).toMatchObject({ parentSpanId: request.spanId, links: [LOADER], failed: true })
    // What a person opens by hand is transformed by Jaeger first.
    const opened = await fetch(`${jaeger.url}/api/transform`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: readFileSync(join(given.folder, 'traces.json')),
    })
    expect(((await opened.json()) as { data: { spans: unknown[] }[] }).data[0]?.spans).toHaveLength(2)
  },
)
