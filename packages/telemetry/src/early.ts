/**
 * Requests that a server answers before its application: counted like any other, and never one that has a trace.
 *
 *     mayAnswerEarly ── no: it has a trace ─────────────────▶ the application, with a span
 *          └ yes ── it can ── answer ── answeredEarly
 *                └── it cannot ── notAnsweredEarly ─────────▶ the application, without one
 *
 * The application's middleware samples too, and what was decided here is decided: of requests that were looked at twice
 * the share would be another than the ratio.
 */

import type { IncomingMessage } from 'node:http'

import { currentRequestMetrics } from './metrics-requests.ts'
import { currentTracing } from './tracer.ts'

const decisions = new WeakMap<object, boolean>()

/** Whether it may be answered without a span. A caller's trace is the caller's decision, which the middleware reads. */
export function mayAnswerEarly(request: IncomingMessage): boolean {
  const tracing = currentTracing()
  if (tracing === undefined) return true
  if (request.headers.traceparent !== undefined) return false
  const { ratio } = tracing.sampling
  if (ratio < 1 && Math.random() >= ratio) return true
  decisions.set(request, true)
  return false
}

/** It is the application's after all. */
export function notAnsweredEarly(request: IncomingMessage): void {
  decisions.set(request, false)
}

/** What was decided, for the middleware; `undefined` for a request that nobody has looked at. */
export function decisionOn(request: object | undefined): boolean | undefined {
  return request && decisions.get(request)
}

/** @param route The pattern that the application has for it. */
export function answeredEarly(method: string, route: string, status: number, seconds: number): void {
  const requests = currentRequestMetrics()
  requests?.end(requests.begin(method), route, status, seconds)
}
