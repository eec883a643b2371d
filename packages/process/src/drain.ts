/**
 * Stops a server without failing a request.
 *
 *     SIGTERM   draining = true    /readyz is 503, each answer says Connection: close
 *               server.close()     no new connection; idle ones end at once
 *               the requests in flight end, and with each its connection
 *               the time is up     what is still open is cut
 *
 * Closing the listener is not enough: a client that keeps its connection alive would send the next request on it, and
 * the server would never be empty. Hence `Connection: close` on every answer from the first moment of the drain.
 */

import type { Server } from 'node:http'
import type { MiddlewareHandler } from 'hono'

/** Whether the process is on its way out. Set once, by the process; read by the application. */
export interface Lifecycle {
  readonly draining: boolean
}

export function closeWhenDraining(lifecycle: Lifecycle): MiddlewareHandler {
  return async function closeWhenDraining(c, next) {
    await next()
    if (lifecycle.draining) c.header('Connection', 'close')
  }
}

/**
 * Resolves when the server has no connection left: `true` if every request had its answer, `false` if some were cut
 * because `limitMs` was up.
 */
export async function drainServer(server: Server, limitMs: number): Promise<boolean> {
  let cut = false
  const timer = setTimeout(() => {
    cut = true
    server.closeAllConnections()
  }, limitMs)
  await new Promise<void>((resolve) => server.close(() => resolve()))
  clearTimeout(timer)
  return !cut
}
