/**
 * The span of a request that a server answers: its names and attributes, by the stable semantic conventions for HTTP
 * servers. It is named after the route's pattern (`GET /products/{id}`), never after the path, so that requests of one kind
 * have one name. Query strings, headers and bodies are not recorded.
 */

import { type Context, type Span, SpanKind, type SpanOptions, SpanStatusCode, type Tracer } from '@opentelemetry/api'
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

/** `undefined` for a method that is none of those known. */
export function knownMethod(method: string): string | undefined {
  return METHODS.has(method) ? method : undefined
}

export interface ServedRequest {
  /** As the client wrote it. */
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** The Host header. */
  readonly host: string | undefined
}

export function startServerSpan(
  tracer: Tracer,
  { method, scheme, host }: ServedRequest,
  parent: Context,
  { startTime, attributes }: SpanOptions = {},
): Span {
  const known = knownMethod(method)
  return tracer.startSpan(
    known ?? 'HTTP',
    {
      kind: SpanKind.SERVER,
      ...(startTime !== undefined && { startTime }),
      attributes: {
        [ATTR_HTTP_REQUEST_METHOD]: known ?? '_OTHER',
        ...(known === undefined && { [ATTR_HTTP_REQUEST_METHOD_ORIGINAL]: method }),
        [ATTR_URL_SCHEME]: scheme,
        ...serverAttributes(host),
        ...attributes,
      },
    },
    parent,
  )
}

/** @param failure The name of what was thrown, if something was. Its message stays in the log: it can hold values of the request. */
export function endServerSpan(
  span: Span,
  method: string,
  route: string | undefined,
  status: number,
  failure?: string | undefined,
): void {
  // The path without its parameters: they may name a person's order, and a path that no route has is the client's own text.
  if (route !== undefined) {
    span
      .updateName(`${knownMethod(method) ?? 'HTTP'} ${route}`)
      .setAttributes({ [ATTR_HTTP_ROUTE]: route, [ATTR_URL_PATH]: route })
  }
  span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status)
  if (status >= 500) {
    span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute(ATTR_ERROR_TYPE, failure ?? `${status}`)
  }
  span.end()
}

/** Splits a Host header. An IPv6 address keeps its brackets out of the attribute. */
export function serverAttributes(host: string | undefined): Record<string, string | number> {
  const [, ipv6, name, port] = /^(?:\[([\da-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(host ?? '') ?? []
  const address = ipv6 ?? name
  if (address === undefined) return {}
  return { [ATTR_SERVER_ADDRESS]: address, ...(port !== undefined && { [ATTR_SERVER_PORT]: Number(port) }) }
}
