/**
 * The six moments of `docs/traces.md`, each made to happen in a running shop and found again among what it exported.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { createCache } from '@shop/cache'
import { redis } from '@shop/cache/redis'
import type { Sql } from '@shop/db'
import { type Collector, type RecordedSpan, rootsOf } from '@shop/telemetry/testing'

import { cachedAggregates } from '../apps/api/src/aggregates/cached-repository.ts'

const VISITORS = 20
/** How long the statement of the stampede is held: about as long as a database in trouble takes. */
const HELD_MS = 60

/** What finds the trace in Jaeger. The operation is the name of a span, and the tags are attributes of that very span. */
export interface JaegerQuery {
  readonly service: string
  readonly operation: string
  readonly tags?: Readonly<Record<string, string>>
}

export interface Moment {
  readonly name: string
  readonly title: string
  readonly queries: readonly JaegerQuery[]
  /** Of one trace, or of the few that belong together. */
  readonly spans: readonly RecordedSpan[]
}

export interface TracedShop {
  readonly collector: Collector
  readonly sql: Sql
  readonly redisUrl: string
  readonly adminToken: string
  /** Two processes of the API. */
  readonly urls: readonly [string, string]
  /** Active products that nobody has asked for. */
  readonly products: readonly [number, number, number, number]
  /** The slug of a category that has facets. */
  readonly category: string
  stopRedis(): Promise<void>
}

/** One after the other, Redis last, because it does not come back. */
export const MOMENTS: readonly ((shop: TracedShop) => Promise<Moment>)[] = [
  cold,
  hit,
  stampede,
  stale,
  price,
  redisDown,
]

async function cold({ collector, urls, products }: TracedShop): Promise<Moment> {
  await get(`${urls[0]}/products/${products[0]}`)
  return {
    name: 'cold',
    title: 'A cold read: from the request to the row, and back into both tiers',
    queries: [{ service: 'shop-api', operation: 'cache get product', tags: { 'shop.cache.outcome': 'miss' } }],
    spans: await collector.find(isEnded('GET /products/{id}', 'cache store product')),
  }
}

async function hit({ collector, urls, products }: TracedShop): Promise<Moment> {
  await get(`${urls[0]}/products/${products[0]}`)
  const memory = await collector.find(isEnded('GET /products/{id}'))
  collector.clear()
  await get(`${urls[1]}/products/${products[1]}`)
  await get(`${urls[0]}/products/${products[1]}`)
  const fromRedis = await collector.find(
    (spans) => isEnded('cache get product')(spans) && !isEnded('cache load product')(spans),
  )
  return {
    name: 'hit',
    title: 'A hit in memory, and one in Redis',
    queries: [
      { service: 'shop-api', operation: 'GET /products/{id}', tags: { 'shop.cache.tier': 'memory' } },
      {
        service: 'shop-api',
        operation: 'cache get product',
        tags: { 'shop.cache.outcome': 'hit', 'shop.cache.tier': 'redis' },
      },
    ],
    spans: [...memory, ...fromRedis],
  }
}

async function stampede({ collector, sql, urls, products }: TracedShop): Promise<Moment> {
  const locked = Promise.withResolvers<void>()
  const holding = sql.begin(async (tx) => {
    await tx`lock table products in access exclusive mode`
    locked.resolve()
    await delay(HELD_MS)
  })
  await locked.promise
  // The second process first, so that the first one, whose traces are shown, is the one that waits for another.
  const path = `/products/${products[2]}`
  const first = get(`${urls[1]}${path}`)
  await delay(HELD_MS / 6)
  const others = urls.flatMap((url) => Array.from({ length: VISITORS }, () => get(`${url}${path}`)))
  await Promise.all([holding, first, ...others])

  const loader = await collector.find(isEnded('GET /products/{id}', 'cache load product', 'cache store product'))
  const load = loader.find(({ name }) => name === 'cache load product')
  const waited = (service: string) => (spans: readonly RecordedSpan[]) =>
    isEnded('GET /products/{id}')(spans) &&
    spans.some((span) => span.service === service && span.name === 'cache wait product' && span.links.length > 0)
  const elsewhere = await collector.find(
    (spans) =>
      waited('shop-api')(spans) && spans.some(({ links }) => links.some(({ spanId }) => spanId === load?.spanId)),
  )
  const beside = await collector.find(waited('shop-api-2'))
  return {
    name: 'stampede',
    title: `${2 * VISITORS + 1} visitors at once: one load, one who waits for it in the same process, one in the other`,
    queries: [
      { service: 'shop-api', operation: 'cache wait product' },
      { service: 'shop-api', operation: 'cache get product', tags: { 'shop.cache.outcome': 'collapsed' } },
    ],
    spans: [...loader, ...beside, ...elsewhere],
  }
}

