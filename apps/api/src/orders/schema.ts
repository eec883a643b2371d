/**
 * What an order looks like from outside, and what a client may send.
 *
 * Amounts are integers in minor units of the one currency an order has.
 */

import { z } from '@hono/zod-openapi'

const MAX_LINES = 50
const MAX_QUANTITY = 100

/** A variant that can be bought in each size of the seed; the price below is that of `demo`. */
const newOrderExample = { lines: [{ variantId: 136, quantity: 2 }] }

export const NewOrder = z
  .strictObject({
    lines: z
      .array(
        z.strictObject({
          variantId: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
          quantity: z.number().int().min(1).max(MAX_QUANTITY),
        }),
      )
      .min(1)
      .max(MAX_LINES)
      .check(({ value, issues }) => {
        const seen = new Set<number>()
        for (const [index, { variantId }] of value.entries()) {
          if (seen.has(variantId)) {
            const message = 'Each variant once: add up its quantities.'
            issues.push({ code: 'custom', path: [index, 'variantId'], message, input: variantId })
          }
          seen.add(variantId)
        }
      }),
  })
  .openapi('NewOrder', { example: newOrderExample })

export type NewOrder = z.infer<typeof NewOrder>

export const Order = z
  .object({
    id: z.uuid(),
    status: z.enum(['placed', 'paid', 'shipped', 'cancelled']),
    currency: z.string().openapi({ description: 'ISO 4217, of every amount of the order.' }),
    lines: z
      .array(
        z.object({
          variantId: z.number().int(),
          quantity: z.number().int(),
          unitAmount: z.number().int().openapi({ description: 'The price when it was ordered, in minor units.' }),
          lineAmount: z.number().int(),
        }),
      )
      .openapi({ description: 'In the order in which they were sent.' }),
    itemsAmount: z.number().int(),
    shippingAmount: z.number().int(),
    totalAmount: z.number().int(),
    createdAt: z.iso.datetime(),
  })
  .openapi('Order', {
    example: {
      id: '01a9a2f4-1f0e-4c55-9d42-6f0f4ce1b7a3',
      status: 'placed',
      currency: 'EUR',
      lines: [{ variantId: 136, quantity: 2, unitAmount: 1699, lineAmount: 3398 }],
      itemsAmount: 3398,
      shippingAmount: 0,
      totalAmount: 3398,
      createdAt: '2026-11-20T09:30:00.000Z',
    },
  })

export type Order = z.infer<typeof Order>

/** No example: an id is made for each order, so there is none that every shop has. */
export const OrderParams = z.object({
  id: z.uuid({ error: 'Expected the id of an order.' }).openapi({ format: 'uuid' }),
})

export const IdempotencyKey = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, 'Expected 1 to 200 visible ASCII characters.')
    .openapi({
      description:
        'A key of your choice for this order, such as a random UUID; the same for every attempt to place it. It is yours: another customer may use the same.',
      example: '8e03978e-40d5-43dd-bc93-6894a57f9324',
    }),
})
