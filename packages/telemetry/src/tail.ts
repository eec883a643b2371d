/**
 * Which requests have a trace: those sampled when they begin, and those that turn out failed or slow.
 *
 * Whether a request is sampled is known before anything is made for it, so one that is not costs no span, no context and
 * no random id. One that then fails, or takes long, gets its one span when it ends, with the instants of its begin and
 * its end: it shows what was slow and when, and not why, because of what happened inside nothing was recorded.
 *
 *     sampled          ├── GET /products/{id} ──────────┤      with all that is below it
 *                         ├ cache read ┤ ├ SELECT ┤
 *     not sampled      ·································        nothing
 *     and slow         ·································├┤     one span, made here, of that length
 *
 * Recording every request and deciding at its end would show why as well. It costs every request what a sampled one
 * costs (`docs/metrics.md` has the figures), which is what a ratio below 1 is meant to save.
 */

import {
  type Context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import type { Sampling } from './tracer.ts'

/** In an outage every request fails, and the collector gets no more than this of it. */
const KEPT_PER_SECOND = 50

const SAMPLED = createContextKey('@shop/telemetry: sampled')
/** Where what begins without a parent is sampled. */
export const sampledRoot = ROOT_CONTEXT.setValue(SAMPLED, true)

/** Whether it was decided here that what begins in this context is sampled. The SDK's sampler asks. */
export function isDecided(parent: Context): boolean {
  return parent.getValue(SAMPLED) === true
}

/** The headers of a request. */
export interface Headers {
  get(name: string): string | undefined
}

const headerGetter: TextMapGetter<Headers> = { get: (headers, name) => headers.get(name), keys: () => [] }

/**
 * Decides on a request: the context that its span begins in, or nothing. Who already belongs to a trace follows the
 * decision of its caller. `decided` is what was decided on it before, if it was.
 */
export function sample(sampling: Sampling, headers: Headers, decided?: boolean): Context | undefined {
  const caller = callerOf(headers)
  if (caller !== undefined) return isSampledBy(caller) ? caller : undefined
  return (decided ?? isSampled(sampling)) ? sampledRoot : undefined
}

/** Decides on a request that belongs to no trace. */
export function isSampled({ ratio }: Sampling): boolean {
  return ratio >= 1 || Math.random() < ratio
}

export type KeptFor = 'error' | 'slow'

/** Why a request that was not sampled leaves a span: it failed, or it was slow. */
export function reasonToKeep(
  { slowMs }: Sampling,
  status: number,
  durationMs: number,
  now = performance.now(),
): KeptFor | undefined {
  const reason = status >= 500 ? 'error' : durationMs >= slowMs ? 'slow' : undefined
  return reason !== undefined && hasRoom(now) ? reason : undefined
}

/** What the span of a kept request begins in: the trace of its caller, who did not sample it, or a new one. */
export function keptIn(headers: Headers): Context {
  return (callerOf(headers) ?? ROOT_CONTEXT).setValue(SAMPLED, true)
}

function callerOf(headers: Headers): Context | undefined {
  if (headers.get('traceparent') === undefined) return undefined
  const caller = propagation.extract(ROOT_CONTEXT, headers, headerGetter)
  return trace.getSpanContext(caller) === undefined ? undefined : caller
}

function isSampledBy(caller: Context): boolean {
  return ((trace.getSpanContext(caller)?.traceFlags ?? TraceFlags.NONE) & TraceFlags.SAMPLED) !== 0
}

let second = 0
let keptInSecond = 0

function hasRoom(now: number): boolean {
  if (Math.floor(now / 1_000) !== second) {
    second = Math.floor(now / 1_000)
    keptInSecond = 0
  }
  return ++keptInSecond <= KEPT_PER_SECOND
}
