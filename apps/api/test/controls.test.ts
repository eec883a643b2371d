import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, inject, test } from 'vitest'

import { readConfig } from '../src/config.ts'
import { type Control, controlled } from '../src/controls/control.ts'
import { naive } from '../src/controls/naive.ts'
import { singleFlight } from '../src/controls/single-flight.ts'
import { openDeps } from '../src/deps.ts'
import { createDatabase } from './database.ts'
import { fixtureId, insertFixture } from './fixture.ts'
import { RecordingLog } from './recording-log.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function naiveControl(): Promise<Control> {
  const control = naive(inject('redisUrl'), 10_000)
  open.push(control)
  // It is connected when something is kept.
  let loads = 0
  const key = randomUUID()
  await expect
    .poll(async () => {
      const before = loads
      await control.read(key, async () => ++loads)
      return loads === before
    })
    .toBe(true)
  return control
}

/** A load that is held until it is let go. */
function held() {
  let loads = 0
  let letGo: () => void = () => undefined
  const isFree = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const load = async () => {
    const nth = ++loads
    await isFree
    return `load ${nth}`
  }
  return { load, letGo: () => letGo(), loads: () => loads }
}

describe('single flight only', () => {
  test('those who ask together share a load, those who come later do not', async () => {
    const control = singleFlight()
    const { load, letGo, loads } = held()
    const both = Promise.all([control.read('a', load), control.read('a', load)])
    letGo()
    expect(await both).toEqual(['load 1', 'load 1'])
    expect(await control.read('a', load)).toBe('load 2')
    expect(loads()).toBe(2)
  })

  test('a load that failed is not shared with those who come later', async () => {
    const control = singleFlight()
    await expect(control.read('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down')
    expect(await control.read('a', async () => 1)).toBe(1)
  })
})

describe('the naive cache', () => {
  test('keeps what was loaded until it is deleted', async () => {
    const control = await naiveControl()
    const key = randomUUID()
    expect(await control.read(key, async () => 1)).toBe(1)
    expect(await control.read(key, async () => 2)).toBe(1)
    await control.forget(key)
    expect(await control.read(key, async () => 3)).toBe(3)
  })

  test('those who miss together all load', async () => {
    const control = await naiveControl()
    const { load, letGo, loads } = held()
    const key = randomUUID()
    const both = Promise.all([control.read(key, load), control.read(key, load)])
    await expect.poll(loads).toBe(2)
    letGo()
    await both
  })

  // read     get: nothing ── load: old ─────────────────── set old
  // write                          commit ── delete
  test('a load that a write overtakes puts the old value back', async () => {
    const control = await naiveControl()
    const { load, letGo, loads } = held()
    const key = randomUUID()
    const reading = control.read(key, load)
    await expect.poll(loads).toBe(1)
    await control.forget(key)
    letGo()
    await reading
    expect(await control.read(key, async () => 'new')).toBe('load 1')
  })
})

test.each(['naive', 'single-flight'])(
  'CACHE=%s serves the whole shop, and shows a new price after a write',
  async (cache) => {
    const database = await createDatabase()
    open.push(database)
    await insertFixture(database.sql)
    const config = readConfig({ DATABASE_URL: database.url, REDIS_URL: inject('redisUrl'), CACHE: cache })
    const log = new RecordingLog()
    const deps = await openDeps(config, log, { draining: false })
    open.unshift(deps)
    const { products, categories, aggregates } = deps.app
    const id = fixtureId('kettle-steel')
    await products.get(id)
    await products.setPrice(id, { amount: 7, currency: 'EUR' })
    expect((await products.get(id))?.price.amount).toBe(7)
    expect((await products.represent(id))?.bytes.toString()).toContain('"amount":7')
    expect((await categories.list()).length).toBeGreaterThan(0)
    expect((await aggregates.ratings(id)).productId).toBe(id)
    expect(deps.cache).toBeUndefined()
  },
)

test.each(['naive', 'single-flight'])('production refuses CACHE=%s', (cache) => {
  const environment = {
    DATABASE_URL: 'postgres://shop:secret@127.0.0.1:5432/shop',
    ADMIN_TOKEN: 'sixteen-letters!',
    CUSTOMER_TOKEN_SECRET: 'thirty-two-letters-are-enough-!!',
    NODE_ENV: 'production',
  }
  expect(() => readConfig({ ...environment, CACHE: cache })).toThrow('CACHE expected on or off')
})

test('a control asks for each read by a key that says what was asked for', async () => {
  const keys: string[] = []
  const control: Control = {
    read: (key, load) => {
      keys.push(key)
      return load()
    },
    forget: async (key) => void keys.push(`forget ${key}`),
    close: async () => undefined,
  }
  const database = await createDatabase()
  open.push(database)
  await insertFixture(database.sql)
  const deps = await openDeps(readConfig({ DATABASE_URL: database.url, CACHE: 'off' }), new RecordingLog(), {
    draining: false,
  })
  open.unshift(deps)
  const { products } = controlled(deps.app, control)
  const id = fixtureId('kettle-steel')
  await products.getMany([id])
  await products.list({ sort: 'popular', limit: 7, inStock: true })
  await products.setPrice(id, { amount: 7, currency: 'EUR' })
  expect(keys).toEqual([`products:ids=${id}`, 'products:inStock&limit=7&sort=popular', `forget product:${id}`])
})
