import { metrics, type ObservableCallback, trace } from '@opentelemetry/api'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { observePools } from './metrics-pools.ts'
import { currentRequestMetrics, RequestMetrics } from './metrics-requests.ts'
import { startMetrics } from './metrics-sdk.ts'
import { type ReadFamily, readExposition } from './read-exposition.ts'
import { recordSpans } from './recording.ts'
import { traceRequests } from './requests.ts'
import { startTelemetry } from './telemetry.ts'

function start() {
  const telemetry = startTelemetry({ serviceName: 'shop-test' })
  onTestFinished(() => telemetry.shutdown())
  const { metrics } = telemetry
  if (metrics === undefined) throw new Error('there are none')
  return metrics
}

const values = (families: ReadonlyMap<string, ReadFamily>, family: string) =>
  families.get(family)?.samples.map(({ name, labels, value }) => [...labels.values(), name, value].join(' '))

test('metrics need no collector', async () => {
  const text = await start().scrape('text')
  expect(text).toContain('target_info{')
  expect(text).toContain('service_name="shop-test"')
  expect(text).not.toMatch(/process_(owner|command)/)
})

test('metrics that are switched off are not there, and nothing is counted', () => {
  expect(startTelemetry({ serviceName: 'shop-test', metrics: false }).metrics).toBeUndefined()
  expect(currentRequestMetrics()).toBeUndefined()
})

test('what the process says is there from the start', async () => {
  const families = readExposition(await start().scrape('text'), 'text')
  const first = (family: string) => families.get(family)?.samples[0]?.value ?? Number.NaN
  expect(first('process_memory_usage_bytes')).toBeGreaterThan(1e7)
  expect(first('process_uptime_seconds')).toBeGreaterThan(0)
  expect(first('process_cpu_time_seconds_total')).toBeGreaterThan(0)
  expect(first('nodejs_eventloop_delay_p99_seconds')).toBeLessThan(60)
  expect(first('nodejs_eventloop_utilization_ratio')).toBeLessThanOrEqual(1)
  const heap = families.get('v8js_memory_heap_used_bytes')?.samples.reduce((sum, { value }) => sum + value, 0) ?? 0
  expect(heap).toBeGreaterThan(1e6)
  expect(heap).toBeLessThan(first('process_memory_usage_bytes') * 2)
})

test('scrapes at one time ask once', async () => {
  const source = start()
  let asked = 0
  const observe: ObservableCallback = async (result) => {
    asked++
    result.observe(asked)
  }
  metrics.getMeter('test').createObservableGauge('asked').addCallback(observe)
  const texts = await Promise.all([source.scrape('text'), source.scrape('openmetrics'), source.scrape('text')])
  expect(texts.map((text) => /^asked (\d)$/m.exec(text)?.[1])).toEqual(['1', '1', '1'])
  expect(await source.scrape('text')).toMatch(/^asked 2$/m)
})

test('a value that never comes is left out, and so is one that cannot be had', async () => {
  const source = start()
  const meter = metrics.getMeter('test')
  meter.createObservableGauge('hangs').addCallback(() => new Promise(() => undefined))
  meter.createObservableGauge('throws').addCallback(() => {
    throw new Error('no')
  })
  meter.createObservableGauge('there').addCallback((result) => result.observe(7))
  const text = await source.scrape('text')
  expect(text).toMatch(/^there 7$/m)
  expect(text).not.toMatch(/hangs|throws/)
})

test('durations of the shop have bounds from a tenth of a millisecond to five minutes', async () => {
  const source = startMetrics('shop-test', new RequestMetrics())
  onTestFinished(() => source.shutdown())
  metrics.getMeter('test').createHistogram('shop.test.duration', { unit: 's' }).record(0.000_2)
  const bounds = readExposition(await source.scrape('text'), 'text')
    .get('shop_test_duration_seconds')
    ?.samples.flatMap(({ labels }) => labels.get('le') ?? [])
  expect([bounds?.[0], bounds?.at(-2), bounds?.at(-1)]).toEqual(['0.0001', '300', '+Inf'])
})

test('a request is counted by its route, and one that goes on is active', async () => {
  const source = start()
  const gate = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  const app = new Hono()
  app.use(traceRequests())
  app.get('/held/:id', async (c) => {
    reached.resolve()
    await gate.promise
    return c.text('ok')
  })
  app.get('/broken', () => Promise.reject('text'))

  const held = app.request('/held/1?q=secret')
  await reached.promise
  expect(values(readExposition(await source.scrape('text'), 'text'), 'http_server_active_requests')).toEqual([
    'GET http_server_active_requests 1',
  ])
  gate.resolve()
  await held
  await app.request('/wp-login.php', { method: 'BREW' })
  await Promise.resolve(app.request('/broken')).catch(() => undefined)
  const families = readExposition(await source.scrape('text'), 'text')
  expect(values(families, 'http_server_active_requests')?.every((line) => line.endsWith(' 0'))).toBe(true)
  expect(
    values(families, 'http_server_request_duration_seconds')
      ?.filter((line) => line.includes('_count'))
      .sort(),
  ).toEqual([
    'GET 200 /held/{id} http_server_request_duration_seconds_count 1',
    'GET 500 /broken http_server_request_duration_seconds_count 1',
    '_OTHER 404 http_server_request_duration_seconds_count 1',
  ])
})

test('a sampled request is the exemplar of its bucket, and so is a kept one; another is not', async () => {
  const source = start()
  const app = new Hono()
  app.use(traceRequests())
  app.get('/a', (c) => c.text(trace.getActiveSpan()?.spanContext().spanId ?? 'none'))
  app.get('/b', (c) => c.text('later', 503))

  const exemplars = async () =>
    [
      ...(readExposition(await source.scrape('openmetrics'), 'openmetrics').get('http_server_request_duration_seconds')
        ?.samples ?? []),
    ].flatMap(({ labels, exemplar }) =>
      exemplar ? [`${labels.get('http_route')} ${exemplar.labels.get('span_id')}`] : [],
    )
  const unsampled = recordSpans({ sampleRatio: 0 })
  await app.request('/a')
  expect(await exemplars()).toEqual([])
  await app.request('/b')
  const [kept] = unsampled.spans()
  expect(await exemplars()).toEqual([`/b ${kept?.spanId}`])
  await unsampled.stop()

  const sampled = recordSpans()
  onTestFinished(() => sampled.stop())
  const id = await (await app.request('/a')).text()
  expect((await exemplars()).sort()).toEqual([`/a ${id}`, `/b ${kept?.spanId}`])
})

test('a pool is shown as it is when it is asked for', async () => {
  const source = start()
  let used = 1
  observePools(() => [{ name: 'db', max: 10, used, waiting: 3 }])
  const count = async () => values(readExposition(await source.scrape('text'), 'text'), 'db_client_connection_count')
  expect(await count()).toEqual(['db used db_client_connection_count 1'])
  used = 9
  expect(await count()).toEqual(['db used db_client_connection_count 9'])
})
