/**
 * A shop with everything in it that makes spans, asked for everything once, also for what is wrong. What people send is
 * marked, so that a test finds it where it must not be.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Sql } from '@shop/db'
import { sign } from 'hono/jwt'
import { onTestFinished } from 'vitest'

import { ADMIN_TOKEN, type ShopProcess } from './process.ts'
import { setPrice, someProduct, type World } from './world.ts'

export const CUSTOMER_SECRET = 'planted-secret-that-signs-the-tokens-of-customers'
/** Of ids, prices and versions: none of these comes about by itself. */
const NUMBERS = { product: 918_273_641, price: 918_273_642, customer: 918_273_643, variant: 918_273_644 } as const

export interface Busy {
  /** What nobody may find in a trace. */
  readonly planted: readonly string[]
  /** How many there were. */
  readonly requests: number
}

/** Resolves when all has been answered; jobs go on. `traced` makes the environment in which a service is traced. */
export async function busyShop(world: World, traced: (service: string) => Record<string, string>): Promise<Busy> {
  const { sql } = world.database
  await plant(sql)
  const [one, two] = await openShop(world, traced)
  const visitor = new Visitor()
  const token = await tokenOf(NUMBERS.customer)
  const product = await someProduct(sql, 0)
  const price = { amount: NUMBERS.price, currency: 'EUR' }
  await Promise.all([
    ...[one, two].flatMap((api) => reads(product).map((path) => visitor.ask(api, path))),
    visitor.ask(one, `/products/${product}`, { 'user-agent': 'planted-agent', 'x-request-id': 'planted-request-id' }),
    visitor.ask(one, `/planted-path?planted-parameter=planted-value`),
    visitor.ask(one, `/admin/cache/product?key=${NUMBERS.product}`, admin),
    visitor.ask(one, '/admin/cache', { authorization: 'Bearer planted-wrong-token' }),
  ])
  await visitor.send(one, 'PUT', `/products/${product}/price`, price)
  await visitor.send(one, 'PUT', `/products/${NUMBERS.product}/price`, price)
  await visitor.send(two, 'PATCH', `/products/${product}`, { name: 'planted-name', categoryId: NUMBERS.product })
  await visitor.send(two, 'PATCH', `/products/${product}`, { name: 'planted-name', description: 'planted-description' })
  await visitor.send(two, 'POST', '/admin/cache/invalidations', { tags: ['planted-tag'] })
  await setPrice(sql, await someProduct(sql, 1), NUMBERS.price)

  const customer = { authorization: `Bearer ${token}` }
  const [variant] = await sql<{ id: number }[]>`
    select v.id from variants v join stock s on s.variant_id = v.id and s.quantity > 0
      where v.product_id = ${await someProduct(sql, 2)} limit 1`
  const order = (key: string, variantId: number | undefined) =>
    visitor.send(
      one,
      'POST',
      '/orders',
      { lines: [{ variantId, quantity: 1 }] },
      { ...customer, 'idempotency-key': key },
    )
  const { id } = (await (await order('planted-key', variant?.id)).json()) as { id: string }
  await order('planted-other-key', NUMBERS.variant)
  await visitor.ask(one, `/orders/${id}`, customer)
  await Promise.all(reads(product).map((path) => visitor.ask(two, path)))
  const numbers = Object.values(NUMBERS).map(String)
  return { planted: ['planted', ADMIN_TOKEN, token, id, ...numbers], requests: visitor.requests }
}

/** Two processes of the API, of which one warms itself, and a worker with all its jobs. */
async function openShop(
  world: World,
  traced: (service: string) => Record<string, string>,
): Promise<readonly [ShopProcess, ShopProcess]> {
  const environment = { CUSTOMER_TOKEN_SECRET: CUSTOMER_SECRET, EDGE_MAX_AGE_S: '10' }
  const [one, two] = await Promise.all([
    world.api({ ...traced('api-1'), ...environment, WARM_LIMIT_MS: '5000' }),
    world.api({ ...traced('api-2'), ...environment }),
  ])
  await world.worker({
    ...traced('worker'),
    API_URLS: `${one.url},${two.url}`,
    EDGE_PURGE_URL: await openEdge(),
    RELAY_INTERVAL_MS: '10',
  })
  return [one, two]
}

type Headers = Readonly<Record<string, string>>

/** Asks, and counts what it has asked. What it gets may be a refusal, and never a failure. */
class Visitor {
  requests = 0

  ask(api: ShopProcess, path: string, headers: Headers = {}): Promise<Response> {
    return this.#fetch(`${api.url}${path}`, { headers })
  }

  send(api: ShopProcess, method: string, path: string, body: object, headers: Headers = admin): Promise<Response> {
    const json = { ...headers, 'content-type': 'application/json' }
    return this.#fetch(`${api.url}${path}`, { method, headers: json, body: JSON.stringify(body) })
  }

  async #fetch(url: string, init: RequestInit): Promise<Response> {
    this.requests++
    const response = await fetch(url, init)
    if (response.status >= 500) throw new Error(`${init.method ?? 'GET'} ${url} was answered with ${response.status}`)
    return response
  }
}

const admin = { authorization: `Bearer ${ADMIN_TOKEN}` }

function reads(product: number): readonly string[] {
  return [
    `/products/${product}`,
    `/products/${NUMBERS.product}`,
    `/products/${product}/related`,
    `/products/${product}/ratings`,
    `/products/${product}/stock`,
    `/products?ids=${product},${NUMBERS.product}`,
    `/products?sort=price&minPrice=1&maxPrice=${NUMBERS.price}`,
    '/products?planted-parameter=planted-value',
    '/search?q=planted%20words',
    '/categories',
    '/categories/planted-slug',
    '/categories/planted-slug/facets',
    '/best-sellers',
  ]
}

/** A customer by whose id, name and address it is known, and views that are due and become others. */
async function plant(sql: Sql): Promise<void> {
  await sql`
    insert into customers (id, email, name) overriding system value
      values (${NUMBERS.customer}, 'planted@example.com', 'planted-customer') on conflict do nothing`
  await sql`update products set brand = 'planted-brand' where id = ${await someProduct(sql, 4)}`
  await sql`update view_refreshes set refreshed_at = now() - interval '1 day'`
  await sql`insert into product_traffic values (1, 100, now() - interval '11 min') on conflict do nothing`
}

export function tokenOf(customer: number): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return sign({ sub: String(customer), iat: now, exp: now + 3600 }, CUSTOMER_SECRET, 'HS256')
}

/** An edge that has nothing and says that it is purged. */
export async function openEdge(): Promise<string> {
  const server = createServer((_, response) => void response.end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
