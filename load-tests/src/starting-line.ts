/**
 * The starting line: several processes of k6 begin at one instant, which none of them can choose alone.
 *
 *     k6 1     makes its VUs ── asks ······················▶ the instant     waits for it
 *     k6 2     makes its VUs ──────────── asks ············▶ the instant     waits for it
 *     k6 3     makes its VUs ────────────────────── asks ──▶ the instant     waits for it
 */

import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** From the last one that asks until the start: its VUs have to wait by then. */
const LEAST_MS = 1_000
const PER_VISITOR_MS = 0.5

export interface StartingLine extends AsyncDisposable {
  /** Who asks here is answered when all have asked: with the instant, in milliseconds since 1970. */
  readonly url: string
}

export async function openStartingLine(generators: number, visitors: number): Promise<StartingLine> {
  const waiting: ServerResponse[] = []
  const server = createServer((_, response) => {
    waiting.push(response)
    if (waiting.length < generators) return
    const at = Math.ceil(Date.now() + LEAST_MS + visitors * PER_VISITOR_MS)
    for (const one of waiting) one.writeHead(200, { 'content-type': 'text/plain', connection: 'close' }).end(`${at}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
