/**
 * The cache's operations as OpenTelemetry spans, and its events as metrics.
 *
 * Only the API is used: without an SDK every call here is a no-op. A read that memory answers makes no span;
 * it is an attribute of the span it happened in. Attributes and metrics start with `shop.cache.`; OpenTelemetry has no
 * convention for caches yet (semantic-conventions#1747), and `cache.` may become one. No key and no tag is
 * ever an attribute.
 *
 * | metric | kind, unit | attributes |
 * |---|---|---|
 * | `shop.cache.reads` | counter, {read} | resource, outcome, tier |
 * | `shop.cache.load.duration` | histogram, s | resource, stored, error.type |
 * | `shop.cache.invalidations` | counter, {invalidation} | acknowledged |
 * | `shop.cache.rejections` | counter, {entry} | resource, reason |
 * | `shop.cache.reloads.failed`, `shop.cache.reloads.dropped` | counter, {reload} | resource |
 * | `shop.cache.resets` | counter, {reset} | reason |
 * | `shop.cache.remote.errors` | counter, {error} | operation, error.type |
 */

import { type Attributes, type Meter, metrics, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'

import { CacheError } from './errors.ts'
import type { CacheEvent, Hooks, Listener, Operation } from './index.ts'

/** Hooks for `createCache({ hooks: otel() })`. Call it after the SDK has started: metrics are those of the provider there is then. */
export function otel(): Hooks {
  const tracer = trace.getTracer('@shop/cache')
  const measure = measuring(metrics.getMeter('@shop/cache'))
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
    onEvent: (event) => {
      note(event)
      measure(event)
    },
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
    span.setAttribute('error.type', errorType(error))
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

/** What an event counts. */
function measuring(meter: Meter): Listener {
  const counter = (name: string, unit: string) => meter.createCounter(`shop.cache.${name}`, { unit })
  const reads = counter('reads', '{read}')
  const loads = meter.createHistogram('shop.cache.load.duration', { unit: 's' })
  const invalidations = counter('invalidations', '{invalidation}')
  const rejections = counter('rejections', '{entry}')
  const failed = counter('reloads.failed', '{reload}')
  const dropped = counter('reloads.dropped', '{reload}')
  const resets = counter('resets', '{reset}')
  const errors = counter('remote.errors', '{error}')
  return (event) => {
    switch (event.type) {
      case 'read': {
        const { resource, outcome, tier } = event
        return reads.add(1, named({ resource, outcome, tier }))
      }
      case 'load': {
        const { resource, stored, error } = event
        return loads.record(event.durationMs / 1_000, named({ resource, stored }, error))
      }
      case 'invalidate':
        return invalidations.add(1, named({ acknowledged: event.acknowledged }))
      case 'rejected':
        return rejections.add(1, named({ resource: event.resource, reason: event.reason }))
      case 'reload-failed':
        return failed.add(1, named({ resource: event.resource }))
      case 'reload-dropped':
        return dropped.add(1, named({ resource: event.resource }))
      case 'reset':
        return resets.add(1, named({ reason: event.reason }))
      case 'remote-error':
        return errors.add(1, named({ operation: event.operation }, event.error))
      case 'applied':
      case 'remote-state':
        return
      default:
        event satisfies never
    }
  }
}

function named(own: Attributes, error?: unknown): Attributes {
  const attributes: Attributes = {}
  for (const [name, value] of Object.entries(own)) if (value !== undefined) attributes[`shop.cache.${name}`] = value
  if (error !== undefined) attributes['error.type'] = errorType(error)
  return attributes
}

function errorType(error: unknown): string {
  if (error instanceof CacheError) return error.code
  return error instanceof Error ? error.name : 'unknown'
}
