/**
 * Lets administrators through, by a bearer token (RFC 6750).
 *
 * Only the SHA-256 of the token is kept, from the start of the process. What a client presents is hashed too, so the
 * comparison is between values of one length and takes the same time wherever they differ.
 */

import { hash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'

import { unauthorized } from './problem.ts'

export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer')
}

export function requireAdmin(tokenHash: Buffer): MiddlewareHandler {
  return async function requireAdmin(c, next) {
    const presented = /^Bearer +(\S+) *$/i.exec(c.req.header('Authorization') ?? '')?.[1]
    if (presented === undefined) throw unauthorized('Bearer realm="shop"')
    if (!timingSafeEqual(hashToken(presented), tokenHash))
      throw unauthorized('Bearer realm="shop", error="invalid_token"')
    await next()
  }
}
