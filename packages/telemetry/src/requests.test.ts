import { context, trace } from '@opentelemetry/api'
import { Hono } from 'hono'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RecordedSpan } from './recorded-span.ts'
import { type Recording, recordSpans } from './recording.ts'
import { openApiPattern, traceRequests } from './requests.ts'
import { serverAttributes } from './server-span.ts'

let recording: Recording
beforeEach(() => {
  recording = recordSpans()
})
afterEach(() => recording.stop())

function shop(): Hono {
  const app = new Hono()
  app.get('/livez', (c) => c.text('ok'))
  app.use(traceRequests())
  app.use('/admin/*', async (c, next) => (c.req.header('authorization') ? next() : c.text('who are you?', 401)))
  app.get('/products/:id{[0-9]+}', (c) => (c.req.param('id') === '404' ? c.text('none', 404) : c.json({ id: 1 })))
  app.put('/admin/products/:id', (c) => c.text('ok'))
  app.get('/old/*', (_, next) => next())
  app.get('/old/:id', (c) => c.text('ok'))
  app.get('/broken', () => {
    throw new RangeError('card 4111 1111 1111 1111')
  })
  app.get('/unavailable', (c) => c.text('later', 503))
  app.get('/active', (c) => c.json(trace.getSpan(context.active())?.spanContext() ?? null))
  return app
}

async function spanOf(path: string, init?: RequestInit): Promise<RecordedSpan> {
  await shop().request(`http://shop.test:8080${path}`, init)
  const [span, ...more] = recording.spans()
  expect(more).toEqual([])
  if (span === undefined) throw new Error('no span')
  return span
}

test('a request is one SERVER span named after its route', async () => {
  const span = await spanOf('/products/42?q=secret', { headers: { host: 'shop.test:8080' } })
  expect(span).toMatchObject({ name: 'GET /products/{id}', kind: 'server', parentSpanId: undefined, failed: false })
  expect(span.attributes).toEqual({
    'http.request.method': 'GET',
    'http.route': '/products/{id}',
    'http.response.status_code': 200,
    'url.path': '/products/{id}',
    'url.scheme': 'http',
    'server.address': 'shop.test',
    'server.port': 8080,
  })
})

test('neither the parameter of a path nor any part of a query string is recorded', async () => {
  expect(JSON.stringify(await spanOf('/products/4711?token=hunter2').then(({ attributes }) => attributes))).not.toMatch(
    /4711|hunter2|token/,
  )
})

test('a product that does not exist still has a route, a path nobody serves has none', async () => {
  expect((await spanOf('/products/404')).attributes).toMatchObject({
    'http.route': '/products/{id}',
    'http.response.status_code': 404,
  })
  recording.clear()
  const unknown = await spanOf('/wp-login.php')
  expect(unknown.name).toBe('GET')
  expect(unknown.failed).toBe(false)
  expect(unknown.attributes).not.toHaveProperty('http.route')
  expect(JSON.stringify(unknown.attributes)).not.toContain('wp-login')
})

test('a request that middleware turned away is named after the route it wanted', async () => {
  const span = await spanOf('/admin/products/1', { method: 'PUT' })
  expect(span).toMatchObject({ name: 'PUT /admin/products/{id}', failed: false })
  expect(span.attributes['http.response.status_code']).toBe(401)
})

test('a handler that passes the request on is not its route', async () => {
  expect((await spanOf('/old/7')).name).toBe('GET /old/{id}')
})

test('an exception is an error by its type, without its message', async () => {
  const app = shop()
  app.onError((_, c) => c.text('sorry', 500))
  await app.request('/broken')
  const [span] = recording.spans()
  expect(span).toMatchObject({
    failed: true,
    attributes: { 'http.response.status_code': 500, 'error.type': 'RangeError' },
  })
  expect(JSON.stringify(span)).not.toContain('4111')
})

test('something thrown that is no Error ends the span as a 500', async () => {
  const app = new Hono()
  app.use(traceRequests())
  app.get('/odd', () => Promise.reject('text'))
  await expect(app.request('/odd')).rejects.toBe('text')
  expect(recording.spans()).toMatchObject([{ name: 'GET /odd', failed: true, attributes: { 'error.type': '500' } }])
})

test('an answer of 503 is an error by its status', async () => {
  expect(await spanOf('/unavailable')).toMatchObject({ failed: true, attributes: { 'error.type': '503' } })
})

test('the span is the active one while the handler runs', async () => {
  const response = await shop().request('/active')
  const { spanId } = (await response.json()) as { spanId: string }
  expect(recording.spans()[0]?.spanId).toBe(spanId)
})

test("a caller's traceparent makes the request part of the caller's trace", async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  expect(await spanOf('/products/1', { headers: { traceparent } })).toMatchObject({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    parentSpanId: 'b7ad6b7169203331',
  })
})

test('a caller that does not sample is followed, a traceparent that is none is not', async () => {
  await shop().request('/products/1', {
    headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' },
  })
  expect(recording.spans()).toEqual([])
  expect((await spanOf('/products/1', { headers: { traceparent: 'nonsense' } })).parentSpanId).toBeUndefined()
})

test('a method made up by the client does not make a span name', async () => {
  const span = await spanOf('/products/1', { method: 'BREW' })
  expect(span.name).toBe('HTTP')
  expect(span.attributes).toMatchObject({ 'http.request.method': '_OTHER', 'http.request.method_original': 'BREW' })
})

test('a route before the middleware is not traced', async () => {
  await shop().request('/livez')
  expect(recording.spans()).toEqual([])
})

test.each([
  ['/products', '/products'],
  ['/products/:id', '/products/{id}'],
  ['/products/:id{[0-9]+}/price', '/products/{id}/price'],
  ['/c/:slug{[a-z]{2,40}}', '/c/{slug}'],
  ['/:a/:b?', '/{a}/{b}'],
])('the pattern %s is %s in OpenAPI', (hono, openApi) => {
  expect(openApiPattern(hono)).toBe(openApi)
})

test.each([
  [undefined, {}],
  ['', {}],
  ['shop.test', { 'server.address': 'shop.test' }],
  ['shop.test:443', { 'server.address': 'shop.test', 'server.port': 443 }],
  ['[::1]:3000', { 'server.address': '::1', 'server.port': 3000 }],
  ['a:b:c', {}],
])('the Host header %j gives %j', (host, attributes) => {
  expect(serverAttributes(host)).toEqual(attributes)
})
