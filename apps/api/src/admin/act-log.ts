/**
 * One structured line for each act of an administrator on the cache: who, what, and what came of it.
 *
 * Who is the token that let them in, the address their connection came from, and the request. There is one token, so
 * its bearer is `admin`; the token itself, tags and keys are in no line; a pattern of keys is. An act that fails has its line too, and the
 * reason stands in the line of its failure, under the same request id.
 */

import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'

import type { Log } from '../http/request-log.ts'

export interface Act {
  readonly action: 'overview' | 'explain' | 'invalidate' | 'warm'
  readonly resources?: readonly string[]
  readonly tags?: number
  readonly keys?: number
  /** Of keys: it is all there is to say of what was asked for. */
  readonly pattern?: string
}

/** Does the act, and writes its line once it is over. `outcomeOf` picks what the line says of the result. */
export type Acting = <R>(
  c: Context,
  act: Act,
  run: () => Promise<R> | R,
  outcomeOf?: (result: R) => object,
) => Promise<R>

export function actLog(log: Log): Acting {
  return async function actLog(c, act, run, outcomeOf = () => ({})) {
    const who = { request_id: c.get('requestId'), principal: 'admin', client: addressOf(c) }
    try {
      const result = await run()
      log.info({ ...who, ...act, ...outcomeOf(result) }, 'admin act')
      return result
    } catch (error) {
      log.warn({ ...who, ...act, failed: true }, 'admin act')
      throw error
    }
  }
}

/** Of the connection, which nobody can make up; behind a proxy it is that of the proxy. */
function addressOf(c: Context): string | undefined {
  // Without a port there is no connection.
  return c.env?.incoming ? getConnInfo(c).remote.address : undefined
}
