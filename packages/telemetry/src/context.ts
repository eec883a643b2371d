/**
 * Traces that go on where no call leads: from a row of the outbox, or from a message, to whoever deals with it later.
 *
 * What travels is a W3C `traceparent`, as text. Who finds several, of different traces, continues none of them: it begins
 * a trace of its own that has a link to each.
 *
 *     one trace      PUT ── transaction ── row ─ ─ ─ ▶ outbox relay          a child, in the same trace
 *     several        PUT ── transaction ── row ─ ─ ┐
 *                    PUT ── transaction ── row ─ ─ ┴ ▶ outbox relay          a root with two links
 *     none           psql ─────────────── row ─ ─ ─ ▶ outbox relay          a root
 */

import {
  type Attributes,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions'
import { sampledRoot } from './tail.ts'
import { currentTracer } from './tracer.ts'

/** Below what the SDK keeps of one span, 128. */
const MOST_LINKS = 100

/** Adds to the attributes of the span: what came of the work. */
export type Note = (attributes: Attributes) => void

/** The `traceparent` of the active span, if it is recorded. What it is given to continues a trace that somebody keeps. */
export function activeTraceParent(): string | undefined {
  if (!trace.getActiveSpan()?.isRecording()) return undefined
  const headers: { traceparent?: string } = {}
  propagation.inject(context.active(), headers)
  return headers.traceparent
}

/** The headers of a request that belongs to the trace of the active span; none where that is not recorded. */
export function traceHeaders(): Readonly<Record<string, string>> {
  const traceparent = activeTraceParent()
  return traceparent === undefined ? {} : { traceparent }
}

/**
 * Runs within a span that continues what `parents` belong to; `null` stands for something that belongs to no trace. With
 * nothing to continue, the span begins a trace, whatever is active. A rejection is passed on, its type an attribute; no
 * message is recorded.
 */
export function continueTrace<R>(
  parents: readonly (string | null)[],
  name: string,
  attributes: Attributes,
  run: (note: Note) => Promise<R>,
): Promise<R> {
  const tracer = currentTracer()
  if (tracer === undefined) return run(() => undefined)

  const origins = [...new Set(parents)].map(readParent)
  const known = origins.filter((origin) => origin !== undefined)
  const [first] = known
  const isOneTrace = first !== undefined && origins.every((origin) => origin?.traceId === first.traceId)
  // Somebody keeps one of these traces, so what they all lead to is kept as well, whatever the ratio.
  const root = known.some(isSampled) ? sampledRoot : ROOT_CONTEXT
  const parent = isOneTrace ? trace.setSpanContext(ROOT_CONTEXT, first) : root
  const links = (isOneTrace ? known.slice(1) : known).slice(0, MOST_LINKS).map((origin) => ({ context: origin }))
  const span = tracer.startSpan(name, { kind: SpanKind.INTERNAL, attributes, links }, parent)
  return context.with(trace.setSpan(parent, span), () => ending(span, run))
}

function readParent(traceparent: string | null): SpanContext | undefined {
  return trace.getSpanContext(propagation.extract(ROOT_CONTEXT, { traceparent: traceparent ?? '' }))
}

function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0
}

async function ending<R>(span: Span, run: (note: Note) => Promise<R>): Promise<R> {
  try {
    return await run((attributes) => span.setAttributes(attributes))
  } catch (error) {
    span
      .setAttribute(ATTR_ERROR_TYPE, error instanceof Error ? error.name : '_OTHER')
      .setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    span.end()
  }
}
