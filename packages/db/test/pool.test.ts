/** How busy the pool is said to be, while statements are held in the server. */

import { sql as raw } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { connect, type Database } from '../src/index.ts'
import { useDatabase } from './database.ts'

const LOCK = 4_711

const database = useDatabase()
let pooled: Database
beforeEach(() => {
  pooled = connect({ url: database.url, max: 2 })
})
afterEach(() => pooled.close())

const figures = (name: string) => {
  const { max, used, waiting } = pooled.pools().find((pool) => pool.name === name) ?? {}
  return { max, used, waiting }
}
const idle = { max: 2, used: 0, waiting: 0 }

/** Runs `inside` while another connection has the lock that `ask` asks for. */
async function whileHeld(inside: () => Promise<unknown>): Promise<void> {
  await database.sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${LOCK})`
    await inside()
  })
}

/** Sent in one of the next turns of the event loop: whoever looks has to wait for it. */
const ask = async () => pooled.db.execute(raw`select pg_advisory_xact_lock_shared(${LOCK})`)
const comes = (name: string, expected: object) =>
  expect.poll(() => figures(name), { timeout: 10_000, interval: 2 }).toEqual(expected)

test('what is on its way takes a connection, and what is more waits', async () => {
  expect(figures('db')).toEqual(idle)
  let asked: Promise<unknown> = Promise.resolve()
  await whileHeld(async () => {
    const one = ask()
    await comes('db', { max: 2, used: 1, waiting: 0 })
    asked = Promise.all([one, ...Array.from({ length: 4 }, ask)])
    await comes('db', { max: 2, used: 2, waiting: 3 })
    expect(figures('sql')).toEqual(idle)
  })
  await asked
  expect(figures('db')).toEqual(idle)
})

test('a transaction takes one connection from its begin to its end, whatever runs in it', async () => {
  await pooled.db.transaction(async (tx) => {
    expect(figures('db')).toEqual({ max: 2, used: 1, waiting: 0 })
    await Promise.all([tx.execute(raw`select 1`), tx.execute(raw`select 2`)])
    await tx.transaction(async (inner) => {
      await inner.execute(raw`select 3`)
      expect(figures('db')).toEqual({ max: 2, used: 1, waiting: 0 })
    })
    let beside: Promise<unknown> = Promise.resolve()
    await whileHeld(async () => {
      const held = tx.execute(raw`select pg_advisory_xact_lock_shared(${LOCK})`)
      beside = Promise.all([held, pooled.sql`select pg_advisory_xact_lock_shared(${LOCK})`])
      await comes('sql', { max: 2, used: 1, waiting: 0 })
      expect(figures('db')).toEqual({ max: 2, used: 1, waiting: 0 })
    })
    await beside
  })
  expect(figures('db')).toEqual(idle)
})

test('a statement that fails, and a transaction that is rolled back, give their connection back', async () => {
  await expect(pooled.db.execute(raw`select nothing`)).rejects.toThrow()
  await expect(pooled.sql.begin(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect([figures('db'), figures('sql')]).toEqual([idle, idle])
})
