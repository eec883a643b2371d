/**
 * A small shop that counts everything our dashboards ask for: Postgres, Redis, two API processes and a worker, an edge that
 * fails at first, and an API that lies to the audit.
 *
 *     worker ── audit ──▶ api, liar ──▶ api with another name for each product        a difference
 *                    └──▶ a port that nobody listens at                               a failure
 *     worker ── purge ──▶ edge: 503, then 200                                         a failure, then a lag
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { connect, migrate, seed } from '@shop/db'
import { freePort, startPostgres, startRedis, temporaryDirectory, throwaway } from '@shop/local-stack'
import { readExposition } from '@shop/telemetry/testing'

import { customerToken } from '../../apps/api/src/http/customer.ts'

const MAIN = (app: string) => fileURLToPath(new URL(`../../apps/${app}/src/main.ts`, import.meta.url))
const ADMIN_TOKEN = 'the-token-of-this-process'
const CUSTOMER_TOKEN_SECRET = 'the-secret-of-customers-of-this-test'

/** By the name of a sample, such as `x_bucket`: the labels that were seen. */
export type Scraped = ReadonlyMap<string, ReadonlySet<string>>

export interface WatchedShop {
  /** What all processes export now. */
  scrape(): Promise<Scraped>
  /** Pages are read, a price changes, an order is placed; of another product at each call, so that the audit may judge. */
  visit(): Promise<void>
  stop(): Promise<void>
}

export async function openWatchedShop(): Promise<WatchedShop> {
  const ends: (() => Promise<unknown>)[] = []
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) await end()
  }
  try {
    return { ...(await open(ends)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function open(ends: (() => Promise<unknown>)[]): Promise<Omit<WatchedShop, 'stop'>> {
  const directory = await temporaryDirectory('watched-shop')
  ends.push(() => directory.remove())
  const postgres = await startPostgres({ dir: `${directory.path}/postgres`, settings: throwaway })
  ends.push(() => postgres.stop())
  const redis = await startRedis({ dir: `${directory.path}/redis` })
  ends.push(() => redis.stop())
  await migrate(postgres.url)
  await seed(postgres.url, { size: 'tiny' })
  const { sql, close } = connect({ url: postgres.url, max: 1, applicationName: 'watched-shop' })
  ends.push(close)

  const servers = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, LOG_LEVEL: 'fatal' }
  const start = async (app: 'api' | 'worker', environment: Readonly<Record<string, string>>) => {
    const child = fork(MAIN(app), {
      env: { PATH: process.env.PATH, PORT: '0', ...servers, ...environment },
      execArgv: [],
    })
    ends.push(() => kill(child))
    const [message] = await once(child, 'message')
    return (message as { url: string }).url
  }
  const api = { ADMIN_TOKEN, CUSTOMER_TOKEN_SECRET, EDGE_MAX_AGE_S: '60' }
  const [one, two] = await Promise.all([start('api', api), start('api', api)])
  const worker = await start('worker', {
    API_URLS: [one, await startLiar(one, ends), `http://127.0.0.1:${await freePort()}`].join(','),
    EDGE_PURGE_URL: await startEdge(ends),
  })

  let visits = 0
  return {
    async scrape() {
      const pages = await Promise.all([one, two, worker].map(async (url) => (await fetch(`${url}/metrics`)).text()))
      const seen = new Map<string, Set<string>>()
      for (const page of pages) {
        for (const { samples } of readExposition(page, 'text').values()) {
          for (const { name, labels } of samples) seen.set(name, new Set([...(seen.get(name) ?? []), ...labels.keys()]))
        }
      }
      return seen
    },

    async visit() {
      const [variant] = await sql<{ id: number; product: number; amount: number }[]>`
        select v.id, v.product_id as product, p.amount from stock s join variants v on v.id = s.variant_id
          join products on products.id = v.product_id join prices p on p.variant_id = v.id
          where s.quantity > 5 and products.status = 'active' order by v.id limit 1 offset ${visits++}`
      if (!variant) throw new Error('The seed has nothing to sell')
      const product = `/products/${variant.product}`
      // Both at once, so that one waits for the other's load.
      await Promise.all([one, one, two, two].map((url) => fetch(url + product)))
      for (const path of ['/products?sort=popular', '/categories', '/best-sellers']) await fetch(one + path)
      await fetch(`${one}${product}/price`, {
        method: 'PUT',
        headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ amount: variant.amount + 1, currency: 'EUR' }),
      })
      // As psql would: left for the relay.
      await sql`update products set description = description || '.' where id = ${variant.product}`
      const order = await fetch(`${one}/orders`, {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${await customerToken(CUSTOMER_TOKEN_SECRET, 1, 60)}`,
          'Content-Type': 'application/json',
          'Idempotency-Key': crypto.randomUUID(),
        },
        body: JSON.stringify({ lines: [{ variantId: variant.id, quantity: 1 }] }),
      })
      if (!order.ok) throw new Error(`The order was answered with ${order.status}: ${await order.text()}`)
    },
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function startEdge(ends: (() => Promise<unknown>)[]): Promise<string> {
  let purges = 0
  return listen(ends, async () => new Response('', { status: purges++ === 0 ? 503 : 200 }))
}

async function startLiar(api: string, ends: (() => Promise<unknown>)[]): Promise<string> {
  return listen(ends, async (path) => {
    const answer = await fetch(api + path)
    return new Response((await answer.text()).replaceAll('"brand":"', '"brand":"Not '), answer)
  })
}

async function listen(ends: (() => Promise<unknown>)[], answer: (path: string) => Promise<Response>): Promise<string> {
  const server = createServer(async (request, response) => {
    const { status, headers, ...rest } = await answer(request.url ?? '/').then(async (given) => ({
      status: given.status,
      headers: { 'Content-Type': 'application/json', 'Cache-Status': given.headers.get('Cache-Status') ?? '' },
      body: await given.text(),
    }))
    response.writeHead(status, headers).end(rest.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
