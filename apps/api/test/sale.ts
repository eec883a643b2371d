/**
 * A sale: many buyers at once for few pieces, and what is found in the database afterwards.
 *
 * Each buyer is a customer who wants one piece and has one key. He goes to the process he was given and, if the connection
 * fails, to the next with the same key: he cannot know whether he has ordered already. Their connections are bounded,
 * as those of a load balancer are.
 *
 *     buyers    1   2   3   4  …         all at once
 *               │   │   │   │            CONNECTIONS of each process
 *     API       1   2   1   2            one may be killed in the middle
 *               └───┴───┴───┴─▶ Postgres: one row of stock
 */

import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { json } from 'node:stream/consumers'
import type { Sql } from '@shop/db'

import { customerToken } from '../src/http/customer.ts'

const CONNECTIONS = 64
const MAX_ATTEMPTS = 5
const ANSWER_LIMIT_MS = 20_000
const TOKEN_SECONDS = 600
const PRICE = 4999

export interface SaleOptions {
  readonly sql: Sql
  /** What the processes check tokens with. */
  readonly secret: string
  readonly units: number
  readonly buyers: number
  readonly processes: readonly { readonly url: string; kill(): void }[]
  /** Kills the first process once a third of the pieces are sold. */
  readonly kill: boolean
  /** Called with the number of buyers who have their answer. */
  readonly report?: (answered: number) => void
}

export interface Sale {
  /** What must be true of it. */
  readonly findings: readonly Finding[]
  readonly seconds: number
  /** Attempts whose connection failed. */
  readonly failedAttempts: number
  /** Orders that an attempt placed whose answer never arrived. */
  readonly replayed: number
}

export interface Finding {
  readonly fact: string
  readonly expected: number
  readonly found: number
}

interface Answer {
  readonly status: number
  readonly orderId: string | undefined
  readonly replayed: boolean
}

export async function holdSale(options: SaleOptions): Promise<Sale> {
  const { sql, secret, units, buyers, processes, report } = options
  const { variantId, customerIds } = await stockShelf(sql, units, buyers)
  const tokens = await Promise.all(customerIds.map((id) => customerToken(secret, id, TOKEN_SECONDS)))
  const doors = processes.map(({ url }) => ({ url, agent: new Agent({ keepAlive: true, maxSockets: CONNECTIONS }) }))
  const body = JSON.stringify({ lines: [{ variantId, quantity: 1 }] })
  let killAt = options.kill ? Math.ceil(units / 3) : Number.POSITIVE_INFINITY
  let [answered, sold, failedAttempts] = [0, 0, 0]

  const buy = async (buyer: number): Promise<Answer | undefined> => {
    const headers = {
      Authorization: `Bearer ${tokens[buyer]}`,
      'Content-Type': 'application/json',
      'Content-Length': body.length,
      'Idempotency-Key': `sale-${buyer}`,
    }
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const door = doors[(buyer + attempt) % doors.length] as (typeof doors)[number]
      const answer = await order(door, headers, body).catch(() => undefined)
      if (answer === undefined) {
        failedAttempts++
        continue
      }
      report?.(++answered)
      if (answer.status === 201 && ++sold >= killAt) {
        killAt = Number.POSITIVE_INFINITY
        processes[0]?.kill()
      }
      return answer
    }
    return undefined
  }

  const startedAt = performance.now()
  const answers = await Promise.all(tokens.map((_, buyer) => buy(buyer)))
  const seconds = (performance.now() - startedAt) / 1000
  for (const { agent } of doors) agent.destroy()
  return {
    findings: await findings(options, variantId, answers),
    seconds,
    failedAttempts,
    replayed: answers.filter((answer) => answer?.replayed).length,
  }
}

/** A product of its own, so that a database may see several sales, and a customer for each buyer. */
async function stockShelf(sql: Sql, units: number, buyers: number) {
  const name = `sale-${randomUUID()}`
  return sql.begin(async (tx) => {
    const [variant] = await tx<{ id: number; productId: number }[]>`
      with category as (insert into categories (slug, name) values (${name}, 'Sale') returning id),
        product as (
          insert into products (slug, name, brand, category_id) select ${name}, 'On sale', 'Shop', id from category
          returning id)
      insert into variants (product_id, sku, title) select id, ${name.toUpperCase()}, 'One' from product
      returning id, product_id as "productId"`
    if (variant === undefined) throw new Error('The insert of a variant gave none')
    await tx`insert into prices (variant_id, amount, currency) values (${variant.id}, ${PRICE}, 'EUR')`
    await tx`insert into stock values (${variant.id}, ${units})`
    await tx`update products set status = 'active' where id = ${variant.productId}`
    const customers = await tx<{ id: number }[]>`insert into customers (email, name)
      select ${name} || '-' || n || '@example.com', 'Buyer ' || n from generate_series(1, ${buyers}::int) n
      returning id`
    return { variantId: variant.id, customerIds: customers.map(({ id }) => id) }
  })
}

/** Rejects when the connection fails, at whatever moment. */
function order(
  { url, agent }: { readonly url: string; readonly agent: Agent },
  headers: Readonly<Record<string, string | number>>,
  body: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/orders`, { method: 'POST', agent, headers, timeout: ANSWER_LIMIT_MS }, (response) => {
      const read = async (): Promise<Answer> => {
        const { id } = (await json(response)) as { id?: string }
        const { statusCode = 0, headers } = response
        return { status: statusCode, orderId: id, replayed: headers['idempotency-replayed'] === 'true' }
      }
      read().then(resolve, reject)
    })
    sent.once('timeout', () => sent.destroy(new Error('No answer in time')))
    sent.once('error', reject)
    sent.end(body)
  })
}

async function findings(
  { sql, units, buyers }: SaleOptions,
  variantId: number,
  answers: readonly (Answer | undefined)[],
): Promise<readonly Finding[]> {
  const sold = Math.min(units, buyers)
  const [left] = await sql<{ quantity: number }[]>`select quantity from stock where variant_id = ${variantId}`
  const rows = await sql<{ id: string; customerId: number; quantity: number; amount: number; total: number }[]>`
    select o.id, o.customer_id as "customerId", l.quantity, l.line_amount as amount, o.total_amount as total
    from orders o join order_lines l on l.order_id = o.id where l.variant_id = ${variantId}`
  const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0)
  const statuses = answers.map((answer) => answer?.status)
  const told = new Set(answers.flatMap((answer) => answer?.orderId ?? []))
  return [
    { fact: 'buyers told that they have one', expected: sold, found: statuses.filter((s) => s === 201).length },
    { fact: 'buyers told that none is left', expected: buyers - sold, found: statuses.filter((s) => s === 409).length },
    {
      fact: 'buyers told anything else, or nothing',
      expected: 0,
      found: statuses.filter((s) => s !== 201 && s !== 409).length,
    },
    { fact: 'orders', expected: sold, found: rows.length },
    { fact: 'orders whose buyer was not told', expected: 0, found: rows.filter(({ id }) => !told.has(id)).length },
    {
      fact: 'buyers with two orders',
      expected: 0,
      found: rows.length - new Set(rows.map(({ customerId }) => customerId)).size,
    },
    { fact: 'pieces in orders', expected: sold, found: sum(rows.map(({ quantity }) => quantity)) },
    { fact: 'pieces left', expected: units - sold, found: left?.quantity ?? Number.NaN },
    { fact: 'worth of the lines, in cents', expected: sold * PRICE, found: sum(rows.map(({ amount }) => amount)) },
    { fact: 'worth of the orders, in cents', expected: sold * PRICE, found: sum(rows.map(({ total }) => total)) },
  ]
}
