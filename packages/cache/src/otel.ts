/**
 * The cache's operations as OpenTelemetry spans.
 *
 * Only the API is used: without an SDK every call here is a no-op. A read that memory answers makes no span;
 * it is an attribute of the span it happened in. Attributes start with `shop.cache.`; OpenTelemetry has no
 * convention for caches yet (semantic-conventions#1747), and `cache.` may become one. No key and no tag is
 * ever an attribute.
 */

import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'

import type { CacheEvent, Hooks, Operation } from './index.ts'

/** Hooks for `createCache({ hooks: otel() })`. */
export function otel(): Hooks {
  const tracer = trace.getTracer('@shop/cache')
  return {
    around: (operation, run) => {
      // Work that no request asked for, such as retries, makes no traces of its own.
      if (!trace.getActiveSpan()) return run()
      return tracer.startActiveSpan(
        nameOf(operation),
        { kind: SpanKind.INTERNAL, attributes: attributesOf(operation) },
        (span) => ending(span, run),
      )
    },
    onEvent: note,
  }
}

function nameOf(operation: Operation): string {
  return operation.resource ? `cache ${operation.name} ${operation.resource}` : `cache ${operation.name}`
}

function attributesOf(operation: Operation): Record<string, string> {
  return {
    'shop.cache.operation': operation.name,
    ...(operation.resource && { 'shop.cache.resource': operation.resource }),
  }
}

async function ending<R>(span: Span, run: () => Promise<R>): Promise<R> {
  try {
    return await run()
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR })
    span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown')
    throw error
  } finally {
    span.end()
  }
}

/** What an event says of the operation it happened in. */
function note(event: CacheEvent): void {
  const span = trace.getActiveSpan()
  if (!span?.isRecording()) return
  switch (event.type) {
    case 'read':
      span.setAttribute('shop.cache.outcome', event.outcome)
      if (event.tier) span.setAttribute('shop.cache.tier', event.tier)
      return
    case 'load':
      span.setAttribute('shop.cache.stored', event.stored)
      return
    case 'invalidate':
      span.setAttribute('shop.cache.acknowledged', event.acknowledged)
      return
    case 'rejected':
      span.addEvent('shop.cache.rejected', { 'shop.cache.reason': event.reason })
      return
    case 'remote-error':
      span.addEvent('shop.cache.remote_error', { 'shop.cache.operation': event.operation })
      return
    case 'applied':
    case 'reset':
    case 'remote-state':
    case 'reload-failed':
    case 'reload-dropped':
      return
    default:
      event satisfies never
  }
}
