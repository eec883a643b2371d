/**
 * What becomes of anything thrown while a request is handled.
 *
 * A problem is answered as it is. A database that cannot be reached in time is 503, so that a load balancer and a
 * client know that trying again is right. Everything else is 500 and one line in the log, with the whole chain of
 * causes. The messages of drizzle are left out of that line, because they contain the values of the statement.
 */

import { DrizzleQueryError } from 'drizzle-orm'
import type { ErrorHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'

import { internal, invalidRequest, ProblemError, renderProblem, unavailable, unsupportedMediaType } from './problem.ts'
import type { Log } from './request-log.ts'

/** Codes of the network, of postgres.js, of Postgres and of the cache that mean: not now, perhaps in a moment. */
const UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  '40001', // serialization_failure
  '40P01', // deadlock_detected: the one that was ended may try again
  '53300', // too_many_connections
  '55P03', // lock_not_available
  '57014', // query_canceled, by a timeout
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  'CACHE_CLOSED',
  'CACHE_LOAD_FAILED', // in another process, which has logged why
  'CACHE_LOAD_SHED',
  'CACHE_LOAD_TIMEOUT',
])

export function answerFailure(log: Log): ErrorHandler {
  return function answerFailure(error, c) {
    const known = knownProblem(error)
    if (known) return renderProblem(c, known)
    const causes = chainOf(error)
    const problem = causes.some(({ code }) => code !== undefined && UNAVAILABLE.has(code)) ? unavailable() : internal()
    log.error({ request_id: c.get('requestId'), causes, stack: innermost(error).stack }, problem.code)
    return renderProblem(c, problem)
  }
}

function knownProblem(error: unknown): ProblemError | undefined {
  if (error instanceof ProblemError) return error
  if (!(error instanceof HTTPException)) return undefined
  switch (error.status) {
    case 400:
      return invalidRequest([{ pointer: '', detail: 'Expected a body that is valid JSON.' }])
    case 415:
      return unsupportedMediaType()
    default:
      return undefined
  }
}

interface Cause {
  readonly type: string
  readonly code?: string
  readonly message?: string
}

const MAX_CAUSES = 8

/** The error and what caused it, outermost first. */
export function chainOf(error: unknown): readonly Cause[] {
  const chain: Cause[] = []
  for (let current: unknown = error; current instanceof Error && chain.length < MAX_CAUSES; current = current.cause) {
    const code = 'code' in current && typeof current.code === 'string' ? current.code : undefined
    chain.push({
      type: current.name,
      ...(code !== undefined && { code }),
      ...(!(current instanceof DrizzleQueryError) && { message: current.message }),
    })
  }
  return chain
}

function innermost(error: Error): Error {
  let current = error
  for (let depth = 1; depth < MAX_CAUSES && current.cause instanceof Error; depth++) current = current.cause
  return current
}
