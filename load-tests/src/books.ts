/**
 * The books of a sale, read from the database when it is over: what was there, what was ordered, and for how much.
 *
 * An order sees the database as it was when its statement began, which is what `created_at` says. So one that began after
 * the price had dropped is at the new price, one from before the change was sent at the old one, and between the two
 * instants either is right.
 */

import postgres from 'postgres'

import { grouped } from './numbers.ts'
import type { PriceChange } from './oracle.ts'
import { exactly, none } from './promises.ts'
import type { Judgement } from './run-file.ts'

/** Instants in the database are rounded to the millisecond, and so are ours. */
const ROUNDING_MS = 2

export interface Sale {
  /** What the idempotency keys of its orders begin with. */
  readonly name: string
  readonly variantId: number
  /** All that there ever was. */
  readonly units: number
  readonly oldPrice: number
  readonly drop: PriceChange
  /** Buyers who were told that they have one, and that none is left. */
  readonly told: { readonly sold: number; readonly refused: number }
}

interface Order {
  readonly quantity: number
  readonly amount: number
  readonly total: number
  readonly at: number
}

export async function checkBooks(databaseUrl: string, sale: Sale): Promise<readonly Judgement[]> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined })
  try {
    const [stock] = await sql<
      { left: number }[]
    >`select quantity as left from stock where variant_id = ${sale.variantId}`
    const orders = await sql<Order[]>`
      select l.quantity, l.unit_amount as amount, o.total_amount::float8 as total,
          extract(epoch from o.created_at)::float8 * 1000 as at
        from orders o join order_lines l on l.order_id = o.id
        where l.variant_id = ${sale.variantId} and starts_with(o.idempotency_key, ${`${sale.name}-`})`
    return judge(sale, stock?.left ?? Number.NaN, orders)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

export function judge(sale: Sale, left: number, orders: readonly Order[]): readonly Judgement[] {
  // Whoever is told anything else than these two is a failed visit.
  const buyers = sale.told.sold + sale.told.refused
  const expected = Math.min(sale.units, buyers)
  const sold = orders.reduce((sum, { quantity }) => sum + quantity, 0)
  const paid = orders.reduce((sum, { total }) => sum + total, 0)
  const worth = orders.reduce((sum, { quantity, at }, i) => sum + quantity * priceAt(sale, at, orders[i]?.amount), 0)
  return [
    exactly('pieces sold, in the database', expected, sold),
    exactly('pieces left', sale.units - expected, left),
    exactly('buyers told that they have one', orders.length, sale.told.sold),
    exactly('buyers told that none is left', buyers - expected, sale.told.refused),
    none(
      'orders at another price than that of their moment',
      orders.filter(({ at, amount }) => priceAt(sale, at, amount) !== amount).length,
    ),
    { ...exactly('the money adds up, in cents', worth, paid), measured: grouped(paid) },
  ]
}

function priceAt({ oldPrice, drop }: Sale, at: number, told: number | undefined): number {
  const { sentAt, answeredAt = Number.POSITIVE_INFINITY, amount } = drop
  if (at < sentAt - ROUNDING_MS) return oldPrice
  if (at > answeredAt + ROUNDING_MS) return amount
  return told === oldPrice ? oldPrice : amount
}
