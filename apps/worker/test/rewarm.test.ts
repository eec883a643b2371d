/** The warming after a refresh, over a real worker and real API processes. */

import { afterAll, expect, test } from 'vitest'

import { pagesOf } from '../src/rewarm.ts'
import { createDatabase } from './database.ts'
import type { ShopProcess } from './process.ts'
import { World } from './world.ts'

const database = await createDatabase()
afterAll(() => database.close())
const { sql } = database

async function statusOf(api: ShopProcess, page: string): Promise<string> {
  const response = await fetch(api.url + page)
  expect(response.status).toBe(200)
  return response.headers.get('Cache-Status') ?? ''
}

test('after a refresh the first visitor of a hot page finds it cached, and Redis has it for the other processes', async () => {
  const world = await World.open(database)
  const [one, two] = await Promise.all([world.api(), world.api()])
  const pages = ['/best-sellers?days=7', '/best-sellers?days=30', '/categories']
  for (const page of pages) expect(await statusOf(one, page)).toContain('fwd=miss')
  const worker = await world.worker({ API_URLS: `${one.url},${two.url}`, LOG_LEVEL: 'debug' })

  // As a refresh writes it.
  await sql`insert into outbox (tags, source) values ('{best-sellers,counts}', 'best_sellers_7')`
  await expect.poll(() => worker.said('hot pages warmed again').length, { timeout: 20_000 }).toBe(1)

  for (const page of pages) {
    expect(await statusOf(one, page)).toContain('hit')
    expect(await statusOf(two, page)).toContain('detail=redis')
  }
})

test('an API process that is away costs nothing: the next is asked', async () => {
  const world = await World.open(database)
  const api = await world.api()
  const worker = await world.worker({ API_URLS: `http://127.0.0.1:9,${api.url}`, LOG_LEVEL: 'debug' })
  await sql`insert into outbox (tags, source) values ('{best-sellers}', 'best_sellers_7')`
  await expect.poll(() => worker.said('hot pages warmed again').length, { timeout: 20_000 }).toBe(1)
  expect(await statusOf(api, '/best-sellers?days=7')).toContain('hit')
})

const hot = { products: [7, 8], categories: ['shoes', 'hats'] }

test.each([
  [['ratings:7', 'ratings:99'], ['/products/7/ratings']],
  [['related'], ['/products/7/related', '/products/8/related']],
  [['facets:hats'], ['/categories/hats/facets']],
  [['facets:coats'], []],
  [['counts'], ['/categories']],
])('of what the tags %j made stale the hot pages are %j', (tags, pages) => {
  expect(pagesOf(tags, hot)).toEqual(pages)
})
