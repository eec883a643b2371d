/** The fixture with a few orders, and views that know of all of it. */

import { randomUUID } from 'node:crypto'
import { type Database, refreshView, type Sql, VIEWS } from '@shop/db'

import { postgresOrders } from '../src/orders/repository.ts'
import { fixtureId } from './fixture.ts'
import { insertFixtureWithoutOrders } from './ordering.ts'

/** Quantities by SKU. */
type Basket = Readonly<Record<string, number>>

const BASKETS: readonly Basket[] = [{ 'KS-1': 2, 'KG-1': 1 }, { 'KS-1': 1, 'KG-1': 1, 'SP-1': 1 }, { 'SP-1': 1 }]
const TWENTY_DAYS_EARLIER: Basket = { 'HO-1': 4 }

/** What sold best of it. Two products of as many units and orders stand by their ids. */
export const SOLD = {
  7: ['kettle-steel', 'kettle-glass', 'speaker'].map(fixtureId),
  30: ['headphones-over', 'kettle-steel', 'kettle-glass', 'speaker'].map(fixtureId),
} as const

export async function insertSales(database: Database): Promise<void> {
  const { sql } = database
  await insertFixtureWithoutOrders(sql)
  const old = await order(database, TWENTY_DAYS_EARLIER)
  await sql`update orders set created_at = created_at - interval '20 days' where id = ${old}`
  for (const basket of BASKETS) await order(database, basket)
  await refreshAll(sql)
  // What all of this has written.
  await sql`delete from outbox`
}

/** Gives the id of the order. */
export async function order({ sql, db }: Database, basket: Basket): Promise<string> {
  const rows = await sql<{ id: number; sku: string }[]>`select id, sku from variants`
  const lines = rows.flatMap(({ id, sku }) => {
    const quantity = basket[sku]
    return quantity === undefined ? [] : [{ variantId: id, quantity }]
  })
  const result = await postgresOrders(db).place({ customerId: 1, idempotencyKey: randomUUID(), lines })
  if (result.type !== 'placed') throw new Error(`The order was refused: ${result.type}`)
  return result.order.id
}

export async function refreshAll(sql: Sql): Promise<void> {
  for (const { name } of VIEWS) await refreshView(sql, name)
}
