/**
 * Cached values as answers of Hono: their bytes with the fields that HTTP caches read, and how the cache answered, in the
 * standard form of RFC 9211:
 *
 *     Cache-Status: shop; hit; ttl=295; detail=memory
 *     Cache-Status: shop; hit; ttl=-3; detail=memory    stale, and being reloaded
 *     Cache-Status: shop; fwd=miss; stored
 *     Cache-Status: shop; fwd=miss; collapsed
 *
 * A response may rest on several reads. Its status is that of the least cached one, and its ttl the shortest:
 * what the client may conclude must hold for every part.
 */

import type { Context, MiddlewareHandler } from 'hono'

import { answerHeaders, type Bytes, type HttpHeaders, isNotModified, observeReads, type ReadEvent } from './index.ts'

/**
 * Answers with a value as it is stored, nothing parsed and nothing written anew; 304 without a body if the client has it.
 * `headers` are `resource.httpHeaders`.
 */
export function answerBytes(
  c: Context,
  headers: HttpHeaders,
  found: Bytes,
  contentType: string = 'application/json',
): Response {
  const fields = answerHeaders(headers, found)
  if (isNotModified(c.req.header('If-None-Match'), fields.ETag)) return c.body(null, 304, { ...fields })
  return c.body(found.bytes as Uint8Array<ArrayBuffer>, 200, { ...fields, 'Content-Type': contentType })
}

/** Adds a member to `Cache-Status` when a read of any cache was made for the request. `name` is the cache's name in it. */
export function cacheStatus({ name }: { readonly name: string }): MiddlewareHandler {
  return async function cacheStatus(c, next) {
    const reads: ReadEvent[] = []
    await observeReads(reads, next)
    // A cache nearer to the client appends itself after us (RFC 9211 section 2).
    if (reads.length > 0) c.header('Cache-Status', formatCacheStatus(name, reads), { append: true })
  }
}

/** `hit` and `fwd` exclude each other; `ttl` is in seconds (RFC 9211 sections 2.1 to 2.5). */
export function formatCacheStatus(name: string, reads: readonly ReadEvent[]): string {
  const loaded = reads.filter((read) => read.outcome === 'miss')
  const collapsed = reads.filter((read) => read.outcome === 'collapsed')
  const ttl = Math.floor(Math.min(...reads.map((read) => read.ttlMs)) / 1_000)
  if (reads.some((read) => read.outcome === 'error')) return `${name}; fwd=miss; detail=error`
  if (loaded.length > 0) {
    return loaded.every((read) => read.stored !== 'no') ? `${name}; fwd=miss; stored; ttl=${ttl}` : `${name}; fwd=miss`
  }
  if (collapsed.length > 0) return `${name}; fwd=miss; collapsed; ttl=${ttl}`
  const tier = reads.every((read) => read.tier === 'memory') ? 'memory' : 'redis'
  return `${name}; hit; ttl=${ttl}; detail=${tier}`
}
