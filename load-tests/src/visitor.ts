/** A visitor who keeps a connection open: reads a product, and what its cache said of it. */

import { Agent, request } from 'node:http'

import { ask } from './client.ts'

export interface Seen {
  readonly status: number
  readonly amount: number
  readonly currency: string
  readonly cacheStatus: string
}

export interface Price {
  readonly amount: number
  readonly currency: string
}

export class Visitor {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async read(id: number): Promise<Seen> {
    const { status, cacheStatus, body } = await this.#send('GET', `/products/${id}`)
    const price = (body as { price?: { amount: number; currency: string } }).price
    return { status, cacheStatus, amount: price?.amount ?? -1, currency: price?.currency ?? '' }
  }

  /** Products at once, at most 100. The status is that of the least cached of them. */
  async readMany(ids: readonly number[]): Promise<{ prices: ReadonlyMap<number, Price>; cacheStatus: string }> {
    const { cacheStatus, body } = await this.#send('GET', `/products?ids=${ids.join(',')}`)
    const { items = [] } = body as { items?: readonly { id: number; price: Price }[] }
    return { prices: new Map(items.map(({ id, price }) => [id, price])), cacheStatus }
  }

  async setPrice(id: number, price: Price, token: string): Promise<void> {
    const { status, body } = await this.#send('PUT', `/products/${id}/price`, token, price)
    if (status !== 200) throw new Error(`The price change was answered with ${status}: ${JSON.stringify(body)}`)
  }

  close(): void {
    this.#agent.destroy()
  }

  #send(
    method: string,
    path: string,
    token?: string,
    content?: unknown,
  ): Promise<{ status: number; cacheStatus: string; body: unknown }> {
    const payload = content === undefined ? undefined : JSON.stringify(content)
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(payload && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    }
    return new Promise((resolve, reject) => {
      const sent = request(this.#url + path, { agent: this.#agent, method, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('error', reject)
        response.on('end', () => {
          const cacheStatus = String(response.headers['cache-status'] ?? '')
          resolve({ status: response.statusCode ?? 0, cacheStatus, body: text === '' ? {} : JSON.parse(text) })
        })
      })
      sent.on('error', reject)
      sent.end(payload)
    })
  }
}

/** The ids of the most popular products, at most 100: those that are offered, so that each can be read. */
export async function popularProducts(url: string, count: number): Promise<number[]> {
  const { body } = await ask(`${url}/products?sort=popular&limit=${count}`)
  return (body as { items: { id: number }[] }).items.map(({ id }) => id)
}
