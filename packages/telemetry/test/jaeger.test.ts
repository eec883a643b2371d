/** Spans sent to a real Jaeger over OTLP and read back through its query API. Skipped where there is no Jaeger. */

import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { startTelemetry, traceQuery, traceRequests } from '../src/index.ts'
import { findJaeger, startJaeger } from '../src/jaeger.ts'
import { drawTraces } from '../src/recorded-span.ts'

const binary = findJaeger()
if (binary === undefined) console.log('skipped: no Jaeger. Put `jaeger` on the PATH or name it in JAEGER.')

test.skipIf(binary === undefined)('a request and its statement are one trace in Jaeger', async ({ onTestFinished }) => {
  const jaeger = await startJaeger(binary ?? '')
  onTestFinished(() => jaeger.stop())
  const telemetry = startTelemetry({ serviceName: 'shop-test', endpoint: jaeger.endpoint })

  const app = new Hono()
  app.use(traceRequests())
  app.get('/products/:id', async (c) => {
    await traceQuery({ statement: 'select * from products where id = $1' }, async () => [{}])
    return c.text('ok')
  })
  await app.request('/products/7')
  await telemetry.shutdown()

  const spans = await jaeger.find('shop-test', (trace) => trace.length === 2)
  expect(drawTraces(spans)).toBe('GET /products/{id}\n  SELECT products')
  expect(spans.map(({ kind }) => kind).toSorted()).toEqual(['client', 'server'])
  expect(spans.find(({ kind }) => kind === 'server')?.attributes).toMatchObject({
    'http.route': '/products/{id}',
    'http.response.status_code': 200,
  })
})
