/**
 * What HTTP caches may do with a value: the declaration of its resource and its tags, as header fields.
 *
 *     public            Cache-Control: public, max-age=10, stale-while-revalidate=30
 *                       CDN-Cache-Control: max-age=60, stale-while-revalidate=30       where shared caches may keep it longer
 *     maxAge 0          Cache-Control: public, no-cache         kept, and asked about before each use
 *     tenant, user      Cache-Control: private, max-age=10
 *     no http policy    Cache-Control: no-store
 *
 * A value that was invalidated while it was loaded is answered to who asked, and may be stored by nobody.
 *
 * Sources: RFC 9111 section 5.2.2 (Cache-Control), RFC 5861 (stale-while-revalidate, stale-if-error), RFC 9213
 * (targeted fields), RFC 9110 sections 8.8.3 (ETag) and 13.1.2 (If-None-Match). Surrogate-Key is what Fastly and
 * Varnish's xkey read, Cache-Tag what Cloudflare, Akamai and Google do; no RFC has them.
 */

import type { Millis } from './clock.ts'
import type { HttpPolicy, Policy } from './options.ts'

export interface HttpHeaders {
  readonly 'Cache-Control': string
  readonly 'CDN-Cache-Control'?: string
}

/** The fields of one answer. */
export interface AnswerHeaders extends HttpHeaders {
  readonly ETag: string
  readonly 'Surrogate-Key'?: string
  readonly 'Cache-Tag'?: string
}

const NO_STORE: HttpHeaders = { 'Cache-Control': 'no-store' }

export function headersOf({ http, scope }: Policy): HttpHeaders {
  if (!http) return NO_STORE
  const { maxAge, sharedMaxAge } = http
  if (scope !== 'public') return { 'Cache-Control': `private, ${directives(maxAge, http)}` }
  return {
    'Cache-Control': `public, ${directives(maxAge, http)}`,
    ...(sharedMaxAge !== undefined && { 'CDN-Cache-Control': directives(sharedMaxAge, http) }),
  }
}

function directives(maxAge: Millis, { staleWhileRevalidate, staleIfError }: HttpPolicy): string {
  const stale = (
    [
      ['stale-while-revalidate', seconds(staleWhileRevalidate)],
      ['stale-if-error', seconds(staleIfError)],
    ] as const
  ).filter(([, most]) => most > 0)
  // Fresh for no time and never stale: it may be kept, and is asked about before each use.
  if (seconds(maxAge) === 0 && stale.length === 0) return 'no-cache'
  return [`max-age=${seconds(maxAge)}`, ...stale.map(([name, most]) => `${name}=${most}`)].join(', ')
}

/** Rounded down: nothing is kept longer than was allowed. */
function seconds(duration: Millis): number {
  return Math.floor(duration / 1_000)
}

/** `tags` go to shared caches only: they say what to purge, and nobody else is to know them. */
export function answerHeaders(
  headers: HttpHeaders,
  { hash, tags }: { readonly hash: string; readonly tags: readonly string[] },
): AnswerHeaders {
  const ETag = `"${hash}"`
  if (tags.length === 0) return { ETag, ...NO_STORE }
  if (!headers['Cache-Control'].startsWith('public')) return { ETag, ...headers }
  const keys = tags.map(surrogateKey)
  return { ETag, ...headers, 'Surrogate-Key': keys.join(' '), 'Cache-Tag': keys.join(',') }
}

/** A tag as it stands in a list of keys. */
export function surrogateKey(tag: string): string {
  return tag.replace(/[^\x21-\x24\x26-\x2b\x2d-\x7e]/gu, encodeURIComponent)
}

const ENTITY_TAGS = /^\s*(?:W\/)?"[\x21\x23-\x7e]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e]*")*\s*$/

/** The entity tags of `If-None-Match` or `If-Match`, those that are weak with their `W/`; `undefined` for a malformed field. */
export function entityTagsOf(field: string): readonly string[] | undefined {
  return ENTITY_TAGS.test(field) ? (field.match(/(?:W\/)?"[^"]*"/g) as string[]) : undefined
}

/** Whether `If-None-Match` names this entity tag, by weak comparison. A malformed field names none. */
export function isNotModified(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  return entityTagsOf(ifNoneMatch)?.some((tag) => tag.replace('W/', '') === etag) ?? false
}
