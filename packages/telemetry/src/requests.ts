/**
 * A span for each HTTP request that is sampled, and the duration of all, as Hono middleware.
 *
 * Routes registered before this middleware are neither traced nor counted: that is the place for what machines ask every
 * few seconds.
 */

import { context, trace } from '@opentelemetry/api'
import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { decisionOn } from './early.ts'
import { currentRequestMetrics } from './metrics-requests.ts'
import { endServerSpan, knownMethod, type ServedRequest, startServerSpan } from './server-span.ts'
import { type Headers, keptIn, reasonToKeep, sample } from './tail.ts'
import { currentTracing } from './tracer.ts'

/** Of a span that was made at the end of its request, because it failed or was slow and had not been sampled. */
const ATTR_SHOP_KEPT = 'shop.kept'

/**
 * One SERVER span per request that is sampled, and the duration of each. A caller's `traceparent` header makes the span
 * part of the caller's trace.
 */
export function traceRequests(): MiddlewareHandler {
  return async function traceRequests(c, next) {
    const tracing = currentTracing()
    const requests = currentRequestMetrics()
    if (tracing === undefined && requests === undefined) return next()

    const startedAt = performance.now()
    const counted = requests?.begin(knownMethod(c.req.method) ?? '_OTHER')
    const parent = tracing && sample(tracing.sampling, headersOf(c), decisionOn(c.env?.incoming))
    let span = tracing && parent && startServerSpan(tracing.tracer, servedBy(c), parent)
    // What the server answers when something is thrown that is not an Error. Hono turns all others into a response.
    let status = 500
    try {
      await (parent && span ? context.with(trace.setSpan(parent, span), next) : next())
      status = c.res.status
    } finally {
      const durationMs = performance.now() - startedAt
      const route = routeOf(c)
      const keptFor = tracing && !span && reasonToKeep(tracing.sampling, status, durationMs)
      if (tracing && keptFor) {
        span = startServerSpan(tracing.tracer, servedBy(c), keptIn(headersOf(c)), {
          startTime: Date.now() - durationMs,
          attributes: { [ATTR_SHOP_KEPT]: keptFor },
        })
      }
      if (span) endServerSpan(span, c.req.method, route, status, c.error?.name)
      if (requests && counted) requests.end(counted, route, status, durationMs / 1_000, span?.spanContext())
    }
  }
}

function servedBy(c: Context): ServedRequest {
  const scheme = c.req.url.startsWith('https:') ? 'https' : 'http'
  return { method: c.req.method, scheme, host: c.req.header('host') }
}

function headersOf(c: Context): Headers {
  return { get: (name) => c.req.header(name) }
}

/**
 * The pattern of the route that answered, or would have, had no middleware answered before it. Undefined when none
 * matched, so that paths nobody serves share one span name. Middleware is registered for all methods, which is how it
 * is told apart.
 */
export function routeOf(c: Context): string | undefined {
  const route = matchedRoutes(c).find(({ method }, index) => index >= c.req.routeIndex && method !== 'ALL')
  if (route === undefined) return undefined
  const known = patterns.get(route.path) ?? openApiPattern(route.path)
  patterns.set(route.path, known)
  return known
}

/** Of each route that was asked for: an application has so many and no more. */
const patterns = new Map<string, string>()

/** Hono's `/products/:id{[0-9]+}` in OpenAPI's form: `/products/{id}`. */
export function openApiPattern(path: string): string {
  return path.replaceAll(/:([A-Za-z_]\w*)(?:\{(?:[^{}]|\{[^{}]*\})*\})?\??/g, '{$1}')
}
