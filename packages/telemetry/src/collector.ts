/**
 * A collector in this process: takes the spans of other processes by OTLP and keeps them, so that a test states the shape
 * of a trace that runs through several.
 */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { readSpans } from './otlp.ts'
import { drawTraces, type RecordedSpan } from './recorded-span.ts'

const POLL = 20

export interface Collector {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string
  /** What has come since the start or the last `clear`, by when it began. */
  spans(): RecordedSpan[]
  /** Forgets what has come, and what has begun by now and comes later. */
  clear(): void
  /**
   * Waits until `wanted` is true of what has come of one trace, and resolves to that: a process delivers its spans about a
   * second after they ended. Rejects with what there is when the time is up.
   */
  find(wanted: (spans: readonly RecordedSpan[]) => boolean, timeout?: number): Promise<RecordedSpan[]>
  stop(): Promise<void>
}

export interface CollectorOptions {
  /**
   * The endpoint of another collector that gets the same.
   * @default undefined (nobody does)
   */
  readonly forwardTo?: string | undefined
}

export async function startCollector({ forwardTo }: CollectorOptions = {}): Promise<Collector> {
  let collected: RecordedSpan[] = []
  let since = 0
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [body, headers] = [await buffer(request), { 'content-type': 'application/x-protobuf' }]
    if (forwardTo) await fetch(`${forwardTo}${request.url}`, { method: 'POST', headers, body })
    if (request.url === '/v1/traces') collected.push(...readSpans(body))
    response.writeHead(200, headers).end()
  }
  const server = createServer((request, response) => {
    // A process may be killed while it delivers: what came of that is not a message.
    take(request, response).catch(() => response.writeHead(400).end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const spans = (): RecordedSpan[] =>
    collected.filter(({ startedAt }) => startedAt >= since).toSorted((a, b) => a.startedAt - b.startedAt)

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    clear() {
      collected = []
      since = Date.now() * 1_000
    },
    async find(wanted, timeout = 15_000) {
      const deadline = performance.now() + timeout
      for (;;) {
        const found = [...Map.groupBy(spans(), ({ traceId }) => traceId).values()].find(wanted)
        if (found) return found
        if (performance.now() > deadline) {
          throw new Error(`No such trace after ${timeout} ms, only:\n${drawTraces(spans(), { services: true })}`)
        }
        await wait(POLL)
      }
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
