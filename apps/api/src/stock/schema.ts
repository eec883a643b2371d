/** What is known of the stock of a product, from outside. */

import { z } from '@hono/zod-openapi'

/** Product 42 of the seed, before anybody has ordered. */
const stockExample = {
  productId: 42,
  variants: [
    { id: 137, sku: 'ZZ-1616-03', quantity: 15, inStock: true },
    { id: 138, sku: 'ZZ-1616-04', quantity: 31, inStock: true },
  ],
}

export const ProductStock = z
  .object({
    productId: z.number().int(),
    variants: z.array(
      z.object({
        id: z.number().int(),
        sku: z.string(),
        quantity: z.number().int().openapi({ description: 'Pieces that can be ordered.' }),
        inStock: z.boolean(),
      }),
    ),
  })
  .openapi('ProductStock', { example: stockExample })

export type ProductStock = z.infer<typeof ProductStock>
