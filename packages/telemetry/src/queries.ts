/**
 * A span for each SQL statement.
 *
 * The database package runs every statement through one hook; this is that
 * hook. Names and attributes are those of the stable semantic conventions for
 * database clients and PostgreSQL.
 */

import { context, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import {
  ATTR_DB_COLLECTION_NAME,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_QUERY_SUMMARY,
  ATTR_DB_QUERY_TEXT,
  ATTR_DB_RESPONSE_STATUS_CODE,
  ATTR_DB_SYSTEM_NAME,
  ATTR_ERROR_TYPE,
  DB_SYSTEM_NAME_VALUE_POSTGRESQL,
} from '@opentelemetry/semantic-conventions'
import { describeStatement } from './statement.ts'
import { currentTracer } from './tracer.ts'

/** What the database package calls around each statement. It must call `run` once and return what it returns. */
export type QueryHook = <T>(query: { readonly statement: string }, run: () => Promise<T>) => Promise<T>

/**
 * One CLIENT span per statement that runs on behalf of something traced. A statement nobody traced asked for, such as
 * a migration or a health check, gets none: it would be a trace of one span.
 */
export const traceQuery: QueryHook = (query, run) => {
  const tracer = currentTracer()
  return tracer !== undefined && trace.getActiveSpan()?.isRecording() ? traced(tracer, query.statement, run) : run()
}

async function traced<T>(tracer: Tracer, statement: string, run: () => Promise<T>): Promise<T> {
  const { text, operation, summary, table } = describeStatement(statement)
  const span = tracer.startSpan(summary, {
    kind: SpanKind.CLIENT,
    attributes: {
      [ATTR_DB_SYSTEM_NAME]: DB_SYSTEM_NAME_VALUE_POSTGRESQL,
      [ATTR_DB_OPERATION_NAME]: operation,
      [ATTR_DB_QUERY_SUMMARY]: summary,
      [ATTR_DB_QUERY_TEXT]: text,
      ...(table !== undefined && { [ATTR_DB_COLLECTION_NAME]: table }),
    },
  })
  try {
    // Active while it runs, because `BEGIN` runs a whole transaction and its statements belong below it.
    const result = await context.with(trace.setSpan(context.active(), span), run)
    if (Array.isArray(result)) span.setAttribute('db.response.returned_rows', result.length)
    return result
  } catch (error) {
    describeFailure(span, error)
    throw error
  } finally {
    span.end()
  }
}

/** Neither message nor stack: PostgreSQL quotes values in both. The SQLSTATE says what happened. */
function describeFailure(span: Span, error: unknown): void {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown }
  if (typeof code === 'string') span.setAttribute(ATTR_DB_RESPONSE_STATUS_CODE, code)
  span.setAttribute(ATTR_ERROR_TYPE, String(code ?? name ?? '_OTHER')).setStatus({ code: SpanStatusCode.ERROR })
}
