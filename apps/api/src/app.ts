/**
 * The application: everything between a request and an answer, and nothing else.
 *
 * No I/O, no environment, no globals: what it needs is handed in, so a test has a whole application without a port.
 * The order of the middleware matters. From the outside in: who asks (request id), is this process going away, the
 * health checks and `/metrics` (neither traced, counted nor logged: machines ask every second), the trace, the log line
 * inside it so that it carries the trace id, what an edge may keep, what the cache did, the limit of the body, the routes.
 */

import { OpenAPIHono } from '@hono/zod-openapi'
import type { Cache } from '@shop/cache'
import { cacheStatus } from '@shop/cache/hono'
import { closeWhenDraining, type Lifecycle } from '@shop/process'
import { type Metrics, traceRequests } from '@shop/telemetry'
import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { every } from 'hono/combine'
import { requestId } from 'hono/request-id'

import { adminRoutes, type TellEdge } from './admin/routes.ts'
import type { AggregateRepository } from './aggregates/repository.ts'
import { aggregateRoutes } from './aggregates/routes.ts'
import type { CategoryRepository } from './categories/repository.ts'
import { categoryRoutes } from './categories/routes.ts'
import { requireAdmin } from './http/admin.ts'
import { answerNoRoute } from './http/allowed-methods.ts'
import { type CustomerEnv, requireCustomer } from './http/customer.ts'
import { addDocs } from './http/docs.ts'
import { type Edge, keptAtEdge } from './http/edge.ts'
import { answerFailure } from './http/failure.ts'
import { type Dependency, healthRoutes, type Warming } from './http/health.ts'
import { metricsRoutes } from './http/metrics.ts'
import { bodyTooLarge, renderProblem } from './http/problem.ts'
import { limitRate } from './http/rate-limit.ts'
import { type Log, requestLog } from './http/request-log.ts'
import type { RateLimits } from './limits/rate-limits.ts'
import type { OrderRepository } from './orders/repository.ts'
import { orderRoutes } from './orders/routes.ts'
import type { ProductRepository } from './products/repository.ts'
import { productRoutes } from './products/routes.ts'
import type { SearchRepository } from './search/repository.ts'
import { searchRoutes } from './search/routes.ts'
import type { StockRepository } from './stock/repository.ts'
import { stockRoutes } from './stock/routes.ts'

const MAX_BODY_BYTES = 100 * 1024
/** Whoever has the token: there is one. */
const ADMIN = 'admin'

export interface AppDeps {
  readonly log: Log
  readonly products: ProductRepository
  readonly categories: CategoryRepository
  readonly aggregates: AggregateRepository
  readonly search: SearchRepository
  readonly orders: OrderRepository
  readonly stock: StockRepository
  /** What `/admin/cache` administers; absent while it is switched off. */
  readonly cache?: Cache | undefined
  /** What `/readyz` asks. */
  readonly dependencies: readonly Dependency[]
  readonly lifecycle: Lifecycle
  /** Says whether the cache is still being warmed for the start. Absent: it is not warmed. */
  readonly warmer?: Warming | undefined
  /** What `/metrics` shows. Absent while metrics are off. */
  readonly metrics?: Metrics | undefined
  readonly adminTokenHash: Buffer
  readonly customerTokenSecret: string
  /** Absent: whoever has a token may send as much as they like. */
  readonly rateLimits?: RateLimits | undefined
  readonly publicUrl?: string | undefined
  /** The cache in front of this process, if there is one that is purged. */
  readonly edge?: Edge | undefined
  readonly tellEdge?: TellEdge | undefined
}

export function createApp(deps: AppDeps): OpenAPIHono {
  const app = new OpenAPIHono()
  app.onError(answerFailure(deps.log))
  const { customer, admin } = deps.rateLimits ?? {}
  const asAdmin = every(
    requireAdmin(deps.adminTokenHash),
    limitRate(admin, () => ADMIN),
  )
  const asCustomer = every(
    requireCustomer(deps.customerTokenSecret),
    limitRate<CustomerEnv>(customer, (c) => String(c.get('customerId'))),
  )

  app.use(requestId(), closeWhenDraining(deps.lifecycle))
  app.route('/', healthRoutes(deps.dependencies, deps.lifecycle, deps.warmer))
  app.route('/', metricsRoutes(deps.metrics))

  app.use(traceRequests(), requestLog(deps.log))
  if (deps.edge) app.use(keptAtEdge(deps.edge))
  app.use(cacheStatus({ name: 'shop' }))
  app.use(limitBody())
  app.route('/', productRoutes(deps.products, asAdmin))
  app.route('/', categoryRoutes(deps.categories))
  app.route('/', aggregateRoutes(deps.aggregates, deps.products))
  app.route('/', searchRoutes(deps.search, deps.products))
  app.route('/', stockRoutes(deps.stock))
  app.route('/', orderRoutes(deps.orders, asCustomer))
  app.route('/', adminRoutes(deps, asAdmin))
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
