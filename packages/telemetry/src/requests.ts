/**
 * A span for each HTTP request, as Hono middleware.
 *
 * Names and attributes are those of the stable semantic conventions for HTTP
 * servers. The span is named after the route's pattern (`GET /products/{id}`),
 * never after the path, so that requests of one kind have one name. Query
 * strings, headers and bodies are not recorded.
 *
 * Routes registered before this middleware are not traced: that is the place
 * for the health checks that an orchestrator calls every few seconds.
 */

import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
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
import { currentTracer } from './tracer.ts'

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

/** One SERVER span per request. A caller's `traceparent` header makes it part of the caller's trace. */
export function traceRequests(): MiddlewareHandler {
  return async function traceRequests(c, next) {
    const tracer = currentTracer()
    if (tracer === undefined) return next()

    const method = METHODS.has(c.req.method) ? c.req.method : undefined
    const parent = propagation.extract(ROOT_CONTEXT, c, requestHeaders)
    const span = tracer.startSpan(
      method ?? 'HTTP',
      {
        kind: SpanKind.SERVER,
        attributes: {
          [ATTR_HTTP_REQUEST_METHOD]: method ?? '_OTHER',
          ...(method === undefined && { [ATTR_HTTP_REQUEST_METHOD_ORIGINAL]: c.req.method }),
          [ATTR_URL_PATH]: c.req.path,
          [ATTR_URL_SCHEME]: c.req.url.startsWith('https:') ? 'https' : 'http',
          ...serverAttributes(c.req.header('host')),
        },
      },
      parent,
    )
    // What the server answers when something is thrown that is not an Error. Hono turns all others into a response.
    let status = 500
    try {
      await context.with(trace.setSpan(parent, span), next)
      status = c.res.status
    } finally {
      const route = routeOf(c)
      if (route !== undefined) span.updateName(`${method ?? 'HTTP'} ${route}`).setAttribute(ATTR_HTTP_ROUTE, route)
      span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status)
      // The error's message stays in the log: it can hold values of the request.
      if (status >= 500) {
        span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute(ATTR_ERROR_TYPE, c.error?.name ?? `${status}`)
      }
      span.end()
    }
  }
}

const requestHeaders: TextMapGetter<Context> = {
  get: (c, name) => c.req.header(name),
  keys: () => [],
}

/**
 * The pattern of the route that answered, or would have, had no middleware answered before it. Undefined when none
 * matched, so that paths nobody serves share one span name. Middleware is registered for all methods, which is how it
 * is told apart.
 */
function routeOf(c: Context): string | undefined {
  const route = matchedRoutes(c).find(({ method }, index) => index >= c.req.routeIndex && method !== 'ALL')
  return route === undefined ? undefined : openApiPattern(route.path)
}

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
