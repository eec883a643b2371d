/**
 * The cache's operations as spans, and the context that they hand on.
 *
 * A read that memory answers makes no span: it is attributes of the span it happened in. Where nothing is recorded, nothing is
 * made for any operation. A span on which several reads end shows the one that went farthest, the greatest age and the least
 * ttl of them, and how many there were.
 *
 *     GET /products/{id}                     outcome hit, tier memory: nothing below it
 *     └ cache get product                    outcome miss, tier source
 *       ├ cache lookup product ─ MGET
 *       ├ cache lease product ── EVALSHA     outcome granted
 *       ├ cache load product ─── SELECT
 *       └ cache store product ── EVALSHA     outcome stored
 */

import {
  type Attributes,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api'

import { CacheError } from './errors.ts'
import type { CacheEvent, ReadEvent, ReadOutcome } from './events.ts'
import type { Hooks, Operation } from './hooks.ts'

/** Hooks for spans. */
export function spanning(): Required<Pick<Hooks, 'around' | 'isRecording'>> {
  const tracer = trace.getTracer('@shop/cache')
  return {
    isRecording,
    around: (operation, run) => {
      const parent = operation.parent === undefined ? undefined : parse(operation.parent)
      // Work that no request asked for, such as retries, makes no traces of its own.
      if (!parent && !isRecording()) return run()
      const within = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : context.active()
      const options = {
        kind: operation.name === 'apply' ? SpanKind.CONSUMER : SpanKind.INTERNAL,
        // Who caused it does not wait for it, and may long be over when it ends.
        root: operation.name === 'reload',
        attributes: attributesOf(operation),
        links: linksOf(operation),
      }
      return tracer.startActiveSpan(nameOf(operation), options, within, (span) =>
        ending(span, operation, options.links.length, run),
      )
    },
  }
}

/** The traceparent of the span that is active, if it is kept. */
export function propagate(): string | undefined {
  const active = trace.getActiveSpan()?.spanContext()
  if (!active || (active.traceFlags & TraceFlags.SAMPLED) === 0) return undefined
  return `00-${active.traceId}-${active.spanId}-01`
}

function isRecording(): boolean {
  return trace.getActiveSpan()?.isRecording() === true
}

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/

/** `undefined` for what is no traceparent: anyone may publish on the bus. */
function parse(traceparent: string): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(traceparent) ?? []
  const parsed = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
  return trace.isSpanContextValid(parsed) ? parsed : undefined
}

function linksOf({ links = [] }: Operation, from = 0): Link[] {
  return links
    .slice(from)
    .flatMap((link) => parse(link) ?? [])
    .map((context) => ({ context }))
}

function nameOf(operation: Operation): string {
  return operation.resource ? `cache ${operation.name} ${operation.resource}` : `cache ${operation.name}`
}

function attributesOf(operation: Operation): Attributes {
  return {
    'shop.cache.operation': operation.name,
    ...(operation.resource && { 'shop.cache.resource': operation.resource }),
  }
}

async function ending<R>(span: Span, operation: Operation, linked: number, run: () => Promise<R>): Promise<R> {
  try {
    return await run()
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR })
    span.setAttribute('error.type', errorType(error))
    throw error
  } finally {
    // What it waited for is known only now.
    for (const link of linksOf(operation, linked)) span.addLink(link)
    if (operation.outcome !== undefined) span.setAttribute('shop.cache.outcome', operation.outcome)
    span.end()
  }
}

/** What an event says of the operation it happened in. */
export function note(event: CacheEvent): void {
  const span = trace.getActiveSpan()
  if (!span?.isRecording()) return
  switch (event.type) {
    case 'read':
      noteRead(span, event)
      return
    case 'load':
      span.setAttribute('shop.cache.stored', event.stored)
      return
    case 'invalidate':
      span.setAttribute('shop.cache.acknowledged', event.acknowledged)
      span.setAttributes({ 'shop.cache.tags': event.tags, 'shop.cache.keys': event.keys })
      return
    case 'applied':
      span.setAttributes({ 'shop.cache.tags': event.tags, 'shop.cache.keys': event.keys })
      return
    case 'reset':
      span.addEvent('shop.cache.reset', { 'shop.cache.reason': event.reason })
      return
    case 'rejected':
      span.addEvent('shop.cache.rejected', { 'shop.cache.reason': event.reason })
      return
    case 'reload-dropped':
      span.addEvent('shop.cache.reload_dropped')
      return
    case 'remote-error':
      span.addEvent('shop.cache.remote_error', {
        'shop.cache.command': event.operation,
        'error.type': errorType(event.error),
      })
      return
    case 'wait':
    case 'remote-state':
    case 'reload-failed':
      return
    default:
      event satisfies never
  }
}

/** From the nearest to the farthest. */
const FARNESS: readonly ReadOutcome[] = ['hit', 'stale', 'collapsed', 'miss', 'error']

interface Tally {
  reads: number
  farthest: number
  ageMs: number
  ttlMs: number
  tags: number
}

const tallies = new WeakMap<Span, Tally>()

function noteRead(span: Span, { outcome, tier, stored, ageMs, ttlMs, tags = 0 }: ReadEvent): void {
  let tally = tallies.get(span)
  if (!tally) {
    tally = { reads: 0, farthest: -1, ageMs: 0, ttlMs: Number.POSITIVE_INFINITY, tags: 0 }
    tallies.set(span, tally)
  }
  if (++tally.reads > 1) span.setAttribute('shop.cache.reads', tally.reads)
  const farness = 2 * FARNESS.indexOf(outcome) + (tier === 'memory' ? 0 : 1)
  if (farness > tally.farthest) {
    tally.farthest = farness
    span.setAttribute('shop.cache.outcome', outcome)
    const reached = tier ?? (outcome === 'miss' ? 'source' : undefined)
    if (reached) span.setAttribute('shop.cache.tier', reached)
    if (stored) span.setAttribute('shop.cache.stored', stored)
  }
  if (ageMs === undefined) return
  tally.ageMs = Math.max(tally.ageMs, ageMs)
  tally.ttlMs = Math.min(tally.ttlMs, ttlMs)
  tally.tags += tags
  span.setAttributes({
    'shop.cache.age': tally.ageMs / 1_000,
    'shop.cache.ttl': tally.ttlMs / 1_000,
    'shop.cache.tags.checked': tally.tags,
  })
}

/** A word of few: the code of an error of this package, the class of any other. */
export function errorType(error: unknown): string {
  if (error instanceof CacheError) return error.code
  return error instanceof Error ? error.name : 'unknown'
}
