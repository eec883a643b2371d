/**
 * Reads the spans of an OTLP message: `ExportTraceServiceRequest` in protobuf, as far as a test or a picture needs it.
 *
 * The format is a list of fields, each a number, a type and a value: a varint, eight bytes, or bytes with their length in
 * front, which are a text or another such list. Numbers are those of opentelemetry-proto, trace/v1/trace.proto.
 */

import type { RecordedSpan } from './recorded-span.ts'

/** The value of a field, by its type: a varint or eight bytes are a number, all else is bytes. */
type Value = bigint | Uint8Array

/** The fields of a message by their number, each in order. */
type Message = ReadonlyMap<number, readonly Value[]>

const KINDS = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const
const STATUS_ERROR = 2n

export function readSpans(request: Uint8Array): RecordedSpan[] {
  return messages(read(request), 1).flatMap((resourceSpans) => {
    const [resource] = messages(resourceSpans, 1)
    const service = String((resource && attributesOf(resource, 1)['service.name']) ?? '')
    return messages(resourceSpans, 2).flatMap((scopeSpans) =>
      messages(scopeSpans, 2).map((span) => recorded(span, service)),
    )
  })
}

function recorded(span: Message, service: string): RecordedSpan {
  const [startedAt, endedAt] = [nanoseconds(span, 7), nanoseconds(span, 8)]
  const [status] = messages(span, 15)
  return {
    name: text(span, 5),
    kind: KINDS[Number(number(span, 6))] ?? 'internal',
    service,
    traceId: hex(span, 1),
    spanId: hex(span, 2),
    parentSpanId: hex(span, 4) || undefined,
    links: messages(span, 13).map((link) => ({ traceId: hex(link, 1), spanId: hex(link, 2) })),
    failed: status !== undefined && number(status, 3) === STATUS_ERROR,
    startedAt: startedAt / 1_000,
    duration: (endedAt - startedAt) / 1_000,
    attributes: attributesOf(span, 9),
    events: messages(span, 11).map((event) => ({ name: text(event, 2), attributes: attributesOf(event, 3) })),
  }
}

function attributesOf(message: Message, field: number): Record<string, unknown> {
  return Object.fromEntries(messages(message, field).map((pair) => [text(pair, 1), anyValueOf(messages(pair, 2)[0])]))
}

/** An `AnyValue`: the field says the type. Lists of values are read, maps and bytes are not. */
function anyValueOf(any: Message | undefined): unknown {
  if (any === undefined) return undefined
  if (any.has(1)) return text(any, 1)
  if (any.has(2)) return number(any, 2) === 1n
  if (any.has(3)) return Number(BigInt.asIntN(64, number(any, 3)))
  if (any.has(4)) return new Float64Array(new BigUint64Array([number(any, 4)]).buffer)[0]
  return messages(any, 5).flatMap((list) => messages(list, 1).map(anyValueOf))
}

function read(bytes: Uint8Array): Message {
  const fields = new Map<number, Value[]>()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  const skip = (length: number): number => {
    at += length
    return at - length
  }
  const readers: Readonly<Record<number, () => Value>> = {
    0: varint,
    1: () => view.getBigUint64(skip(8), true),
    2: () => {
      const length = Number(varint())
      return bytes.subarray(skip(length), at)
    },
    5: () => BigInt(view.getUint32(skip(4), true)),
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const value = readers[tag & 7]?.()
    if (value === undefined) throw new Error(`A field of type ${tag & 7} is none of protobuf's`)
    const field = fields.get(tag >> 3)
    if (field) field.push(value)
    else fields.set(tag >> 3, [value])
  }
  return fields
}

function messages(message: Message, field: number): Message[] {
  return (message.get(field) ?? []).map((value) => read(value as Uint8Array))
}

function number(message: Message, field: number): bigint {
  return (message.get(field)?.[0] ?? 0n) as bigint
}

function nanoseconds(message: Message, field: number): number {
  return Number(number(message, field))
}

function text(message: Message, field: number): string {
  return Buffer.from((message.get(field)?.[0] ?? []) as Uint8Array).toString()
}

function hex(message: Message, field: number): string {
  return Buffer.from((message.get(field)?.[0] ?? []) as Uint8Array).toString('hex')
}
