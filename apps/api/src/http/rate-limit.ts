/**
 * Refuses the requests of a principal beyond its limit: of a customer, or of the administrator.
 *
 * It comes after whoever says who asks, so a token that is not good costs nobody anything, and before whatever the request
 * costs. Each request that gets so far counts: one that is refused, one that is not valid, and an order that is replayed.
 *
 *     RateLimit-Policy: "customer";q=100;w=10      100 requests in each window of 10 s
 *     RateLimit: "customer";r=42;t=7               42 are left, and 7 s of the window
 *
 * The fields are those of draft-ietf-httpapi-ratelimit-headers-10; `Retry-After` of a refusal that of RFC 9110 section 10.2.3.
 */

import type { Context, Env, MiddlewareHandler } from 'hono'

import { tooManyRequests } from './problem.ts'

/** How many requests each principal of one kind may send. */
export interface RateLimit {
  readonly kind: 'customer' | 'admin'
  /** In one window, which begins with the first request in it. */
  readonly quota: number
  readonly windowS: number
  /** Counts one request of a principal. */
  take(principal: string): Promise<Taken>
}

export interface Taken {
  /** Whether it was within the quota. */
  readonly granted: boolean
  readonly left: number
  /** Until the window ends. */
  readonly resetMs: number
}

/** Without a limit it lets everything through. */
export function limitRate<E extends Env>(
  limit: RateLimit | undefined,
  principalOf: (c: Context<E>) => string,
): MiddlewareHandler<E> {
  if (limit === undefined) return (_, next) => next()
  const { kind, quota, windowS } = limit
  return async function limitRate(c, next) {
    const { granted, left, resetMs } = await limit.take(principalOf(c))
    const resetS = Math.max(1, Math.ceil(resetMs / 1_000))
    c.header('RateLimit-Policy', `"${kind}";q=${quota};w=${windowS}`)
    c.header('RateLimit', `"${kind}";r=${left};t=${resetS}`)
    if (!granted) throw tooManyRequests(resetS)
    await next()
  }
}
