/**
 * Requests of our own, beside those of k6.
 *
 * Each on a connection of its own, which is closed when the answer is given back: otherwise it would be counted among
 * those of the visitors.
 */

import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Parsed. `undefined` when there was none. */
  readonly body: unknown
}

export interface Question {
  readonly method?: 'GET' | 'PUT' | 'POST'
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

const LIMIT_MS = 10_000

export function ask(url: string, { method = 'GET', token, body, ...more }: Question = {}): Promise<Answer> {
  const payload = body === undefined ? undefined : JSON.stringify(body)
  const headers = {
    ...more.headers,
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    ...(payload !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) }),
  }
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(LIMIT_MS)
    const sent = request(url, { method, headers, agent: false, signal }, (response) => {
      const closed = once(response.socket, 'close')
      const read = async (): Promise<Answer> => {
        const content = await text(response)
        await closed
        const parsed: unknown = content === '' ? undefined : JSON.parse(content)
        return { status: response.statusCode ?? 0, headers: response.headers, body: parsed }
      }
      read().then(resolve, reject)
    })
    sent.once('error', reject)
    sent.end(payload)
  })
}
