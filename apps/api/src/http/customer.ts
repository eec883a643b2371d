/**
 * Lets customers through, by a bearer token (RFC 6750) that is a JSON Web Token (RFC 7519).
 *
 * It says who they are (`sub`, the id of the customer) and until when (`exp`), and is signed with a secret that whoever
 * logs them in shares with this API. The algorithm is fixed: a token that names another one, or none, is not looked at.
 * Whatever is wrong with a token, the answer is the same.
 */

import type { MiddlewareHandler } from 'hono'
import { sign, verify } from 'hono/jwt'

import { customerUnauthorized } from './problem.ts'

/** Known to everybody, and so refused in production. */
export const DEVELOPMENT_CUSTOMER_SECRET = 'dev-customer-token-secret-known-to-everybody'

const ALGORITHM = 'HS256'

/** What `requireCustomer` leaves for the handler. */
export interface CustomerEnv {
  Variables: { customerId: number }
}

export function requireCustomer(secret: string): MiddlewareHandler<CustomerEnv> {
  return async function requireCustomer(c, next) {
    const presented = /^Bearer +(\S+) *$/i.exec(c.req.header('Authorization') ?? '')?.[1]
    if (presented === undefined) throw customerUnauthorized('Bearer realm="shop"')
    const customerId = await customerOf(presented, secret)
    if (customerId === undefined) throw customerUnauthorized('Bearer realm="shop", error="invalid_token"')
    c.set('customerId', customerId)
    await next()
  }
}

/** A token such as whoever logs customers in would issue. */
export function customerToken(secret: string, customerId: number, lifetimeSeconds: number): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return sign({ sub: String(customerId), iat: now, exp: now + lifetimeSeconds }, secret, ALGORITHM)
}

async function customerOf(token: string, secret: string): Promise<number | undefined> {
  const claims = await verify(token, secret, ALGORITHM).catch(() => undefined)
  // `verify` looks at `exp` only where there is one, and a token without would be good for ever.
  if (claims?.exp === undefined) return undefined
  const id = typeof claims.sub === 'string' && /^[1-9]\d{0,15}$/.test(claims.sub) ? Number(claims.sub) : undefined
  return Number.isSafeInteger(id) ? id : undefined
}
