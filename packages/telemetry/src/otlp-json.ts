/**
 * Writes spans as an OTLP message in JSON, as a collector takes it and as Jaeger's page opens a file.
 *
 * Source: OTLP specification 1.x, "JSON Protobuf Encoding": ids are hexadecimal, integers of 64 bits are texts, enumerations
 * are numbers.
 */

import type { RecordedSpan } from './recorded-span.ts'

/** Numbers of `SpanKind` in opentelemetry-proto, trace/v1/trace.proto. */
const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const
const STATUS_ERROR = 2

/** An `ExportTraceServiceRequest`: for `/v1/traces` with `Content-Type: application/json`. */
export function writeSpans(spans: readonly RecordedSpan[]): string {
  const resourceSpans = [...Map.groupBy(spans, ({ service }) => service)].map(([service, ofIt]) => ({
    resource: { attributes: attributesOf({ 'service.name': service }) },
    scopeSpans: [{ spans: ofIt.map(written) }],
  }))
  return `${JSON.stringify({ resourceSpans })}\n`
}

function written(span: RecordedSpan) {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId !== undefined && { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: KINDS[span.kind],
    startTimeUnixNano: nanoseconds(span.startedAt),
    endTimeUnixNano: nanoseconds(span.startedAt + span.duration),
    attributes: attributesOf(span.attributes),
    // When an event happened was not recorded; it was not before its span began.
    events: span.events.map(({ name, attributes }) => ({
      timeUnixNano: nanoseconds(span.startedAt),
      name,
      attributes: attributesOf(attributes),
    })),
    links: span.links,
    status: span.failed ? { code: STATUS_ERROR } : {},
  }
}

/** Whole and rest apart: since 1970 there are more nanoseconds than a number holds exactly. */
function nanoseconds(microseconds: number): string {
  const whole = Math.floor(microseconds)
  return String(BigInt(whole) * 1_000n + BigInt(Math.round((microseconds - whole) * 1_000)))
}

function attributesOf(attributes: Readonly<Record<string, unknown>>) {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value: unknown): object {
  if (typeof value === 'boolean') return { boolValue: value }
  if (Number.isSafeInteger(value)) return { intValue: String(value) }
  if (typeof value === 'number') return { doubleValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  return { stringValue: String(value) }
}
