/** A change that no API was asked for reaches the memory of every API process that has just served the old value. */

import type { Sql } from '@shop/db'
import { afterAll, expect, test } from 'vitest'

import { createDatabase } from './database.ts'
import { look, seenBy, servedFromMemory, setPrice, someProduct, World } from './world.ts'

const database = await createDatabase()
afterAll(() => database.close())
const { sql } = database

test('one by psql', async () => {
  const world = await World.open(database)
  const apis = await Promise.all([world.api(), world.api(), world.worker()]).then(([a, b]) => [a, b] as const)
  const product = await someProduct(sql, 0)
  const old = await servedFromMemory(apis, product)
  await setPrice(sql, product, old + 1)
  await seenBy(apis, product, old + 1)
  await world.allRelayed()
})

test('without a worker it does not, which is what the others are worth', async () => {
  const world = await World.open(database)
  const apis = await Promise.all([world.api(), world.api()])
  const product = await someProduct(sql, 1)
  const old = await servedFromMemory(apis, product)
  await setPrice(sql, product, old + 1)
  for (const api of apis) expect((await look(api, product)).amount).toBe(old)
  expect(await world.open()).toBeGreaterThan(0)
})

test('an UPDATE of every price of the shop', async () => {
  const world = await World.open(database)
  const apis = await Promise.all([world.api(), world.api(), world.worker()]).then(([a, b]) => [a, b] as const)
  const products = await Promise.all([0, 100, 300].map((place) => someProduct(sql, place)))
  const old = await Promise.all(products.map((product) => servedFromMemory(apis, product)))
  await sql`update prices set amount = amount + 10, compare_at = null`
  await Promise.all(products.map((product, index) => seenBy(apis, product, (old[index] as number) + 10)))
  await world.allRelayed()
})

// long:    row n ------------------------------------------ commit
// short:       rows n + 1 … n + 5, each relayed
//                                     its row is still n: a cursor past it would never look again
test('one from a long transaction, beside short ones that overtake it', async () => {
  const world = await World.open(database)
  const apis = await Promise.all([world.api(), world.api(), world.worker()]).then(([a, b]) => [a, b] as const)
  const late = await someProduct(sql, 2)
  const early = await Promise.all([3, 4, 5, 6, 7].map((place) => someProduct(sql, place)))
  const old = await servedFromMemory(apis, late)

  await sql.begin(async (tx) => {
    await setPrice(tx as unknown as Sql, late, old + 1)
    for (const product of early) {
      const before = await servedFromMemory(apis, product)
      await setPrice(sql, product, before + 1)
      await seenBy(apis, product, before + 1)
    }
    await world.allRelayed()
    for (const api of apis) expect((await look(api, late)).amount).toBe(old)
  })
  await seenBy(apis, late, old + 1)
  await world.allRelayed()
})
