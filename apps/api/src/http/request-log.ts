/**
 * One structured line for each request, when it has been answered.
 *
 * Fields, not sentences. The path is logged without its query string: what people look for is theirs. `route` is the
 * pattern and is what dashboards group by; a request that met no route has none.
 */

import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'

/** The part of pino's logger that the application uses. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export function requestLog(log: Log): MiddlewareHandler {
  return async function requestLog(c, next) {
    const startedAt = performance.now()
    await next()
    const cacheStatus = c.res.headers.get('Cache-Status')
    const route = routeOf(c)
    const fields = {
      request_id: c.get('requestId'),
      method: c.req.method,
      path: c.req.path,
      ...(route !== undefined && { route }),
      status: c.res.status,
      duration_ms: Math.round((performance.now() - startedAt) * 1000) / 1000,
      ...(cacheStatus !== null && { cache_status: cacheStatus }),
    }
    if (c.res.status >= 500) log.error(fields, 'request')
    else log.info(fields, 'request')
  }
}

/** Middleware is registered for all methods; what is left is the route itself. */
function routeOf(c: Context): string | undefined {
  return matchedRoutes(c).findLast(({ method }) => method !== 'ALL')?.path
}
