/**
 * One structured line for each request, when it has been answered.
 *
 * Fields, not sentences. The path is logged without its query string: what people look for is theirs. `route` is the
 * pattern and is what dashboards group by; a request that met no route has none.
 */

import { routeOf } from '@shop/telemetry'
import type { MiddlewareHandler } from 'hono'

/** The part of pino's logger that the application uses. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What a line says of a request. */
export interface LoggedRequest {
  readonly requestId: string
  readonly method: string
  /** Without its query string. */
  readonly path: string
  readonly route: string | undefined
  readonly status: number
  readonly durationMs: number
  readonly cacheStatus: string | undefined
}

export function logRequest(log: Log, request: LoggedRequest): void {
  const { route, cacheStatus } = request
  const fields = {
    request_id: request.requestId,
    method: request.method,
    path: request.path,
    ...(route !== undefined && { route }),
    status: request.status,
    duration_ms: Math.round(request.durationMs * 1000) / 1000,
    ...(cacheStatus !== undefined && { cache_status: cacheStatus }),
  }
  if (request.status >= 500) log.error(fields, 'request')
  else log.info(fields, 'request')
}

export function requestLog(log: Log): MiddlewareHandler {
  return async function requestLog(c, next) {
    const startedAt = performance.now()
    await next()
    logRequest(log, {
      requestId: c.get('requestId'),
      method: c.req.method,
      path: c.req.path,
      route: routeOf(c),
      status: c.res.status,
      durationMs: performance.now() - startedAt,
      cacheStatus: c.res.headers.get('Cache-Status') ?? undefined,
    })
  }
}
