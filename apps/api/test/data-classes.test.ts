/** That `docs/data-classes.md` says what is: of the declarations, of the entries in Redis, and of what is never cached. */

import { readFileSync } from 'node:fs'
import { startRedis, temporaryDirectory } from '@shop/local-stack'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, test } from 'vitest'

import { declaredResources, differences, render } from '../scripts/data-class-page.ts'
import { createApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { DATA_CLASSES, NEVER_CACHED } from '../src/data-classes.ts'
import { openDeps } from '../src/deps.ts'
import { createDatabase } from './database.ts'
import { fixtureId, insertFixture } from './fixture.ts'
import { RecordingLog } from './recording-log.ts'
import { readOpenApi } from './test-app.ts'

const page = readFileSync(new URL('../../../docs/data-classes.md', import.meta.url), 'utf8')
const declared = await declaredResources()

test('every declared resource has a row, and every row a resource', () => {
  expect(declared.size).toBeGreaterThan(0)
  expect(differences(declared)).toEqual({ missing: [], unknown: [] })
})

test('the page is what `npm run data-classes` writes', () => {
  expect(page).toBe(render(page, declared))
})

test('a page is not written while a resource has no row, or a row no resource', () => {
  const [first, ...others] = declared
  if (!first) throw new Error('nothing is declared')
  expect(() => render(page, new Map(others))).toThrow(`No resource is declared for the rows: ${first[0]}`)
  expect(() => render(page, new Map([...declared, ['basket', first[1]]]))).toThrow('data-classes.ts for: basket')
})

test('a page whose lifetime is another is not current', () => {
  const [[name, resource] = ['', undefined], ...others] = declared
  if (!resource) throw new Error('nothing is declared')
  const { policy, httpHeaders } = resource
  const changed = { httpHeaders, policy: { ...policy, ttl: (policy.ttl + 1) as typeof policy.ttl } }
  expect(render(page, new Map([...others, [name, changed]]))).not.toBe(page)
})

describe('in a running shop', async () => {
  const database = await createDatabase()
  afterAll(() => database.close())
  await insertFixture(database.sql)
  // Of its own, so that every entry in it is of the requests below.
  const directory = await temporaryDirectory('data-classes')
  const server = await startRedis({ dir: directory.path })
  afterAll(async () => {
    await server.stop()
    await directory.remove()
  })
  const config = readConfig({ DATABASE_URL: database.url, REDIS_URL: server.url })
  const { app: deps, cache, close } = await openDeps(config, new RecordingLog(), { draining: false })
  afterAll(() => close())
  const app = createApp(deps)

  /** At least one request for each resource and for each of its tags. */
  const REQUESTS = [
    `/products/${fixtureId('kettle-steel')}`,
    '/products',
    '/products?sort=rating',
    '/products?inStock=true',
    '/products?category=kettles&minPrice=1000&maxPrice=2000',
    '/search?q=kettle&category=kitchen',
    '/search?q=kettle&inStock=true',
    '/categories',
    '/categories/audio',
    '/categories/audio/facets',
    '/best-sellers',
    `/products/${fixtureId('kettle-steel')}/related`,
    `/products/${fixtureId('kettle-steel')}/ratings`,
  ]

  test('the tags in the row of a resource are those of its entries', async () => {
    for (const path of REQUESTS) expect((await app.request(path)).status, path).toBe(200)
    const tagsOf = new Map<string, string[]>()
    for (const { name, parts } of await entries()) {
      const { redis } = (await cache?.resources.get(name)?.explainKey(parts)) ?? {}
      const own = (redis?.tags ?? []).map(({ tag }) => tag).filter((tag) => !tag.startsWith('~'))
      tagsOf.set(name, [...(tagsOf.get(name) ?? []), ...own])
    }
    expect([...tagsOf.keys()].toSorted(), 'resources with an entry').toEqual(Object.keys(DATA_CLASSES).toSorted())
    for (const [name, tags] of tagsOf) {
      const rows = DATA_CLASSES[name]?.invalidatedBy ?? []
      const undocumented = tags.filter((tag) => !rows.some((row) => patternOf(row).test(tag)))
      const carriedByNone = rows.filter((row) => !tags.some((tag) => patternOf(row).test(tag)))
      expect({ name, undocumented, carriedByNone }).toEqual({ name, undocumented: [], carriedByNone: [] })
    }
  })

  test('what is never cached is read past the cache by routes that exist', async () => {
    const { paths } = await readOpenApi(app)
    for (const { read } of NEVER_CACHED) {
      const [method = '', path = ''] = read.replaceAll('`', '').split(' ')
      expect(paths[path]?.[method.toLowerCase()], read).toBeDefined()
    }
    const before = cache?.stats()
    const response = await app.request(`/products/${fixtureId('kettle-steel')}/stock`)
    expect([response.status, response.headers.get('Cache-Control')]).toEqual([200, 'no-store'])
    expect(cache?.stats()).toEqual(before)
  })

  /** Every entry in Redis, by the name of its resource and the parts of its key. */
  async function entries(): Promise<readonly { readonly name: string; readonly parts: readonly string[] }[]> {
    const client = new Redis(server.url)
    const keys = await client.keys('shop:e:*')
    client.disconnect()
    return keys.map((key) => {
      const [resource = '', ...parts] = key.slice('shop:e:{'.length, -1).split(':')
      return { name: resource.replace(/\.\d+$/, ''), parts: parts.map(decodeURIComponent) }
    })
  }
})

function patternOf(row: string): RegExp {
  return new RegExp(`^${row.replaceAll(/<\w+>/g, '[^:]+')}$`)
}
