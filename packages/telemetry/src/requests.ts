/**
 * A span for each HTTP request that is sampled, and the duration of all, as Hono middleware.
 *
 * Names and attributes are those of the stable semantic conventions for HTTP
 * servers. The span is named after the route's pattern (`GET /products/{id}`),
 * never after the path, so that requests of one kind have one name. Parameters of
 * paths, query strings, headers and bodies are not recorded.
 *
 * Routes registered before this middleware are neither traced nor counted:
 * that is the place for what machines ask every few seconds.
 */

import {
  context,
  type Context as ParentContext,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
} from '@opentelemetry/semantic-conventions'
import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { decisionOn } from './early.ts'
import { currentRequestMetrics } from './metrics-requests.ts'
import { type Headers, keptIn, reasonToKeep, sample } from './tail.ts'
import { currentTracing } from './tracer.ts'

/** RFC 9110 and RFC 5789. Any other method is client-made text and would make span names without bound. */
const METHODS: ReadonlySet<string> = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
])

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
    const method = METHODS.has(c.req.method) ? c.req.method : undefined
    const counted = requests?.begin(method ?? '_OTHER')
    const parent = tracing && sample(tracing.sampling, headersOf(c), decisionOn(c.env?.incoming))
    let span = tracing && parent && startSpan(tracing.tracer, c, method, parent)
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
        span = startSpan(tracing.tracer, c, method, keptIn(headersOf(c)), {
          startTime: Date.now() - durationMs,
          attributes: { [ATTR_SHOP_KEPT]: keptFor },
        })
      }
      if (span) end(span, c, method, route, status)
      if (requests && counted) requests.end(counted, route, status, durationMs / 1_000, span?.spanContext())
    }
  }
}

/** Of a span that was made at the end of its request, because it failed or was slow and had not been sampled. */
const ATTR_SHOP_KEPT = 'shop.kept'

function startSpan(
  tracer: Tracer,
  c: Context,
  method: string | undefined,
  parent: ParentContext,
  { startTime, attributes }: SpanOptions = {},
): Span {
  return tracer.startSpan(
    method ?? 'HTTP',
    {
      kind: SpanKind.SERVER,
      ...(startTime !== undefined && { startTime }),
      attributes: {
        [ATTR_HTTP_REQUEST_METHOD]: method ?? '_OTHER',
        ...(method === undefined && { [ATTR_HTTP_REQUEST_METHOD_ORIGINAL]: c.req.method }),
        [ATTR_URL_SCHEME]: c.req.url.startsWith('https:') ? 'https' : 'http',
        ...serverAttributes(c.req.header('host')),
        ...attributes,
      },
    },
    parent,
  )
}

function end(span: Span, c: Context, method: string | undefined, route: string | undefined, status: number): void {
  // The path without its parameters: they may name a person's order, and a path that no route has is the client's own text.
  if (route !== undefined) {
    span.updateName(`${method ?? 'HTTP'} ${route}`).setAttributes({ [ATTR_HTTP_ROUTE]: route, [ATTR_URL_PATH]: route })
  }
  span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status)
  // The error's message stays in the log: it can hold values of the request.
  if (status >= 500) {
    span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute(ATTR_ERROR_TYPE, c.error?.name ?? `${status}`)
  }
  span.end()
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

/** Splits a Host header. An IPv6 address keeps its brackets out of the attribute. */
export function serverAttributes(host: string | undefined): Record<string, string | number> {
  const [, ipv6, name, port] = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(host ?? '') ?? []
  const address = ipv6 ?? name
  if (address === undefined) return {}
  return { [ATTR_SERVER_ADDRESS]: address, ...(port !== undefined && { [ATTR_SERVER_PORT]: Number(port) }) }
}
