/** An edge for a test: takes purges over HTTP, remembers them, and can refuse, hold or be away. */

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished } from 'vitest'

const SEEN_LIMIT_MS = 20_000

export class EdgeServer {
  /** The keys of each request that was answered with 200. */
  readonly purges: string[][] = []
  /** The longest header with keys that came. */
  longest = 0
  /** What it answers. */
  status = 200
  /** Requests are answered once this resolves. */
  gate: Promise<void> = Promise.resolve()
  /** Requests that came, also those that were refused or never answered. */
  requests = 0
  readonly #server: Server
  #port = 0

  private constructor() {
    this.#server = createServer(async (request, response) => {
      this.requests++
      const keys = String(request.headers['xkey-purge'] ?? '')
      this.longest = Math.max(this.longest, keys.length)
      await this.gate
      const status = request.method === 'PURGE' ? this.status : 405
      if (status === 200) this.purges.push(keys.split(' '))
      response.writeHead(status).end('{}')
    })
  }

  static async open(): Promise<EdgeServer> {
    const edge = new EdgeServer()
    await edge.start()
    onTestFinished(() => edge.stop())
    return edge
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** In the place of the one that went away. */
  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  /** How often it was told to drop what carries this key. */
  told(key: string): number {
    return this.purges.filter((keys) => keys.includes(key)).length
  }

  async hasRequests(count: number): Promise<void> {
    await expect.poll(() => this.requests, { timeout: SEEN_LIMIT_MS, interval: 5 }).toBeGreaterThanOrEqual(count)
  }

  /** At least so often. */
  async isTold(key: string, times: number): Promise<void> {
    await expect.poll(() => this.told(key), { timeout: SEEN_LIMIT_MS, interval: 5 }).toBeGreaterThanOrEqual(times)
  }
}
