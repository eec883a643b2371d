/**
 * What an edge may keep of this API: for how long, and by which keys it is told to drop it.
 *
 *     CDN-Cache-Control: max-age=60, stale-while-revalidate=10, stale-if-error=300     RFC 9213
 *     Surrogate-Key: product:42 products category:279                                  Fastly, Varnish's xkey
 *     Cache-Tag: product:42,products,category:279                                      Cloudflare, Akamai, Google
 *
 * A route says by the tags of its answer that the answer may be shared; without tags nobody could end it, so it is not. How
 * long is a matter of where the process runs: `EDGE_MAX_AGE_S` is the time after which a purge that never came is made up
 * for, and 0, the default, means that there is no edge. Then none of this is sent, and nobody else learns what depends on
 * what.
 */

import { surrogateKey } from '@shop/cache'
import { ANY_CHANGE } from '@shop/db'
import type { MiddlewareHandler } from 'hono'

export interface Edge {
  /** How long it may keep an answer, in seconds, above 0. */
  readonly maxAgeS: number
}

declare module 'hono' {
  interface ContextVariableMap {
    /** Absent: there is none. */
    edge?: string
  }
}

/** While it fetches the answer anew, of which nobody has said that it is old. */
const STALE_WHILE_REVALIDATE_S = 10
/** While no process of the API answers. */
const STALE_IF_ERROR_S = 300

/**
 * The longest list of keys. Varnish takes 8 KiB in one header (`http_resp_hdr_len`), and Node, which the audit and the
 * tests are clients with, 16 KiB in all of them.
 */
const KEYS_LENGTH = 4_000

const KEY_FIELDS = ['Surrogate-Key', 'Cache-Tag'] as const

/** An answer of which the cache says that it is stored or was. */
const STORED = /; hit\b|; (?:stored|collapsed); ttl=[1-9]/

/**
 * Lets answers say what an edge may keep. What the cache was not allowed to store, an edge is not either: an invalidation
 * came during the load, and the edge may have been told already.
 *
 *     edge     miss ── fetching ─────────────────────────────── keeps the old value
 *     API               load (old) ────────── answers: not stored
 *     worker                       purge: nothing there
 */
export function keptAtEdge(edge: Edge): MiddlewareHandler {
  const control = edgeControl(edge)
  return async function keptAtEdge(c, next) {
    c.set('edge', control)
    await next()
    const { headers } = c.res
    const status = headers.get('Cache-Status')
    if (status === null || STORED.test(status) || !headers.has('CDN-Cache-Control')) return
    for (const field of KEY_FIELDS) headers.delete(field)
    // Said, and not left out: to a 304 a cache adds the fields that it has kept.
    headers.set('CDN-Cache-Control', 'no-store')
  }
}

/** `CDN-Cache-Control`, of whatever may be kept. */
export function edgeControl({ maxAgeS }: Edge): string {
  return `max-age=${maxAgeS}, stale-while-revalidate=${STALE_WHILE_REVALIDATE_S}, stale-if-error=${STALE_IF_ERROR_S}`
}

/** The fields of an answer with these tags. */
export function edgeFields(edge: string | undefined, tags: readonly string[]): Record<string, string> {
  if (edge === undefined || tags.length === 0) return {}
  const keys = keysOf(tags)
  return { 'CDN-Cache-Control': edge, 'Surrogate-Key': keys.join(' '), 'Cache-Tag': keys.join(',') }
}

/** Too many to be named depend on any change: that is a purge too many at times, and never one too few. */
function keysOf(tags: readonly string[]): readonly string[] {
  // The cache's own tags of a resource are in no row of the outbox.
  const keys = [...new Set(tags)].filter((tag) => !tag.startsWith('~')).map(surrogateKey)
  const length = keys.reduce((sum, key) => sum + key.length + 1, 0)
  return length > KEYS_LENGTH ? [ANY_CHANGE] : keys
}
