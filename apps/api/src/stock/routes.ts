/** The route of stock: what is there at this moment, read from the database each time. */

import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'

import { problemResponses, productNotFound, READ_PROBLEMS } from '../http/problem.ts'
import { refuseInvalid } from '../http/validation.ts'
import { ProductParams } from '../products/schema.ts'
import type { StockRepository } from './repository.ts'
import { ProductStock } from './schema.ts'

const NoQuery = z.strictObject({})

const getRoute = createRoute({
  method: 'get',
  path: '/products/{id}/stock',
  tags: ['products'],
  summary: 'How many pieces of each variant are there',
  description: 'Read from the database each time and never stored, unlike `inStock` of the product.',
  request: { params: ProductParams, query: NoQuery },
  responses: {
    200: {
      description: 'The stock at this moment.',
      content: { 'application/json': { schema: ProductStock } },
    },
    ...problemResponses(...READ_PROBLEMS, 'not-found'),
  },
})

export function stockRoutes(stock: StockRepository): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid })

  app.openapi(getRoute, async (c) => {
    const found = await stock.get(c.req.valid('param').id)
    if (found === undefined) throw productNotFound()
    return c.json(found, 200, { 'Cache-Control': 'no-store' })
  })

  return app
}
