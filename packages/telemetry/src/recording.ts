/**
 * Tracing into memory: the same SDK and the same code paths, with the finished
 * spans at hand instead of at a collector.
 */

import type { Span, SpanProcessor } from '@opentelemetry/sdk-trace'
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions'
import type { RecordedSpan } from './recorded-span.ts'
import { startSdk } from './sdk.ts'
import { setTracer } from './tracer.ts'

export interface Recording {
  /** Spans begun since the start or the last `clear` and finished by now, in the order in which they began. */
  spans(): RecordedSpan[]
  clear(): void
  stop(): Promise<void>
}

/** Starts tracing into memory. Call it before the code under test is put together. */
export function recordSpans(options: { readonly sampleRatio?: number; readonly slowMs?: number } = {}): Recording {
  const { sampleRatio = 1, slowMs = Number.POSITIVE_INFINITY } = options
  let begun: Span[] = []
  const processor: SpanProcessor = {
    onStart: (span) => void begun.push(span),
    onEnd: () => undefined,
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
  const sdk = startSdk({ serviceName: 'test', sampleRatio, destination: processor })
  setTracer(sdk.tracer, { ratio: sampleRatio, slowMs })
  return {
    spans: () => begun.filter(({ ended }) => ended).map(recorded),
    clear() {
      begun = []
    },
    async stop() {
      setTracer(undefined)
      await sdk.shutdown()
    },
  }
}

const KINDS = ['internal', 'server', 'client', 'producer', 'consumer'] as const

function recorded(span: Span): RecordedSpan {
  const { traceId, spanId } = span.spanContext()
  return {
    name: span.name,
    kind: KINDS[span.kind] ?? 'internal',
    service: String(span.resource.attributes[ATTR_SERVICE_NAME]),
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    links: span.links.map(({ context }) => ({ traceId: context.traceId, spanId: context.spanId })),
    failed: span.status.code === 2,
    startedAt: microseconds(span.startTime),
    duration: microseconds(span.duration),
    attributes: span.attributes,
    events: span.events.map(({ name, attributes = {} }) => ({ name, attributes })),
  }
}

function microseconds([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1_000_000 + nanoseconds / 1_000
}
