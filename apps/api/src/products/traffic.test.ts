import { connect } from '@shop/db'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { createDatabase } from '../../test/database.ts'
import { fixtureId, insertFixture } from '../../test/fixture.ts'
import { MemoryProducts } from '../../test/memory-products.ts'
import { RecordingLog } from '../../test/recording-log.ts'
import { DEFAULT_LIMIT } from './schema.ts'
import { countedProducts, ReadCounts, startTraffic, writeTraffic } from './traffic.ts'

describe('the counts', () => {
  test('what was read most is taken first, and is gone then', () => {
    const counts = new ReadCounts()
    for (const id of [1, 2, 2, 3, 3, 3]) counts.add(id)
    expect(counts.take(2)).toEqual([
      [3, 3],
      [2, 2],
    ])
    expect(counts.take(2)).toEqual([[1, 1]])
    expect(counts.take(2)).toEqual([])
  })

  test('they never hold more than they may, whatever is read', () => {
    const counts = new ReadCounts(10)
    for (let id = 0; id < 1_000; id++) {
      counts.add(id % 37, 1 + (id % 5))
      expect(counts.size).toBeLessThanOrEqual(10)
    }
  })

  test('what overflows makes what is seldom read go, and keeps what is often read', () => {
    const counts = new ReadCounts(10)
    counts.add(1, 1_000)
    counts.add(2, 500)
    for (let id = 100; id < 125; id++) counts.add(id)
    expect(counts.take(2).map(([id]) => id)).toEqual([1, 2])
  })

  test('a product that is new and read often gets in among many that are seldom read', () => {
    const counts = new ReadCounts(10)
    for (let id = 0; id < 10; id++) counts.add(id, 3)
    for (let read = 0; read < 10; read++) counts.add(99)
    expect(counts.take(1)[0]?.[0]).toBe(99)
  })
})

describe('what is counted', () => {
  const counts = new ReadCounts()
  const products = countedProducts(new MemoryProducts(), counts)
  const id = fixtureId('kettle-steel')

  test('a product that is opened', async () => {
    await products.get(id)
    await products.represent(id)
    expect(counts.take(10)).toEqual([[id, 2]])
  })

  test('not an id that is no product', async () => {
    expect(await products.get(4_711)).toBeUndefined()
    expect(await products.represent(4_711)).toBeUndefined()
    expect(counts.size).toBe(0)
  })

  test('not what lists show', async () => {
    await products.list({ inStock: false, sort: 'popular', limit: DEFAULT_LIMIT })
    await products.getMany([id])
    expect(counts.size).toBe(0)
  })
})

describe('what is written', async () => {
  const { sql, url, close } = await createDatabase()
  beforeAll(() => insertFixture(sql))
  beforeEach(() => sql`delete from product_traffic`)
  afterAll(() => close())

  const traffic = async () => {
    const rows = await sql<{ id: number; reads: number }[]>`
      select product_id as id, reads from product_traffic order by product_id`
    return rows.map(({ id, reads }) => [id, reads])
  }

  test('is added to what other processes have written', async () => {
    const [one, other] = [new ReadCounts(), new ReadCounts()]
    one.add(1, 3)
    one.add(2)
    other.add(1, 4)
    await writeTraffic(sql, one)
    await writeTraffic(sql, other)
    expect(await traffic()).toEqual([
      [1, 7],
      [2, 1],
    ])
  })

  test('is the top thousand; the rest is counted on', async () => {
    const counts = new ReadCounts()
    for (let id = 1; id <= 1_500; id++) counts.add(id, id <= 2 ? 9 : 1)
    await writeTraffic(sql, counts)
    expect(counts.size).toBe(500)
    expect((await traffic()).slice(0, 2)).toEqual([
      [1, 9],
      [2, 9],
    ])
  })

  test('leaves out a product that is gone', async () => {
    const counts = new ReadCounts()
    counts.add(1)
    counts.add(4_711)
    await writeTraffic(sql, counts)
    expect(await traffic()).toEqual([[1, 1]])
  })

  test('by many at once, each in an order of its own, is all written', async () => {
    const writers = Array.from({ length: 4 }, (_, writer) => {
      const counts = new ReadCounts()
      for (let place = 0; place < 8; place++) counts.add(1 + ((place * 3 + writer * 5) % 8), 1 + place)
      return counts
    })
    await Promise.all(writers.map((counts) => writeTraffic(sql, counts)))
    expect((await traffic()).reduce((sum, [, reads]) => sum + (reads ?? 0), 0)).toBe(4 * 36)
  })

  test('takes its rows in the order of their ids, so that two never wait for each other', async () => {
    await sql`insert into product_traffic values (1, 1, now()), (2, 1, now())`
    const counts = new ReadCounts()
    counts.add(2, 9)
    counts.add(1)
    let writing = Promise.resolve()
    const holder = connect({ url, max: 1, applicationName: 'shop-api-test' })
    onTestFinished(() => holder.close())
    await holder.sql.begin(async (tx) => {
      await tx`select from product_traffic where product_id = 1 for update`
      writing = writeTraffic(sql, counts)
      const waiting = async () =>
        (await sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).length
      await expect.poll(waiting).toBe(1)
      expect(await sql`select from product_traffic where product_id = 2 for update nowait`).toHaveLength(1)
    })
    await writing
    expect(await traffic()).toEqual([
      [1, 2],
      [2, 10],
    ])
  })

  test('that fails is counted on', async () => {
    const counts = new ReadCounts()
    counts.add(1, 5)
    await sql`alter table product_traffic rename to elsewhere`
    await expect(writeTraffic(sql, counts)).rejects.toThrow('product_traffic')
    await sql`alter table elsewhere rename to product_traffic`
    counts.add(1)
    await writeTraffic(sql, counts)
    expect(await traffic()).toEqual([[1, 6]])
  })

  test('also at the end of the process', async () => {
    const counts = new ReadCounts()
    const running = startTraffic({ sql, counts, log: new RecordingLog() })
    counts.add(2)
    await running.stop()
    expect(await traffic()).toEqual([[2, 1]])
  })
})
