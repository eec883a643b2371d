import { afterAll, beforeEach, describe, expect, test } from 'vitest'

import { createDatabase } from '../../test/database.ts'
import { asCustomer, insertFixtureWithoutOrders } from '../../test/ordering.ts'
import { createTestApp } from '../../test/test-app.ts'
import type { Problem } from '../http/problem.ts'
import { postgresOrders } from './repository.ts'
import { Order } from './schema.ts'

const database = await createDatabase()
beforeEach(() => insertFixtureWithoutOrders(database.sql))
afterAll(() => database.close())

const { request } = createTestApp({ orders: postgresOrders(database.db) })

/** Variants of the fixture, with five pieces of each: 29.99, 19.99 and 199.99 EUR, and 14.99 USD. */
const STEEL = 1
const GLASS = 3
const OVER = 5
const TORCH_USD = 11
const SOLD_OUT = 2
const ARCHIVED = 13

type Line = { readonly variantId: number; readonly quantity: number }

async function post(body: unknown, { key = 'a-key', customer = 1, headers = {} } = {}): Promise<Response> {
  return request('/orders', {
    method: 'POST',
    headers: {
      ...(await asCustomer(customer)),
      'Content-Type': 'application/json',
      'Idempotency-Key': key,
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

function placeLines(lines: readonly Line[], options = {}): Promise<Response> {
  return post({ lines }, options)
}

async function read(path: string, customer = 1): Promise<Response> {
  return request(path, { headers: await asCustomer(customer) })
}

async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('Cache-Control')).toBe('no-store')
  return (await response.json()) as Problem
}

async function quantityOf(variantId: number): Promise<number | undefined> {
  const [row] = await database.sql<{ quantity: number }[]>`select quantity from stock where variant_id = ${variantId}`
  return row?.quantity
}

async function countOrders(): Promise<number> {
  const [row] = await database.sql<{ count: number }[]>`select count(*) from orders`
  return row?.count ?? 0
}

describe('POST /orders', () => {
  test('sells at the price of the moment and gives the order and its address', async () => {
    const response = await placeLines([
      { variantId: OVER, quantity: 2 },
      { variantId: STEEL, quantity: 1 },
    ])
    expect(response.status).toBe(201)
    expect(response.headers.get('Cache-Control')).toBe('private, no-store')
    expect(response.headers.get('Idempotency-Replayed')).toBeNull()
    const order = Order.strict().parse(await response.json())
    expect(response.headers.get('Location')).toBe(`/orders/${order.id}`)
    expect(order).toMatchObject({
      status: 'placed',
      currency: 'EUR',
      lines: [
        { variantId: OVER, quantity: 2, unitAmount: 19_999, lineAmount: 39_998 },
        { variantId: STEEL, quantity: 1, unitAmount: 2999, lineAmount: 2999 },
      ],
      itemsAmount: 42_997,
      shippingAmount: 0,
      totalAmount: 42_997,
    })
    expect([await quantityOf(OVER), await quantityOf(STEEL)]).toEqual([3, 4])
  })

  test('the last piece can be bought, and then none', async () => {
    expect((await placeLines([{ variantId: STEEL, quantity: 5 }])).status).toBe(201)
    const response = await placeLines([{ variantId: STEEL, quantity: 1 }], { key: 'another' })
    expect(response.status).toBe(409)
    expect((await problemOf(response)).errors).toEqual([
      { pointer: '/lines/0/quantity', detail: 'Sold out.', variantId: STEEL, left: 0 },
    ])
  })

  test('a price that has changed is the one that is paid', async () => {
    await database.sql`update prices set amount = 2500 where variant_id = ${STEEL}`
    const order = Order.parse(await (await placeLines([{ variantId: STEEL, quantity: 3 }])).json())
    expect([order.lines[0]?.unitAmount, order.totalAmount]).toEqual([2500, 7500])
  })

  test('a price of nothing is a price', async () => {
    const response = await placeLines([{ variantId: 12, quantity: 1 }])
    expect([response.status, await response.json()]).toMatchObject([201, { totalAmount: 0 }])
  })

  test('an order of fifty variants is one order', async () => {
    await database.sql`insert into variants (product_id, sku, title) select 1, 'MANY-' || n, 'n'
      from generate_series(1, 50) n`
    const ids = (
      await database.sql<{ id: number }[]>`select id from variants where sku like 'MANY-%' order by id desc`
    ).map(({ id }) => id)
    await database.sql`insert into prices (variant_id, amount, currency) select id, 2147483647, 'EUR' from variants
      where sku like 'MANY-%'`
    await database.sql`insert into stock select id, 100 from variants where sku like 'MANY-%'`
    const response = await placeLines(ids.map((variantId) => ({ variantId, quantity: 100 })))
    const order = Order.parse(await response.json())
    expect(order.lines.map(({ variantId }) => variantId)).toEqual(ids)
    expect(order.totalAmount).toBe(50 * 100 * 2_147_483_647)
  })

  describe('with a key that has been used', () => {
    const lines = [{ variantId: STEEL, quantity: 2 }]

    test('and the same body gives the very same answer, says so, and sells nothing', async () => {
      const first = await placeLines(lines)
      await database.sql`update prices set amount = 1 where variant_id = ${STEEL}`
      const again = await post('{ "lines": [ { "quantity": 2, "variantId": 1 } ] }')
      expect(again.status).toBe(201)
      expect(again.headers.get('Idempotency-Replayed')).toBe('true')
      expect(again.headers.get('Location')).toBe(first.headers.get('Location'))
      expect(await again.text()).toBe(await first.text())
      expect([await quantityOf(STEEL), await countOrders()]).toEqual([3, 1])
    })

    test.each([
      ['another quantity', [{ variantId: STEEL, quantity: 1 }]],
      ['another variant', [{ variantId: GLASS, quantity: 2 }]],
      ['a line more', [...lines, { variantId: GLASS, quantity: 1 }]],
      ['a variant that does not exist', [{ variantId: 4711, quantity: 1 }]],
    ])('and %s is refused', async (_, other) => {
      await placeLines(lines)
      const response = await placeLines(other)
      expect(response.status).toBe(422)
      expect(await problemOf(response)).toMatchObject({
        type: '/problems/idempotency-key-reused',
        errors: [{ parameter: 'Idempotency-Key' }],
      })
      expect([await quantityOf(STEEL), await countOrders()]).toEqual([3, 1])
    })

    test('by another customer is a key of its own', async () => {
      await placeLines(lines)
      const response = await placeLines([{ variantId: GLASS, quantity: 1 }], { customer: 2 })
      expect([response.status, response.headers.get('Idempotency-Replayed')]).toEqual([201, null])
    })

    test('is replayed when nothing is left, or the product is archived by now', async () => {
      await placeLines([{ variantId: STEEL, quantity: 5 }])
      expect((await placeLines([{ variantId: STEEL, quantity: 5 }])).status).toBe(201)
      await database.sql`update products set status = 'archived' where id = 1`
      expect((await placeLines([{ variantId: STEEL, quantity: 5 }])).status).toBe(201)
    })

    test('in vain is as good as new', async () => {
      expect((await placeLines([{ variantId: STEEL, quantity: 6 }])).status).toBe(409)
      const response = await placeLines(lines)
      expect([response.status, response.headers.get('Idempotency-Replayed')]).toEqual([201, null])
    })

    test('by an order whose body is not known is refused', async () => {
      await placeLines(lines)
      await database.sql`update orders set fingerprint = null`
      expect((await placeLines(lines)).status).toBe(422)
    })
  })

  describe('is refused, and nothing is sold,', () => {
    test('when one line is more than there is: each such line is named with what is left', async () => {
      const response = await placeLines([
        { variantId: OVER, quantity: 6 },
        { variantId: STEEL, quantity: 1 },
        { variantId: SOLD_OUT, quantity: 1 },
      ])
      expect(response.status).toBe(409)
      expect(await problemOf(response)).toMatchObject({
        type: '/problems/insufficient-stock',
        errors: [
          { pointer: '/lines/0/quantity', detail: 'At most 5.', variantId: OVER, left: 5 },
          { pointer: '/lines/2/quantity', detail: 'Sold out.', variantId: SOLD_OUT, left: 0 },
        ],
      })
    })

    test('when the stock of a variant was never counted', async () => {
      await database.sql`delete from stock where variant_id = ${GLASS}`
      expect((await placeLines([{ variantId: GLASS, quantity: 1 }])).status).toBe(409)
    })

    test('when a variant does not exist, or its product is archived: each line is pointed to', async () => {
      const response = await placeLines([
        { variantId: STEEL, quantity: 1 },
        { variantId: ARCHIVED, quantity: 1 },
        { variantId: 4711, quantity: 1 },
      ])
      expect(response.status).toBe(422)
      const problem = await problemOf(response)
      expect(problem.type).toBe('/problems/unknown-reference')
      expect(problem.errors).toMatchObject([{ pointer: '/lines/1/variantId' }, { pointer: '/lines/2/variantId' }])
    })

    test('when the lines have more than one currency', async () => {
      const response = await placeLines([
        { variantId: STEEL, quantity: 1 },
        { variantId: TORCH_USD, quantity: 1 },
      ])
      expect(response.status).toBe(422)
      expect((await problemOf(response)).type).toBe('/problems/mixed-currencies')
    })

    test('when the token is of somebody who is no customer', async () => {
      const response = await placeLines([{ variantId: STEEL, quantity: 1 }], { customer: 4711 })
      expect(response.status).toBe(401)
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="shop", error="invalid_token"')
    })

    test.each([
      [{}, ['/lines']],
      [{ lines: [] }, ['/lines']],
      [{ lines: Array.from({ length: 51 }, (_, n) => ({ variantId: n + 1, quantity: 1 })) }, ['/lines']],
      [{ lines: [{ variantId: 1, quantity: 0 }] }, ['/lines/0/quantity']],
      [{ lines: [{ variantId: 1, quantity: 101 }] }, ['/lines/0/quantity']],
      [{ lines: [{ variantId: 1, quantity: 1.5 }] }, ['/lines/0/quantity']],
      [{ lines: [{ variantId: 1, quantity: '1' }] }, ['/lines/0/quantity']],
      [{ lines: [{ variantId: 0, quantity: 1 }] }, ['/lines/0/variantId']],
      [{ lines: [{ variantId: 9_007_199_254_740_992, quantity: 1 }] }, ['/lines/0/variantId']],
      [{ lines: [{ quantity: 1 }] }, ['/lines/0/variantId']],
      [{ lines: [{ variantId: 1, quantity: 1, price: 1 }] }, ['/lines/0/price']],
      [{ lines: [{ variantId: 1, quantity: 1 }], customerId: 2 }, ['/customerId']],
      [
        {
          lines: [
            { variantId: 1, quantity: 1 },
            { variantId: 1, quantity: 2 },
          ],
        },
        ['/lines/1/variantId'],
      ],
    ])('when the body is %j', async (body, pointers) => {
      const response = await post(body)
      expect(response.status).toBe(400)
      const { errors = [] } = await problemOf(response)
      expect(errors.map((error) => 'pointer' in error && error.pointer)).toEqual(pointers)
    })

    test.each(['', 'two words', 'x'.repeat(201), 'schlüssel'])('when the key is %j', async (key) => {
      const response = await placeLines([{ variantId: STEEL, quantity: 1 }], { key })
      expect(response.status).toBe(400)
      expect((await problemOf(response)).errors).toMatchObject([{ parameter: 'Idempotency-Key' }])
    })

    test('when there is no key', async () => {
      const response = await request('/orders', {
        method: 'POST',
        headers: { ...(await asCustomer(1)), 'Content-Type': 'application/json' },
        body: JSON.stringify({ lines: [{ variantId: STEEL, quantity: 1 }] }),
      })
      expect(response.status).toBe(400)
      expect((await problemOf(response)).errors).toEqual([{ parameter: 'Idempotency-Key', detail: 'Required.' }])
    })

    test('when there is no token, whatever else is wrong', async () => {
      const response = await request('/orders', { method: 'POST', body: '{' })
      expect(response.status).toBe(401)
    })

    test('when the body is not JSON, or has another type, or the query says something', async () => {
      expect((await post('{')).status).toBe(400)
      expect((await post('{}', { headers: { 'Content-Type': 'text/plain' } })).status).toBe(415)
      const response = await request('/orders?dryRun=true', {
        method: 'POST',
        headers: { ...(await asCustomer(1)), 'Content-Type': 'application/json', 'Idempotency-Key': 'k' },
        body: JSON.stringify({ lines: [{ variantId: STEEL, quantity: 1 }] }),
      })
      expect(response.status).toBe(400)
    })
  })

  test('a key may have 1 to 200 characters', async () => {
    for (const key of ['~', 'x'.repeat(200)]) {
      expect((await placeLines([{ variantId: STEEL, quantity: 1 }], { key })).status).toBe(201)
    }
  })
})

describe('GET /orders/{id}', () => {
  test('gives its customer what placing it gave', async () => {
    const placed = await placeLines([{ variantId: STEEL, quantity: 1 }])
    const response = await read(placed.headers.get('Location') ?? '')
    expect(response.status).toBe(200)
    expect(response.headers.get('Cache-Control')).toBe('private, no-store')
    expect(await response.text()).toBe(await placed.text())
  })

  test('of somebody else is not found, word for word as one that does not exist', async () => {
    const { headers } = await placeLines([{ variantId: STEEL, quantity: 1 }])
    const [foreign, absent] = await Promise.all(
      [headers.get('Location') ?? '', '/orders/00000000-0000-4000-8000-000000000000'].map((path) => read(path, 2)),
    )
    expect([foreign?.status, absent?.status]).toEqual([404, 404])
    const [one, other] = await Promise.all([foreign, absent].map((response) => problemOf(response as Response)))
    expect({ ...one, requestId: '' }).toEqual({ ...other, requestId: '' })
  })

  test('with an id that is none is refused', async () => {
    const response = await read('/orders/17')
    expect(response.status).toBe(400)
    expect((await problemOf(response)).errors).toEqual([{ parameter: 'id', detail: 'Expected the id of an order.' }])
  })

  test('without a token is 401', async () => {
    expect((await request('/orders/00000000-0000-4000-8000-000000000000')).status).toBe(401)
  })
})
