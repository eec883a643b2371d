/**
 * A small shop for a test: its own Redis, API processes and workers over the database of the file, and what it takes to
 * look at them. All of it ends with the test.
 */

import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Sql } from '@shop/db'
import { type RunningServer, startRedis, temporaryDirectory } from '@shop/local-stack'
import { expect, onTestFinished } from 'vitest'

import type { TestDatabase } from './database.ts'
import { ShopProcess } from './process.ts'

const SEEN_LIMIT_MS = 20_000

export class World {
  readonly database: TestDatabase
  readonly #directory: string
  redis: RunningServer

  private constructor(database: TestDatabase, directory: string, redis: RunningServer) {
    this.database = database
    this.#directory = directory
    this.redis = redis
  }

  static async open(database: TestDatabase): Promise<World> {
    const directory = await temporaryDirectory('worker-world')
    const redis = await startRedis({ dir: `${directory.path}/redis` })
    const world = new World(database, directory.path, redis)
    onTestFinished(async () => {
      await world.redis.stop()
      await directory.remove()
    })
    // What an earlier test left open is not of this one.
    await database.sql`truncate outbox`
    return world
  }

  /** In the place of the one that was killed, with the files that one left. */
  async restartRedis(): Promise<void> {
    this.redis = await startRedis({ dir: `${this.#directory}/redis`, port: Number(new URL(this.redis.url).port) })
  }

  api(environment: Readonly<Record<string, string>> = {}): Promise<ShopProcess> {
    return this.#start('api', environment)
  }

  worker(environment: Readonly<Record<string, string>> = {}): Promise<ShopProcess> {
    return this.#start('worker', environment)
  }

  #start(kind: 'api' | 'worker', environment: Readonly<Record<string, string>>): Promise<ShopProcess> {
    const servers = { DATABASE_URL: this.database.url, REDIS_URL: this.redis.url }
    return new ShopProcess(kind, { ...servers, ...environment }).listening()
  }

  /** Rows that nobody has marked. */
  async open(): Promise<number> {
    const [row] = await this.database.sql<
      { n: number }[]
    >`select count(*)::int as n from outbox where relayed_at is null`
    return row?.n ?? 0
  }

  /** Waits until a worker waits for a lock. Not asked in the transaction that holds it: there the view stands still. */
  async workerWaits(): Promise<void> {
    const { sql } = this.database
    const waiting = async () =>
      (
        await sql`select from pg_stat_activity
          where application_name = 'shop-worker' and datname = current_database() and wait_event_type = 'Lock'`
      ).length
    await expect.poll(waiting, { timeout: SEEN_LIMIT_MS, interval: 10 }).toBeGreaterThan(0)
  }

  async allRelayed(): Promise<void> {
    await expect.poll(() => this.open(), { timeout: SEEN_LIMIT_MS, interval: 10 }).toBe(0)
  }
}

export interface Seen {
  readonly amount: number
  readonly status: string
}

export async function look(api: ShopProcess, product: number): Promise<Seen> {
  const response = await fetch(`${api.url}/products/${product}`)
  const { price } = (await response.json()) as { price: { amount: number } }
  return { amount: price.amount, status: response.headers.get('Cache-Status') ?? '' }
}

/** Asks each process until it answers from its memory, and returns what all of them say. */
export async function servedFromMemory(apis: readonly ShopProcess[], product: number): Promise<number> {
  const amounts = await Promise.all(
    apis.map(async (api) => {
      await expect
        .poll(async () => (await look(api, product)).status, { timeout: SEEN_LIMIT_MS, interval: 5 })
        .toContain('detail=memory')
      return (await look(api, product)).amount
    }),
  )
  expect(new Set(amounts).size).toBe(1)
  return amounts[0] as number
}

/** Waits until each process shows this price. */
export async function seenBy(apis: readonly ShopProcess[], product: number, amount: number): Promise<void> {
  const amounts = () => Promise.all(apis.map(async (api) => (await look(api, product)).amount))
  await expect.poll(amounts, { timeout: SEEN_LIMIT_MS, interval: 10 }).toEqual(apis.map(() => amount))
}

/** As psql would: nobody tells the caches. */
export async function setPrice(sql: Sql, product: number, amount: number): Promise<void> {
  await sql`update prices set amount = ${amount}, compare_at = null
    where variant_id in (select id from variants where product_id = ${product})`
}

/** A product that any API shows, and which no other test of the file changes. */
export async function someProduct(sql: Sql, place: number): Promise<number> {
  const [row] = await sql<{ id: number }[]>`
    select id from products where status = 'active' order by id offset ${place} limit 1`
  return row?.id as number
}

/** One command without spaces in its words, and the first line of the answer. */
export async function commandRedis(url: string, command: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.end(`${command}\r\n`)
  return (await text(socket)).split('\r\n')[0] ?? ''
}
