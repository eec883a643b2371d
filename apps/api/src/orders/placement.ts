/**
 * The statement that places an order. See `docs/orders.md`.
 *
 * It is the whole transaction: one round trip, and while the row of a hot variant is locked nobody waits for this
 * process. Its parts, in the order in which the locks are taken:
 *
 *     wanted     the lines with price and stock as they are now      nothing locked
 *     earlier    the order that this key has placed already
 *     held       the stock of each variant, by variant id            waits for orders of the same variant
 *     placed     the order, unless the key is taken by now           waits for an order with the same key
 *     sold       the stock, less what was ordered
 *     written    the lines, of what was sold
 *     a trigger  the products whose variants sell out, by id         waits for orders that sell out of the same
 *
 * Each part runs only if the one before it got all it asked for, so a refusal has written nothing. All orders take
 * their locks in this one order, so no two of them wait for each other.
 *
 * It sees the database as it was when it began, except for the rows it has locked.
 */

import { type Database, orderLines } from '@shop/db'
import { activeTraceParent } from '@shop/telemetry'
import { type SQL, sql } from 'drizzle-orm'

import type { Order } from './schema.ts'

/** A line of the order and what was found for it. */
export interface Wanted {
  readonly variantId: number
  readonly quantity: number
  readonly available: number
  /** Absent if the variant is not for sale. */
  readonly currency: string | null
}

/** What the statement wrote, and what it saw. */
export interface Outcome {
  readonly placed: Order | null
  readonly earlier: { readonly fingerprint: string | null; readonly order: Order } | null
  readonly wanted: readonly Wanted[]
}

interface PlacementValues extends Record<string, unknown> {
  readonly customerId: number
  readonly idempotencyKey: string
  readonly fingerprint: string
  readonly variantIds: readonly number[]
  readonly quantities: readonly number[]
}

export function preparePlacement(
  db: Database['db'],
): (values: PlacementValues) => Promise<Outcome | 'unknown-customer' | 'deadlock'> {
  const value = (name: keyof PlacementValues & string) => sql.placeholder(name)
  const part = (name: string, body: SQL) => db.$with(name, {}).as(body)
  const parts = [
    part(
      'wanted',
      sql`select line.position, line.variant_id, line.quantity, p.amount, p.currency,
          coalesce(s.quantity, 0) as available
        from unnest(${value('variantIds')}::bigint[], ${value('quantities')}::int[])
          with ordinality as line (variant_id, quantity, position)
        left join (variants v
          join products on products.id = v.product_id and products.status = 'active'
          join prices p on p.variant_id = v.id) on v.id = line.variant_id
        left join stock s on s.variant_id = line.variant_id`,
    ),
    part(
      'earlier',
      sql`select * from orders
        where customer_id = ${value('customerId')} and idempotency_key = ${value('idempotencyKey')}`,
    ),
    part(
      'sellable',
      sql`select from wanted
        having bool_and(amount is not null and available >= quantity) and count(distinct currency) = 1
          and not exists (select from earlier)`,
    ),
    // What is sold out in what this statement sees is not locked, so those who come too late do not queue.
    part(
      'held',
      sql`select s.variant_id
        from stock s join wanted w on w.variant_id = s.variant_id
        where s.quantity >= w.quantity and exists (select from sellable)
        order by s.variant_id
        for no key update of s`,
    ),
    part(
      'placed',
      sql`insert into orders (customer_id, idempotency_key, fingerprint, currency, items_amount, total_amount)
        select ${value('customerId')}, ${value('idempotencyKey')}, ${value('fingerprint')},
          total.currency, total.amount, total.amount
        from (select min(currency) as currency, sum(quantity::bigint * amount)::bigint as amount from wanted) total
        where (select count(*) from held) = cardinality(${value('variantIds')}::bigint[])
        on conflict on constraint orders_idempotency_key_unique do nothing
        returning *`,
    ),
    part(
      'sold',
      sql`update stock s set quantity = s.quantity - w.quantity
        from placed, wanted w
        where s.variant_id = w.variant_id and s.quantity >= w.quantity
        returning placed.id as order_id, w.position, w.variant_id, w.quantity, w.amount`,
    ),
    part(
      'written',
      sql`insert into order_lines (order_id, position, variant_id, quantity, unit_amount)
        select order_id, position, variant_id, quantity, amount from sold
        returning *`,
    ),
  ]
  const statement = db
    .with(...parts)
    .select({
      placed: sql<Outcome['placed']>`(select ${orderJson(sql`placed`, sql`written`)} from placed)`,
      earlier: sql<Outcome['earlier']>`(select json_build_object(
        'fingerprint', fingerprint, 'order', ${orderJson(sql`earlier`, sql`${orderLines}`)}) from earlier)`,
      wanted: sql<Outcome['wanted']>`(select json_agg(json_build_object(
        'variantId', variant_id, 'quantity', quantity, 'available', available, 'currency', currency)
        order by position) from wanted)`,
    })
    // Said within the statement, so that a traced order holds its rows no longer than another. Empty: nobody traces it.
    .from(sql`(select set_config('shop.traceparent', ${value('traceParent')}, true)) as once`)
    .prepare('order_place')

  return async function place(values) {
    try {
      const [outcome] = await statement.execute({ ...values, traceParent: activeTraceParent() ?? '' })
      if (outcome === undefined) throw new Error('A statement that gives one row gave none')
      return outcome
    } catch (error) {
      const { code, constraint_name } = refusedBy(error)
      if (constraint_name === 'orders_customer_id_customers_id_fk') return 'unknown-customer'
      // With whoever writes stock in another order. Postgres has undone this statement so that the other goes on.
      if (code === '40P01') return 'deadlock'
      throw error
    }
  }
}

/** What Postgres said. drizzle wraps it. */
function refusedBy(error: unknown): { readonly code?: unknown; readonly constraint_name?: unknown } {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  return typeof cause === 'object' && cause !== null ? cause : {}
}

/** An order as it is shown, of a row of `order` and the rows of `lines` that are its own. */
export function orderJson(order: SQL, lines: SQL): SQL<Order> {
  return sql<Order>`json_build_object(
    'id', ${order}.id,
    'status', ${order}.status,
    'currency', ${order}.currency,
    'lines', (
      select json_agg(json_build_object(
        'variantId', line.variant_id,
        'quantity', line.quantity,
        'unitAmount', line.unit_amount,
        'lineAmount', line.line_amount) order by line.position)
      from ${lines} line where line.order_id = ${order}.id),
    'itemsAmount', ${order}.items_amount,
    'shippingAmount', ${order}.shipping_amount,
    'totalAmount', ${order}.total_amount,
    'createdAt', to_char(${order}.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`
}
