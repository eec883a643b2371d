/**
 * Orders, in Postgres and nowhere else. See `docs/orders.md`.
 *
 * An order is placed by one statement (`placement.ts`). It sees the database as it was when it began. When it wrote
 * nothing and what it saw does not say why, another order overtook it while it waited for a lock. It is then run again,
 * and sees that order:
 *
 *     A: sees 1 left ─ locks ─ sells it ─ commits
 *     B: sees 1 left ─ waits ──────────────────── locks: 0 left ─ writes nothing ─ again: sees 0 left ─ refused
 */

import { hash } from 'node:crypto'
import { type Database, orderLines, orders } from '@shop/db'
import { and, eq, sql } from 'drizzle-orm'

import { orderJson, preparePlacement, type Wanted } from './placement.ts'
import type { NewOrder, Order } from './schema.ts'

export interface OrderRepository {
  /** Places the order if its key has placed none. */
  place(attempt: OrderAttempt): Promise<OrderResult>
  /** Absent as well if the order is another customer's. */
  get(customerId: number, id: string): Promise<Order | undefined>
}

export interface OrderAttempt extends NewOrder {
  readonly customerId: number
  readonly idempotencyKey: string
}

export type OrderResult =
  | { readonly type: 'placed'; readonly order: Order }
  /** By an earlier attempt, with the same lines. */
  | { readonly type: 'replayed'; readonly order: Order }
  | OrderRefusal

export type OrderRefusal =
  /** The key has placed an order with other lines. */
  | { readonly type: 'key-reused' }
  | { readonly type: 'unknown-customer' }
  /** The lines, counted from 0, whose variant does not exist or is of an archived product. */
  | { readonly type: 'unknown-variants'; readonly lines: readonly number[] }
  | { readonly type: 'mixed-currencies' }
  | { readonly type: 'insufficient-stock'; readonly shortages: readonly Shortage[] }
  /** Overtaken again and again, or in a deadlock with somebody who is not an order. Nothing was written. */
  | { readonly type: 'contended' }

export interface Shortage {
  /** Counted from 0. */
  readonly line: number
  readonly variantId: number
  readonly left: number
}

/** A second attempt sees what the first did not. More are for orders that are overtaken again. */
const MAX_ATTEMPTS = 10

export function postgresOrders(db: Database['db']): OrderRepository {
  const place = preparePlacement(db)
  const one = db
    .select({ order: orderJson(sql`${orders}`, sql`${orderLines}`) })
    .from(orders)
    .where(and(eq(orders.id, sql.placeholder('id')), eq(orders.customerId, sql.placeholder('customerId'))))
    .prepare('order_get')

  return {
    async place({ customerId, idempotencyKey, lines }) {
      const fingerprint = fingerprintOf(lines)
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        const outcome = await place({
          customerId,
          idempotencyKey,
          fingerprint,
          variantIds: lines.map(({ variantId }) => variantId),
          quantities: lines.map(({ quantity }) => quantity),
        })
        if (outcome === 'deadlock') continue
        if (outcome === 'unknown-customer') return { type: outcome }
        if (outcome.placed) return { type: 'placed', order: outcome.placed }
        if (outcome.earlier) {
          const isSame = outcome.earlier.fingerprint === fingerprint
          return isSame ? { type: 'replayed', order: outcome.earlier.order } : { type: 'key-reused' }
        }
        const refusal = refusalOf(outcome.wanted)
        if (refusal) return refusal
      }
      return { type: 'contended' }
    },

    async get(customerId, id) {
      const [row] = await one.execute({ customerId, id })
      return row?.order
    },
  }
}

/** Equal for equal lines in the same order, however their JSON was written. */
function fingerprintOf(lines: NewOrder['lines']): string {
  return hash('sha256', JSON.stringify(lines.map(({ variantId, quantity }) => [variantId, quantity])))
}

function refusalOf(wanted: readonly Wanted[]): OrderRefusal | undefined {
  const unknown = wanted.flatMap(({ currency }, line) => (currency === null ? [line] : []))
  if (unknown.length > 0) return { type: 'unknown-variants', lines: unknown }
  if (new Set(wanted.map(({ currency }) => currency)).size > 1) return { type: 'mixed-currencies' }
  const shortages = wanted.flatMap(({ variantId, quantity, available }, line) =>
    available < quantity ? [{ line, variantId, left: available }] : [],
  )
  return shortages.length > 0 ? { type: 'insufficient-stock', shortages } : undefined
}
