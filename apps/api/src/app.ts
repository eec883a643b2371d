/**
 * The application: everything between a request and an answer, and nothing else.
 *
 * No I/O, no environment, no globals: what it needs is handed in, so a test has a whole application without a port.
 * The order of the middleware matters. From the outside in: who asks (request id), is this process going away, the
 * health checks (which are neither traced nor logged: machines ask every second), the trace, the log line inside it so
 * that it carries the trace id, what the cache did, the limit of the body, the routes.
 */

import { OpenAPIHono } from '@hono/zod-openapi'
import { cacheStatus } from '@shop/cache/hono'
import { traceRequests } from '@shop/telemetry'
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { requestId } from 'hono/request-id'

import type { CategoryRepository } from './categories/repository.ts'
import { categoryRoutes } from './categories/routes.ts'
import { requireAdmin } from './http/admin.ts'
import { answerNoRoute } from './http/allowed-methods.ts'
import { addDocs } from './http/docs.ts'
import { closeWhenDraining, type Lifecycle } from './http/drain.ts'
import { answerFailure } from './http/failure.ts'
import { type Dependency, healthRoutes } from './http/health.ts'
import { bodyTooLarge, renderProblem } from './http/problem.ts'
import { type Log, requestLog } from './http/request-log.ts'
import type { ProductRepository } from './products/repository.ts'
import { productRoutes } from './products/routes.ts'

const MAX_BODY_BYTES = 100 * 1024

export interface AppDeps {
  readonly log: Log
  readonly products: ProductRepository
  readonly categories: CategoryRepository
  /** What `/readyz` asks. */
  readonly dependencies: readonly Dependency[]
  readonly lifecycle: Lifecycle
  readonly adminTokenHash: Buffer
  readonly publicUrl?: string | undefined
}

export function createApp(deps: AppDeps): OpenAPIHono {
  const app = new OpenAPIHono()
  app.onError(answerFailure(deps.log))

  app.use(requestId(), closeWhenDraining(deps.lifecycle))
  app.route('/', healthRoutes(deps.dependencies, deps.lifecycle))

  app.use(traceRequests(), requestLog(deps.log), cacheStatus({ name: 'shop' }))
  app.use(limitBody())
  app.route('/', productRoutes(deps.products, requireAdmin(deps.adminTokenHash)))
  app.route('/', categoryRoutes(deps.categories))
  // Who opens the address that `npm start` prints wants to see something.
  app.get('/', (c) => c.redirect('/docs'))
  addDocs(app, { publicUrl: deps.publicUrl })

  app.notFound(answerNoRoute(app))
  return app
}

/** No route reads the body of a GET, and to look whether it has one would cost every read a whole `Request`. */
function limitBody(): MiddlewareHandler {
  const limit = bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (c) => renderProblem(c, bodyTooLarge()) })
  return function limitBody(c, next) {
    return c.req.method === 'GET' || c.req.method === 'HEAD' ? next() : limit(c, next)
  }
}
