/** Random orders at once, some repeated: whatever their mix, nothing is oversold and the money adds up. */

import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'

import { type OrderResult, postgresOrders } from '../src/orders/repository.ts'
import { createDatabase } from './database.ts'
import { insertFixtureWithoutOrders } from './ordering.ts'

const database = await createDatabase()
const { sql } = database
afterAll(() => database.close())

const orders = postgresOrders(database.db)

/** Sold in EUR by the fixture. */
const VARIANTS = [1, 3, 5, 6, 8]

const attempts = fc.array(
  fc.record({
    customerId: fc.integer({ min: 1, max: 2 }),
    // Few, so that they meet.
    idempotencyKey: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
    lines: fc.uniqueArray(
      fc.record({ variantId: fc.constantFrom(...VARIANTS), quantity: fc.integer({ min: 1, max: 4 }) }),
      { minLength: 1, maxLength: VARIANTS.length, selector: ({ variantId }) => variantId },
    ),
  }),
  { minLength: 1, maxLength: 40 },
)

function orderOf(result: OrderResult) {
  return result.type === 'placed' || result.type === 'replayed' ? result.order : undefined
}

test('random orders at once never oversell, are placed once for each key, and add up', async () => {
  await fc.assert(
    fc.asyncProperty(attempts, fc.integer({ min: 0, max: 20 }), async (tried, quantity) => {
      await insertFixtureWithoutOrders(sql)
      await sql`update stock set quantity = ${quantity}`
      const results = await Promise.all(tried.map((attempt) => orders.place(attempt)))

      const placed = results.flatMap((result) => (result.type === 'placed' ? [result.order] : []))
      const stored = await sql<{ id: string; total: number }[]>`select id, total_amount as total from orders`
      expect(stored.map(({ id }) => id).toSorted()).toEqual(placed.map(({ id }) => id).toSorted())
      for (const [index, result] of results.entries()) {
        const order = orderOf(result)
        if (order === undefined) continue
        // What is given back is what was asked for, by this attempt or by one with the same body.
        expect(order.lines.map(({ variantId, quantity }) => ({ variantId, quantity }))).toEqual(tried[index]?.lines)
        const sum = order.lines.reduce((total, { quantity, unitAmount }) => total + quantity * unitAmount, 0)
        expect([order.itemsAmount, order.totalAmount]).toEqual([sum, sum])
        expect(stored.find(({ id }) => id === order.id)?.total).toBe(sum)
      }
      const shelves = await sql<{ left: number; sold: number }[]>`
        select s.quantity as left, coalesce(sum(l.quantity), 0)::bigint as sold
        from stock s left join order_lines l using (variant_id) group by s.variant_id, s.quantity`
      for (const { left, sold } of shelves) expect(left + sold).toBe(quantity)
      // Nobody was turned away for want of stock while there was enough for the largest order.
      const turnedAway = results.filter(({ type }) => type === 'insufficient-stock').length
      expect(turnedAway === 0 || shelves.some(({ left }) => left < 4)).toBe(true)
      expect(results.map(({ type }) => type)).not.toContain('contended')
    }),
    { numRuns: 40 },
  )
})
