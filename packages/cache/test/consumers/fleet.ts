/** A user in strict TypeScript of everything there is: Redis, a Hono application, spans, and the means to test. */

import assert from 'node:assert/strict'

import { type CacheEvent, createCache } from '@shop/cache'
import { cacheStatus } from '@shop/cache/hono'
import { otel } from '@shop/cache/otel'
import { type RedisOptions, redis } from '@shop/cache/redis'
import { GatedLoad, ManualClock } from '@shop/cache/testing'
import { Hono } from 'hono'

interface Product {
  readonly id: number
  readonly name: string
}

function label(event: CacheEvent): string {
  switch (event.type) {
    case 'read':
      return `read ${event.outcome}`
    case 'load':
      return `load ${event.stored}`
    default:
      return event.type
  }
}

const shared: RedisOptions = { url: process.env.REDIS_URL ?? '', commandTimeout: 5_000 }
const labels: string[] = []
const cache = createCache({
  name: `consumer-${process.pid}`,
  redis: redis(shared),
  hooks: otel(),
  onEvent: (event) => labels.push(label(event)),
})
const product = cache.resource({
  name: 'product',
  version: 1,
  ttl: 60_000,
  key: (id: number) => [id],
  load: async (id): Promise<Product | undefined> => (id === 1 ? { id, name: 'Lamp' } : undefined),
  tagsOf: ({ name }) => [`name:${name}`],
})
assert.equal(await cache.ready({ timeout: 10_000 }), true)

const app = new Hono()
app.use(cacheStatus({ name: 'shop' }))
app.get('/products/:id', async (c) => {
  const found = await product.get(Number(c.req.param('id')))
  return found ? c.json(found) : c.notFound()
})
const first = await app.request('/products/1')
assert.deepEqual(await first.json(), { id: 1, name: 'Lamp' })
assert.match(first.headers.get('cache-status') ?? '', /^shop; fwd=miss; stored/)
const second = await app.request('/products/1')
assert.match(second.headers.get('cache-status') ?? '', /^shop; hit; ttl=\d+; detail=memory$/)
assert.ok(labels.includes('load shared'))
await cache.close()

const clock = new ManualClock()
const gate = new GatedLoad<number, Product>()
const tested = createCache({ name: 'test', clock })
const gated = tested.resource({
  name: 'product',
  version: 1,
  ttl: 1_000,
  jitter: 0,
  key: (id: number) => [id],
  load: gate.load,
})
const reading = gated.get(1)
await gate.called(1)
gate.resolve(0, { id: 1, name: 'Lamp' })
assert.deepEqual(await reading, { id: 1, name: 'Lamp' })
await clock.advance(1_000)
assert.equal(gated.peek(1), undefined)
await tested.close()
