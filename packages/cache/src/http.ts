/**
 * What HTTP caches may do with a value: the declaration of its resource, as header fields.
 *
 *     public            Cache-Control: public, max-age=10, stale-while-revalidate=30
 *                       CDN-Cache-Control: max-age=60, stale-while-revalidate=30       where shared caches may keep it longer
 *     tenant, user      Cache-Control: private, max-age=10
 *     no http policy    Cache-Control: no-store
 *
 * Sources: RFC 9111 section 5.2.2 (Cache-Control), RFC 5861 (stale-while-revalidate, stale-if-error), RFC 9213
 * (targeted fields).
 */

import type { Millis } from './clock.ts'
import type { HttpPolicy, Policy } from './options.ts'

export interface HttpHeaders {
  readonly 'Cache-Control': string
  readonly 'CDN-Cache-Control'?: string
}

export function headersOf({ http, scope }: Policy): HttpHeaders {
  if (!http) return { 'Cache-Control': 'no-store' }
  const { maxAge, sharedMaxAge } = http
  if (scope !== 'public') return { 'Cache-Control': `private, ${directives(maxAge, http)}` }
  return {
    'Cache-Control': `public, ${directives(maxAge, http)}`,
    ...(sharedMaxAge !== undefined && { 'CDN-Cache-Control': directives(sharedMaxAge, http) }),
  }
}

function directives(maxAge: Millis, { staleWhileRevalidate, staleIfError }: HttpPolicy): string {
  const stale = [
    ['stale-while-revalidate', seconds(staleWhileRevalidate)],
    ['stale-if-error', seconds(staleIfError)],
  ] as const
  return [
    `max-age=${seconds(maxAge)}`,
    ...stale.filter(([, most]) => most > 0).map(([name, most]) => `${name}=${most}`),
  ].join(', ')
}

/** Rounded down: nothing is kept longer than was allowed. */
function seconds(duration: Millis): number {
  return Math.floor(duration / 1_000)
}