async function stale({ collector, urls, category, redisUrl }: TracedShop): Promise<Moment> {
  const path = `${urls[0]}/categories/${category}/facets`
  await get(path)
  await expireFacets(redisUrl, category)
  collector.clear()
  await get(path)
  const isReload = isEnded('cache reload facets', 'cache store facets')
  const reload = await collector.find(isReload)
  const [origin] = rootsOf(reload).flatMap(({ links }) => links)
  const request = await collector.find((spans) => spans[0]?.traceId === origin?.traceId)
  return {
    name: 'stale',
    title: 'A stale value is served at once; its reload is a trace of its own',
    queries: [
      { service: 'shop-api', operation: 'GET /categories/{slug}/facets', tags: { 'shop.cache.outcome': 'stale' } },
      { service: 'shop-api', operation: 'cache reload facets' },
    ],
    spans: [...request, ...reload],
  }
}

/** What ten minutes would do: says, as another process of the shop may, that the value is past its ttl. */
async function expireFacets(redisUrl: string, category: string): Promise<void> {
  const cache = createCache({ name: 'shop', redis: redis({ url: redisUrl }) })
  try {
    if (!(await cache.ready({ timeout: 5_000 }))) throw new Error('The cache does not reach Redis.')
    const unused = () => Promise.reject(new Error('Nothing is loaded here.'))
    const source = { facets: unused, bestSellers: unused, related: unused, ratings: unused }
    cachedAggregates(source, cache, { loadTimeout: 5_000 })
    const facets = cache.resources.get('facets') as unknown as { expire(slug: string): Promise<boolean> }
    if (!(await facets.expire(category))) throw new Error('Redis was not told that a value is stale.')
  } finally {
    await cache.close()
  }
}

async function price({ collector, urls, products, adminToken }: TracedShop): Promise<Moment> {
  await Promise.all(urls.map((url) => get(`${url}/products/${products[1]}`)))
  collector.clear()
  const response = await fetch(`${urls[0]}/products/${products[1]}/price`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ amount: 1_999, currency: 'EUR' }),
  })
  if (!response.ok) throw new Error(`A price change was answered with ${response.status}.`)
  const isEverywhere = (spans: readonly RecordedSpan[]) =>
    new Set(spans.filter(({ name }) => name === 'cache apply').map(({ service }) => service)).size === 3 &&
    spans.filter(({ name }) => name === 'edge purge').length === 2
  return {
    name: 'price-change',
    title: 'A price change, from the PUT to the memory of every process and to the edge',
    queries: [
      { service: 'shop-api', operation: 'PUT /products/{id}/price' },
      { service: 'shop-worker', operation: 'edge purge' },
    ],
    spans: await collector.find((spans) => isEnded('PUT /products/{id}/price')(spans) && isEverywhere(spans)),
  }
}

async function redisDown({ collector, urls, products, stopRedis }: TracedShop): Promise<Moment> {
  await stopRedis()
  for (const url of urls) while (!(await isWithoutRedis(url))) await delay(20)
  collector.clear()
  await get(`${urls[0]}/products/${products[3]}`)
  return {
    name: 'redis-down',
    title: 'Redis is down: the read goes to the database, and the process keeps the value for itself',
    queries: [{ service: 'shop-api', operation: 'cache get product', tags: { 'shop.cache.stored': 'local' } }],
    spans: await collector.find(isEnded('GET /products/{id}', 'cache load product')),
  }
}

async function isWithoutRedis(url: string): Promise<boolean> {
  const answer = (await (await fetch(`${url}/readyz`)).json()) as { dependencies: { redis: { state: string } } }
  return answer.dependencies.redis.state === 'down'
}

/** Whether all of these are in the trace. The root ends last, so with it a trace of one process is whole. */
function isEnded(...names: readonly string[]): (spans: readonly RecordedSpan[]) => boolean {
  return (spans) => names.every((wanted) => spans.some(({ name }) => name === wanted))
}

async function get(url: string): Promise<void> {
  const response = await fetch(url)
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`${new URL(url).pathname} was answered with ${response.status}.`)
}
