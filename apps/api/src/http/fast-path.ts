/**
 * The fast path: a product that memory holds, answered before the application is asked.
 *
 * In a sale nearly all requests are for one page, and nearly all that such a request costs is not the page: the request
 * and its answer as objects of the web, the router, eight middlewares, a turn of the event loop for each. Here is what
 * remains without them.
 *
 *     GET /products/42 ── held, and nothing to wait for ── answered here
 *            └ a query, a caller's trace, another method, a miss, a process that drains ──▶ the application
 *
 * It answers what the application would, field for field: `fast-path.test.ts` holds the two together. It is traced,
 * counted and logged like any other request (docs/performance.md has what it gives).
 */

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Hit, type HttpHeaders, isNotModified, type StoredText } from '@shop/cache'
import type { Lifecycle } from '@shop/process'
import { beginEarly } from '@shop/telemetry'

import { storedFields } from './conditional.ts'
import { type Edge, edgeControl } from './edge.ts'
import { type Log, logRequest } from './request-log.ts'

export interface FastPathDeps {
  readonly log: Log
  readonly lifecycle: Lifecycle
  readonly edge?: Edge | undefined
  /** A product that memory may serve now, counted as opened. */
  hit(id: number, prepare: (stored: Stored) => Answer): Hit<Answer> | undefined
}

export interface Stored extends StoredText {
  readonly headers: HttpHeaders
}

/** What all answers with the same bytes have in common. */
export interface Answer {
  readonly etag: string
  /** Names and values in turn, as `writeHead` takes them without another look. */
  readonly notModified: readonly string[]
  readonly whole: readonly string[]
  readonly latin1: string
}

const PATH = '/products/'
const ROUTE = '/products/{id}'
/** A longer number is no id, and the application says so. */
const MOST_DIGITS = 15
const [ZERO, NINE] = ['0'.charCodeAt(0), '9'.charCodeAt(0)]

/** For the server: whether it has answered. */
export function fastPath({ log, lifecycle, edge, hit }: FastPathDeps) {
  const control = edge && edgeControl(edge)
  const prepare = ({ latin1, hash, tags, headers }: Stored): Answer => {
    const fields = storedFields(control, { hash, tags, headers })
    // In small letters, as Hono's answers have them.
    const notModified = Object.entries(fields).flatMap(([name, value]) => [name.toLowerCase(), value])
    const whole = [...notModified, 'content-type', 'application/json', 'content-length', `${latin1.length}`]
    return { etag: fields.ETag, notModified, whole, latin1 }
  }

  return function answer(request: IncomingMessage, response: ServerResponse): boolean {
    const id = request.method === 'GET' ? productOf(request.url as string) : undefined
    const early = id === undefined || lifecycle.draining ? undefined : beginEarly(request)
    if (id === undefined || early === undefined) return false
    const startedAt = performance.now()
    const found = early.run(() => hit(id, prepare))
    if (found === undefined) {
      early.left(request)
      return false
    }
    const { etag, notModified, whole, latin1 } = found.prepared
    const isCurrent = isNotModified(request.headers['if-none-match'], etag)
    const status = isCurrent ? 304 : 200
    const requestId = requestIdOf(request.headers['x-request-id'])
    const cacheStatus = `shop; hit; ttl=${Math.floor(found.ttlMs / 1_000)}; detail=memory`
    const own = ['x-request-id', requestId, 'cache-status', cacheStatus]
    response.writeHead(status, isCurrent ? notModified.concat(own) : whole.concat(own))
    if (isCurrent) response.end()
    else response.end(latin1, 'latin1')
    const durationMs = performance.now() - startedAt
    early.run(() =>
      logRequest(log, {
        requestId,
        method: 'GET',
        path: request.url as string,
        route: ROUTE,
        status,
        durationMs,
        cacheStatus,
      }),
    )
    early.answered('GET', ROUTE, status, durationMs / 1_000)
    return true
  }
}

/** The number at the end of `/products/42`, and of nothing else. */
function productOf(url: string): number | undefined {
  if (url.length > PATH.length + MOST_DIGITS || !url.startsWith(PATH)) return undefined
  let id = 0
  for (let i = PATH.length; i < url.length; i++) {
    const code = url.charCodeAt(i)
    if (code < ZERO || code > NINE) return undefined
    id = id * 10 + (code - ZERO)
  }
  // What begins with a zero, or has no digit, is for the application to judge.
  return url.charCodeAt(PATH.length) > ZERO ? id : undefined
}

/** As Hono's `requestId`: that of the client, if it is one. */
function requestIdOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w\-=]{1,255}$/.test(given) ? given : randomUUID()
}
