/** The fading of traffic, over a real database. */

import { connect } from '@shop/db'
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest'

import type { WorkerEvent } from '../src/events.ts'
import { fadeTraffic, startFading } from '../src/traffic.ts'
import { createDatabase } from './database.ts'

const database = await createDatabase()
afterAll(() => database.close())
const { sql } = database

beforeEach(() => sql`delete from product_traffic`)

async function counted(id: number, reads: number, minutesAgo: number): Promise<void> {
  await sql`insert into product_traffic values (${id}, ${reads}, now() - ${minutesAgo} * interval '1 min')`
}

async function traffic(): Promise<unknown> {
  const rows = await sql<{ id: number; reads: number }[]>`
    select product_id as id, reads from product_traffic order by product_id`
  return Object.fromEntries(rows.map(({ id, reads }) => [id, reads]))
}

test('what is older than ten minutes is halved, and what falls below one is gone', async () => {
  await counted(1, 100, 11)
  await counted(2, 1, 11)
  await counted(3, 100, 9)
  expect(await fadeTraffic(sql)).toEqual({ halved: 2, forgotten: 1 })
  expect(await traffic()).toEqual({ 1: 50, 3: 100 })
})

test('it is halved once in ten minutes, however often a worker asks', async () => {
  await counted(1, 100, 11)
  await fadeTraffic(sql)
  expect(await fadeTraffic(sql)).toEqual({ halved: 0, forgotten: 0 })
  expect(await traffic()).toEqual({ 1: 50 })
})

test('the time in which no worker ran is made up for', async () => {
  await counted(1, 100, 35)
  await fadeTraffic(sql)
  expect(await traffic()).toEqual({ 1: 12.5 })
})

test('what nobody has looked at for a year is forgotten', async () => {
  await counted(1, 1e15, 60 * 24 * 365)
  expect(await fadeTraffic(sql)).toEqual({ halved: 1, forgotten: 1 })
})

test('of two workers at once one halves, and the other leaves it', async () => {
  await counted(1, 100, 11)
  const other = connect({ url: database.url, max: 1, applicationName: 'shop-worker-test' })
  onTestFinished(() => other.close())
  const held = Promise.withResolvers<void>()
  const locked = Promise.withResolvers<void>()
  // As a worker that is in the middle of it.
  const first = sql.begin(async (tx) => {
    await tx`select pg_try_advisory_xact_lock(7316004)`
    locked.resolve()
    await held.promise
  })
  await locked.promise
  expect(await fadeTraffic(other.sql)).toBeUndefined()
  held.resolve()
  await first
  expect(await fadeTraffic(other.sql)).toEqual({ halved: 1, forgotten: 0 })
})

test('a worker begins with it, and says what it did', async () => {
  await counted(1, 100, 11)
  const events: WorkerEvent[] = []
  const job = startFading({ sql, emit: (event) => void events.push(event) })
  await expect.poll(() => events).toEqual([{ type: 'traffic-faded', halved: 1, forgotten: 0 }])
  await job.stop()
})
