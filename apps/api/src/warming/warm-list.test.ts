import { seed } from '@shop/db'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { createDatabase } from '../../test/database.ts'
import { WARM_LIST_LENGTH, warmList } from './warm-list.ts'

const { sql, url, close } = await createDatabase()
beforeAll(async () => {
  await seed(url, { size: 'tiny' })
})
beforeEach(() => sql`delete from product_traffic`)
afterAll(() => close())

async function ids(query: Promise<Iterable<{ id: number }>>): Promise<number[]> {
  return [...(await query)].map(({ id }) => id)
}

const byPopularity = () =>
  ids(sql<{ id: number }[]>`select id from products where status = 'active' order by popularity desc, id desc`)
const bySales = () =>
  ids(sql<{ id: number }[]>`
    select product_id as id from best_sellers_30 join products on id = product_id and status = 'active'
      order by units desc, product_id`)

async function read(reads: Readonly<Record<number, number>>): Promise<void> {
  for (const [id, times] of Object.entries(reads)) {
    await sql`insert into product_traffic values (${Number(id)}, ${times}, now())`
  }
}

test('without traffic it is what sells best, and then what is popular', async () => {
  const sales = await bySales()
  expect(sales.length).toBeGreaterThan(10)
  const rest = (await byPopularity()).filter((id) => !sales.includes(id))
  const list = await warmList(sql)
  expect(list.slice(0, sales.length)).toEqual(sales)
  expect(new Set(list.slice(sales.length))).toEqual(new Set(rest))
})

test('what was opened most comes first', async () => {
  const last = (await byPopularity()).slice(-3)
  const [least = 0, middle = 0, most = 0] = last
  await read({ [least]: 1, [middle]: 20, [most]: 300 })
  const list = await warmList(sql)
  expect(list.slice(0, 4)).toEqual([most, middle, least, (await bySales())[0]])
})

test('no product is in it twice, and none is in it that nobody can open', async () => {
  const [sold = 0] = await bySales()
  const [archived = 0] = await ids(sql<{ id: number }[]>`select id from products where status = 'archived' limit 1`)
  await read({ [sold]: 5, [archived]: 500 })
  const list = await warmList(sql)
  expect(list[0]).toBe(sold)
  expect(new Set(list).size).toBe(list.length)
  expect(new Set(list)).toEqual(new Set(await byPopularity()))
})

test('it is no longer than it may be', async () => {
  const [first = 0, second = 0, third = 0] = await bySales()
  await read({ [third]: 9 })
  expect(await warmList(sql, 3)).toEqual([third, first, second])
  expect((await warmList(sql)).length).toBeLessThanOrEqual(WARM_LIST_LENGTH)
})
