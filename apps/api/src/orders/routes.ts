/** The routes of orders, each for the customer whose token came with it. */

import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'

import type { CustomerEnv } from '../http/customer.ts'
import { CUSTOMER_SCHEME } from '../http/docs.ts'
import {
  CUSTOMER_PROBLEMS,
  customerUnauthorized,
  idempotencyKeyReused,
  insufficientStock,
  mixedCurrencies,
  orderNotFound,
  type ProblemError,
  problemResponses,
  unavailable,
  unknownVariants,
} from '../http/problem.ts'
import { refuseInvalid } from '../http/validation.ts'
import type { OrderRefusal, OrderRepository } from './repository.ts'
import { IdempotencyKey, NewOrder, Order, OrderParams } from './schema.ts'

const NoQuery = z.strictObject({})

/** Nobody keeps an order but its customer, and not even a browser's cache. */
const PRIVATE = { 'Cache-Control': 'private, no-store' } as const

const placeRoute = createRoute({
  method: 'post',
  path: '/orders',
  tags: ['orders'],
  summary: 'Place an order',
  description:
    'All of it or nothing: either every line is sold at the price of this moment, or the order is refused and nothing is. Send the same `Idempotency-Key` with every attempt to place one order, and it is placed once, however often you have to try. A key belongs to the order that was placed with it; after a refusal it is as good as new.',
  security: [{ [CUSTOMER_SCHEME]: [] }],
  request: {
    query: NoQuery,
    headers: IdempotencyKey,
    body: { required: true, content: { 'application/json': { schema: NewOrder } } },
  },
  responses: {
    201: {
      description:
        'The order. An attempt after the first gets the same order as it is by then, with `Idempotency-Replayed: true`: a client that never saw the first need not tell them apart.',
      headers: {
        Location: {
          description: 'The address of the order.',
          schema: { type: 'string', example: '/orders/01a9a2f4-1f0e-4c55-9d42-6f0f4ce1b7a3' },
        },
        'Idempotency-Replayed': {
          description: 'There, and `true`, if the order was placed by an earlier attempt.',
          schema: { type: 'string', enum: ['true'] },
        },
      },
      content: { 'application/json': { schema: Order } },
    },
    ...problemResponses(
      ...CUSTOMER_PROBLEMS,
      'body-too-large',
      'unsupported-media-type',
      'insufficient-stock',
      'unknown-reference',
      'mixed-currencies',
      'idempotency-key-reused',
    ),
  },
})

const getRoute = createRoute({
  method: 'get',
  path: '/orders/{id}',
  tags: ['orders'],
  summary: 'One of your orders',
  description: "Somebody else's order is not found, as if there were none.",
  security: [{ [CUSTOMER_SCHEME]: [] }],
  request: { params: OrderParams, query: NoQuery },
  responses: {
    200: { description: 'The order as it is.', content: { 'application/json': { schema: Order } } },
    ...problemResponses(...CUSTOMER_PROBLEMS, 'not-found'),
  },
})

export function orderRoutes(
  orders: OrderRepository,
  requireCustomer: MiddlewareHandler<CustomerEnv>,
): OpenAPIHono<CustomerEnv> {
  const app = new OpenAPIHono<CustomerEnv>({ defaultHook: refuseInvalid })

  app.openapi({ ...placeRoute, middleware: requireCustomer }, async (c) => {
    const result = await orders.place({
      customerId: c.get('customerId'),
      idempotencyKey: c.req.valid('header')['Idempotency-Key'],
      lines: c.req.valid('json').lines,
    })
    if (result.type !== 'placed' && result.type !== 'replayed') throw refusalProblem(result)
    return c.json(result.order, 201, {
      ...PRIVATE,
      Location: `/orders/${result.order.id}`,
      ...(result.type === 'replayed' && { 'Idempotency-Replayed': 'true' }),
    })
  })

  app.openapi({ ...getRoute, middleware: requireCustomer }, async (c) => {
    const order = await orders.get(c.get('customerId'), c.req.valid('param').id)
    if (order === undefined) throw orderNotFound()
    return c.json(order, 200, PRIVATE)
  })

  return app
}

function refusalProblem(refusal: OrderRefusal): ProblemError {
  switch (refusal.type) {
    case 'key-reused':
      return idempotencyKeyReused()
    case 'unknown-customer':
      // Signed by us, for somebody who is no customer (any more).
      return customerUnauthorized('Bearer realm="shop", error="invalid_token"')
    case 'unknown-variants':
      return unknownVariants(refusal.lines)
    case 'mixed-currencies':
      return mixedCurrencies()
    case 'insufficient-stock':
      return insufficientStock(refusal.shortages)
    case 'contended':
      return unavailable()
  }
}
