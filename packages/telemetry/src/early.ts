/**
 * Requests that a server answers before its application: sampled and counted like any other.
 *
 *     beginEarly ── none: it belongs to a trace of its caller ────▶ the application
 *          └ it can be answered ── answered
 *          └ it cannot ── left ────────────────────────────────────▶ the application, sampled or not as was decided here
 *
 * The application's middleware does not decide again: of requests that were looked at twice the share would be another
 * than the ratio.
 */

import type { IncomingMessage } from 'node:http'
import { type Context, context, type Span, trace } from '@opentelemetry/api'

import { currentRequestMetrics } from './metrics-requests.ts'
import { endServerSpan, startServerSpan } from './server-span.ts'
import { isSampled, sampledRoot } from './tail.ts'
import { currentTracing } from './tracer.ts'

export interface EarlyRequest {
  /** Runs what is to be seen in the request's span. */
  run<T>(work: () => T): T
  /** @param route The pattern that the application has for it. */
  answered(method: string, route: string, status: number, seconds: number): void
  /** It is the application's after all. */
  left(request: IncomingMessage): void
}

/** `undefined`: leave it to the application, because its caller has decided on its trace. */
export function beginEarly(request: IncomingMessage): EarlyRequest | undefined {
  const tracing = currentTracing()
  if (tracing === undefined) return unsampled
  const { traceparent, host } = request.headers
  if (traceparent !== undefined) return undefined
  if (!isSampled(tracing.sampling)) return unsampled
  const served = { method: request.method ?? '', scheme: 'http', host } as const
  return new SampledRequest(startServerSpan(tracing.tracer, served, sampledRoot))
}

const decisions = new WeakMap<object, boolean>()

/** What was decided, for the middleware; `undefined` for a request that nobody has looked at. */
export function decisionOn(request: object | undefined): boolean | undefined {
  return request && decisions.get(request)
}

/** One for all of them: a request that is not sampled makes nothing. */
const unsampled: EarlyRequest = {
  run: (work) => work(),
  answered(method, route, status, seconds) {
    const requests = currentRequestMetrics()
    requests?.end(requests.begin(method), route, status, seconds)
  },
  left: (request) => void decisions.set(request, false),
}

class SampledRequest implements EarlyRequest {
  readonly #span: Span
  readonly #inside: Context

  constructor(span: Span) {
    this.#span = span
    this.#inside = trace.setSpan(sampledRoot, span)
  }

  run<T>(work: () => T): T {
    return context.with(this.#inside, work)
  }

  answered(method: string, route: string, status: number, seconds: number): void {
    const requests = currentRequestMetrics()
    requests?.end(requests.begin(method), route, status, seconds, this.#span.spanContext())
    endServerSpan(this.#span, method, route, status)
  }

  /** The application makes a span of its own; this one never ends, so nobody sees it. */
  left(request: IncomingMessage): void {
    decisions.set(request, true)
  }
}
