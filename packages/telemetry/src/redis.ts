/**
 * A span for each Redis command, from what ioredis itself publishes.
 *
 * ioredis 6 has three TracingChannels (node:diagnostics_channel):
 *
 *     ioredis:command    one command, from its write to its reply
 *     ioredis:batch      one MULTI, around commands that also publish themselves
 *     ioredis:connect    one connection attempt
 *
 * Only the first is heard. Its context carries the arguments: those of SET and
 * its like redacted, those of GET, EVAL and EVALSHA in full. None of them is
 * recorded here except the name of a script.
 *
 * A command belongs to the span that is active when ioredis *writes* it. That
 * is the caller's, with two exceptions: a command queued before the connection
 * is ready is written by whatever opened it, and under auto-pipelining all
 * commands of a tick are written by the first one's caller. The README has
 * what to do about both; the tests beside this file state them.
 */

import { createHash } from 'node:crypto'
import { tracingChannel } from 'node:diagnostics_channel'
import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  ATTR_DB_NAMESPACE,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_RESPONSE_STATUS_CODE,
  ATTR_DB_STORED_PROCEDURE_NAME,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from '@opentelemetry/semantic-conventions'
import { currentTracer } from './tracer.ts'

/** What ioredis publishes with each event of one command. `error` is there once it failed. */
interface CommandMessage {
  readonly command: string
  readonly args: readonly string[]
  readonly database: number
  readonly serverAddress: string
  readonly serverPort: number | undefined
  readonly error?: unknown
}

export interface TraceRedisOptions {
  /**
   * Lua scripts by the SHA-1 of their source, for the names of their spans.
   * @default none (a script goes by the first eight digits of its digest)
   */
  readonly scripts?: Iterable<{ readonly name: string; readonly sha: string }>
}

/**
 * Begins to trace Redis commands, those of every ioredis client in this process; returns what ends it. Does nothing
 * while tracing is off, so it is called after `startTelemetry`.
 *
 * A command gets a span only inside a span that is still open. Subscriptions, probes and reconnects belong to nobody's
 * request and would each be a trace of one span.
 */
export function traceRedis({ scripts = [] }: TraceRedisOptions = {}): () => void {
  const tracer = currentTracer()
  if (tracer === undefined) return () => undefined

  const spans = new WeakMap<object, Span>()
  const names = new Map(Array.from(scripts, ({ sha, name }) => [sha, name]))
  const channel = tracingChannel<unknown, CommandMessage>('ioredis:command')

  const finish = (message: CommandMessage, error?: unknown): void => {
    const span = spans.get(message)
    if (span === undefined) return
    spans.delete(message)
    if (error !== undefined) describeFailure(span, error)
    span.end()
  }
  const subscriber = {
    start(message: CommandMessage) {
      if (!trace.getActiveSpan()?.isRecording()) return
      const operation = message.command.toUpperCase()
      const script = scriptName(names, operation, message.args)
      const span = tracer.startSpan(script === undefined ? operation : `${operation} ${script}`, {
        kind: SpanKind.CLIENT,
        attributes: {
          [ATTR_DB_SYSTEM_NAME]: 'redis',
          [ATTR_DB_OPERATION_NAME]: operation,
          [ATTR_DB_NAMESPACE]: String(message.database),
          [ATTR_SERVER_ADDRESS]: message.serverAddress,
          ...(message.serverPort !== undefined && { [ATTR_SERVER_PORT]: message.serverPort }),
          ...(script !== undefined && { [ATTR_DB_STORED_PROCEDURE_NAME]: script }),
        },
      })
      spans.set(message, span)
    },
    // A rejected command reports its error first and its end after, one that throws reports only the error.
    error: (message: CommandMessage) => finish(message, message.error),
    asyncEnd: (message: CommandMessage) => finish(message),
    end: () => undefined,
    asyncStart: () => undefined,
  }
  channel.subscribe(subscriber)
  return () => channel.unsubscribe(subscriber)
}

/**
 * Redis begins an error with a word in capitals; what follows can quote keys and values and is left out. NOSCRIPT is
 * the question for the source of a script, not a failure: EVAL follows.
 */
function describeFailure(span: Span, error: unknown): void {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  const code = /^[A-Z][A-Z0-9]+(?= )/.exec(message)?.[0]
  if (code !== undefined) span.setAttribute(ATTR_DB_RESPONSE_STATUS_CODE, code)
  if (code === 'NOSCRIPT') return
  span.setAttribute(ATTR_ERROR_TYPE, code ?? name).setStatus({ code: SpanStatusCode.ERROR })
}

/**
 * The name of a Lua script, or the first digits of its digest when nobody told its name. EVALSHA carries the digest,
 * EVAL the source, which is sent once per script and server.
 */
function scriptName(
  names: ReadonlyMap<string, string>,
  operation: string,
  args: readonly string[],
): string | undefined {
  if (!/^EVAL(?:SHA)?(?:_RO)?$/.test(operation)) return undefined
  const [script = ''] = args
  const digest = operation.startsWith('EVALSHA') ? script : createHash('sha1').update(script).digest('hex')
  return names.get(digest) ?? digest.slice(0, 8)
}
