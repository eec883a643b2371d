/** Warming in a real shop: a fleet that starts at once, a process that starts, one whose Redis forgets, and one without its database. */

import { seed } from '@shop/db'
import { freePort, startRedis, temporaryDirectory } from '@shop/local-stack'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'

import { cachedCategories } from '../src/categories/cached-repository.ts'
import { postgresCategories } from '../src/categories/repository.ts'
import { cachedProducts } from '../src/products/cached-repository.ts'
import { postgresProducts } from '../src/products/repository.ts'
import type { WarmingEvent } from '../src/warming/events.ts'
import { warmList } from '../src/warming/warm-list.ts'
import { createWarmer } from '../src/warming/warmer.ts'
import { type ApiProcess, startApi } from './api-process.ts'
import { cachedOptions, redisCache } from './caches.ts'
import { createDatabase } from './database.ts'

const database = await createDatabase()
beforeAll(async () => {
  await seed(database.url, { size: 'tiny' })
})
afterAll(() => database.close())
const { db, sql } = database

const PROCESSES = 3

describe('a fleet that starts at once', () => {
  test('loads each key once', async () => {
    const loads = new Map<string, number>()
    const allBegun = Promise.withResolvers<void>()
    /** No load ends before every process has begun, so they are after the same keys at the same time. */
    const loaded = async (...keys: readonly string[]) => {
      for (const key of keys) loads.set(key, (loads.get(key) ?? 0) + 1)
      await allBegun.promise
    }
    const products = postgresProducts(db)
    const categories = postgresCategories(db)
    const name = `fleet-${crypto.randomUUID()}`
    const events: WarmingEvent[] = []
    let begun = 0

    const processes = Array.from({ length: PROCESSES }, async () => {
      const cache = await redisCache(name)
      const options = cachedOptions(database)
      const source = {
        ...products,
        list: (query: Parameters<typeof products.list>[0]) =>
          loaded(`list:${query.category ?? query.sort}`).then(() => products.list(query)),
        getMany: (ids: readonly number[]) =>
          loaded(...ids.map((id) => `product:${id}`)).then(() => products.getMany(ids)),
      }
      const tree = { ...categories, list: () => loaded('tree').then(() => categories.list()) }
      return createWarmer({
        sources: {
          products: cachedProducts(source, cache, options),
          categories: cachedCategories(tree, cache, options),
          warmList: () => warmList(sql),
        },
        limitMs: 60_000,
        emit(event) {
          events.push(event)
          if (event.type === 'warming' && ++begun === PROCESSES) allBegun.resolve()
        },
      })
    })
    await Promise.all((await Promise.all(processes)).map((warmer) => warmer.start()))

    const ended = events.filter((event) => event.type === 'warmed')
    expect(ended.map(({ outcome }) => outcome)).toEqual(Array.from({ length: PROCESSES }, () => 'done'))
    expect([...loads].filter(([, times]) => times !== 1)).toEqual([])
    const expected = new Set((await warmList(sql)).map((id) => `product:${id}`))
    expect(new Set([...loads.keys()].filter((key) => key.startsWith('product:')))).toEqual(expected)
  })
})

describe('a process', () => {
  const statusOf = async (api: ApiProcess) =>
    ((await (await fetch(`${api.url}/readyz`)).json()) as { status: string }).status
  const cacheStatus = async (api: ApiProcess, path: string) =>
    (await fetch(`${api.url}${path}`)).headers.get('Cache-Status')

  test('gets no traffic until it is warm, and serves what is hot from memory then', async () => {
    // Whoever holds the table holds the warming.
    const held = Promise.withResolvers<void>()
    const locked = Promise.withResolvers<void>()
    const lock = sql.begin(async (tx) => {
      await tx`lock table products in access exclusive mode`
      locked.resolve()
      await held.promise
    })
    await locked.promise
    const api = await startApi({ ...own(await privateRedis()), WARM_LIMIT_MS: '30000' })
    await api.logs('warming')
    expect([(await fetch(`${api.url}/readyz`)).status, await statusOf(api)]).toEqual([503, 'warming'])
    held.resolve()
    await lock
    expect(await api.logs('warm')).toMatchObject({ cause: 'start', lists: 9, products: (await warmList(sql)).length })
    expect(await statusOf(api)).toBe('ready')
    const [hottest] = await warmList(sql)
    for (const path of [`/products/${hottest}`, '/products', '/products?sort=-price', '/categories']) {
      expect(await cacheStatus(api, path), path).toContain('detail=memory')
    }
  })

  test('whose Redis has forgotten everything warms again, and stays in rotation', async () => {
    const url = await privateRedis()
    const api = await startApi({ ...own(url), WARM_LIMIT_MS: '30000' })
    await api.logs('warm')
    const redis = new Redis(url)
    onTestFinished(() => redis.disconnect())
    await redis.flushall()
    await expect
      .poll(() => api.lines.filter(({ msg, cause }) => msg === 'warm' && cause === 'loss'), { timeout: 20_000 })
      .toHaveLength(1)
    expect(await statusOf(api)).toBe('ready')
    const [hottest] = await warmList(sql)
    expect(await cacheStatus(api, `/products/${hottest}`)).toContain('detail=memory')
  })

  test('without its database ends its warming and lives on', async () => {
    const away = `postgres://shop@127.0.0.1:${await freePort()}/shop`
    const api = await startApi({ DATABASE_URL: away, REDIS_URL: await privateRedis(), WARM_LIMIT_MS: '30000' })
    expect(await api.logs('warming failed: the rest is loaded when asked for')).toMatchObject({ cause: 'start' })
    expect(await statusOf(api)).toBe('not-ready')
    expect((await fetch(`${api.url}/livez`)).status).toBe(200)
  })

  test('counts what is opened, and writes it when it stops', async () => {
    await sql`delete from product_traffic`
    const api = await startApi(own(await privateRedis()))
    const [id = 0] = await warmList(sql)
    for (let read = 0; read < 3; read++) await fetch(`${api.url}/products/${id}`)
    await fetch(`${api.url}/products/4711000`)
    await fetch(`${api.url}/products`)
    api.child.kill('SIGTERM')
    expect(await api.exitCode()).toBe(0)
    expect([...(await sql`select product_id as id, reads from product_traffic`)]).toEqual([{ id, reads: 3 }])
  })

  const own = (redisUrl: string) => ({ DATABASE_URL: database.url, REDIS_URL: redisUrl })
})

/** With nothing in it. */
async function privateRedis(): Promise<string> {
  const directory = await temporaryDirectory('warming')
  const server = await startRedis({ dir: directory.path })
  onTestFinished(async () => {
    await server.stop()
    await directory.remove()
  })
  return server.url
}
