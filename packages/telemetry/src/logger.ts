/**
 * The structured log: one JSON object per line on standard output.
 *
 * A line written while a span is active carries `trace_id` and `span_id`, the
 * field names of OpenTelemetry's log format, so a trace leads to its lines and
 * a line to its trace.
 */

import { isSpanContextValid, trace } from '@opentelemetry/api'
import { type DestinationStream, type Logger, type LoggerOptions as PinoOptions, pino } from 'pino'

export type { Logger } from 'pino'

export interface LoggerOptions {
  /** The lowest level written: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. */
  readonly level: string
  /** Written to every line as `service`. */
  readonly service: string
  /**
   * Where lines go.
   * @default standard output
   */
  readonly destination?: DestinationStream
}

export function createLogger({ level, service, destination }: LoggerOptions): Logger {
  const options: PinoOptions = {
    level,
    base: { service, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    mixin: spanFields,
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}

/** A new object per line, because pino adds the line's own fields to what it is given. */
function spanFields(): object {
  const span = trace.getActiveSpan()?.spanContext()
  return span !== undefined && isSpanContextValid(span) ? { trace_id: span.traceId, span_id: span.spanId } : {}
}
