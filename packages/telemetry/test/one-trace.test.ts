/** One request through everything this package traces, on real servers: HTTP, SQL and Redis under one parent. */

import { Hono } from 'hono'
import { Redis } from 'ioredis'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { traceQuery } from '../src/queries.ts'
import { drawTraces } from '../src/recorded-span.ts'
import { type Recording, recordSpans } from '../src/recording.ts'
import { traceRedis } from '../src/redis.ts'
import { traceRequests } from '../src/requests.ts'

let recording: Recording
let app: Hono
const closers: (() => unknown)[] = []

beforeAll(async () => {
  recording = recordSpans()
  closers.push(traceRedis())
  const redis = new Redis(inject('redisUrl'), { lazyConnect: true, disableClientInfo: true })
  await redis.connect()
  const sql = postgres(inject('postgresUrl'), { max: 2, onnotice: () => undefined })
  closers.push(
    () => redis.disconnect(),
    () => sql.end(),
  )

  const query = (statement: string, values: (string | number)[] = []): Promise<postgres.Row[]> =>
    traceQuery({ statement }, () => sql.unsafe(statement, values) as unknown as Promise<postgres.Row[]>)
  await query('create table products (id int primary key, name text)')
  await query(`insert into products values (1, 'Lamp')`)

  app = new Hono()
  app.use(traceRequests())
  app.get('/products/:id', async (c) => {
    const id = c.req.param('id')
    const known = await redis.get(`product:${id}`)
    if (known !== null) return c.json(JSON.parse(known))
    const [product] = await query('select * from "products" where "id" = $1', [Number(id)])
    if (product === undefined) return c.notFound()
    await redis.set(`product:${id}`, JSON.stringify(product))
    return c.json(product)
  })
})
afterAll(async () => {
  for (const close of closers) await close()
  await recording.stop()
})

test('a cold read is one trace of HTTP, Redis and SQL, a warm one has no SQL', async () => {
  recording.clear()
  expect((await app.request('/products/1')).status).toBe(200)
  expect(drawTraces(recording.spans())).toBe('GET /products/{id}\n  GET\n  SELECT products\n  SET')

  recording.clear()
  expect((await app.request('/products/1')).status).toBe(200)
  expect(drawTraces(recording.spans())).toBe('GET /products/{id}\n  GET')
})

test('fifty requests at once do not mix their spans', async () => {
  recording.clear()
  await Promise.all(Array.from({ length: 50 }, (_, id) => app.request(`/products/${id + 100}`)))
  const tree = 'GET /products/{id}\n  GET\n  SELECT products'
  expect(drawTraces(recording.spans())).toBe(Array.from({ length: 50 }, () => tree).join('\n'))
})
