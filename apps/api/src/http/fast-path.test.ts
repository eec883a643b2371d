/** The fast path answers as the application does, over real HTTP and a real cache. */

import { createServer, type RequestListener, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { getRequestListener } from '@hono/node-server'
import { createCache } from '@shop/cache'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { MemoryProducts } from '../../test/memory-products.ts'
import { RecordingLog } from '../../test/recording-log.ts'
import { createTestApp } from '../../test/test-app.ts'
import { cachedProducts } from '../products/cached-repository.ts'
import { fastPath } from './fast-path.ts'

const edge = { maxAgeS: 60 }
const log = new RecordingLog()
const lifecycle = { draining: false }
const cache = createCache({ name: 'test' })
const products = cachedProducts(new MemoryProducts(), cache, { log, loadTimeout: 1_000 })
const application = getRequestListener(createTestApp({ log, lifecycle, products, cache, edge }).app.fetch)
const answerEarly = fastPath({ log, lifecycle, edge, hit: products.hit })

let early = 0
const servers = {
  alone: createServer(application),
  both: createServer((request, response) => {
    if (answerEarly(request, response)) early++
    else application(request, response)
  }),
}

beforeAll(async () => {
  for (const server of Object.values(servers))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
})
afterAll(async () => {
  for (const server of Object.values(servers)) server.close()
  await cache.close()
})
beforeEach(async () => {
  await products.get(1)
  log.lines.length = 0
  early = 0
})

interface Asked {
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function ask(server: keyof typeof servers, { path = '/products/1', method = 'GET', headers = {} }: Asked) {
  const { port } = servers[server].address() as AddressInfo
  const { promise, resolve, reject } = Promise.withResolvers<Parameters<RequestListener>[0]>()
  send({ port, path, method, headers }, resolve).on('error', reject).end()
  const response = await promise
  const fields = Object.fromEntries(
    Object.entries(response.headers)
      // When, and with which time left, is of the instant; who asked without an id has a new one each time.
      .filter(([name]) => name !== 'date' && (name !== 'x-request-id' || 'x-request-id' in headers))
      .map(([name, value]) => [name, name === 'cache-status' ? String(value).replace(/ttl=\d+/, 'ttl') : value]),
  )
  const names = response.rawHeaders.filter((_, index) => index % 2 === 0).toSorted()
  return { status: response.statusCode, names, fields, body: await text(response) }
}

const { fields } = await (async () => {
  await products.get(1)
  const found = await products.represent(1)
  return { fields: { etag: `"${found?.hash}"` } }
})()

describe('what it answers is what the application answers', () => {
  test.each<[string, Asked]>([
    ['a product', {}],
    ['with the id of a request', { headers: { 'x-request-id': 'mine-1' } }],
    ['that the client has', { headers: { 'if-none-match': fields.etag } }],
    ['that the client has among others', { headers: { 'if-none-match': `W/"other", W/${fields.etag}` } }],
    ['that the client has in any form', { headers: { 'if-none-match': '*' } }],
    ['that the client has not', { headers: { 'if-none-match': '"other"' } }],
    ['with a condition that is none', { headers: { 'if-none-match': 'nonsense' } }],
    ['to someone with a token', { headers: { authorization: 'Bearer of-whoever' } }],
  ])('%s', async (_, asked) => {
    const expected = await ask('alone', asked)
    expect(await ask('both', asked)).toEqual(expected)
    expect(early).toBe(1)
  })
})

describe('what it leaves to the application', () => {
  test.each<[string, Asked]>([
    ['another method', { method: 'HEAD' }],
    ['a method that no route has', { method: 'DELETE' }],
    ['a query', { path: '/products/1?x=1' }],
    ['a path below', { path: '/products/1/stock' }],
    ['a list', { path: '/products' }],
    ['no id', { path: '/products/' }],
    ['an id that begins with a zero', { path: '/products/01' }],
    ['an id with a sign', { path: '/products/+1' }],
    ['an id that is none', { path: '/products/1e0' }],
    ['an id of 16 digits', { path: '/products/1000000000000000' }],
    ['a product that there is not', { path: '/products/999999' }],
  ])('%s', async (_, asked) => {
    const named = { ...asked, headers: { 'x-request-id': 'mine' } }
    // Twice, because what is not cached the first time is the second.
    await ask('alone', named)
    const expected = await ask('alone', named)
    expect(await ask('both', named)).toEqual(expected)
    expect(early).toBe(0)
  })

  test('every request while the process drains, so that its connection is closed', async () => {
    lifecycle.draining = true
    onTestFinished(() => {
      lifecycle.draining = false
    })
    expect((await ask('both', {})).fields.connection).toBe('close')
    expect(early).toBe(0)
  })
})

test('it is logged as the application logs it', async () => {
  const asked = { headers: { 'x-request-id': 'mine-2' } }
  await ask('alone', asked)
  await ask('both', asked)
  const [one, other] = log.lines.map(({ fields }) => ({ ...fields, duration_ms: 0, cache_status: '' }))
  expect(other).toEqual(one)
})

test('an id of a request that is none gets one', async () => {
  const { headers } = await fetch(`http://127.0.0.1:${(servers.both.address() as AddressInfo).port}/products/1`, {
    headers: { 'x-request-id': 'with a blank' },
  })
  expect(headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/)
  expect(early).toBe(1)
})

test('an invalidation ends it: the next request is loaded by the application', async () => {
  await cache.invalidateTags(['product:1'])
  expect((await ask('both', {})).fields['cache-status']).toContain('fwd=miss')
  expect(early).toBe(0)
  await ask('both', {})
  expect(early).toBe(1)
})
