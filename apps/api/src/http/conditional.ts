/**
 * Conditional requests (RFC 9110 section 13): what the headers ask for.
 *
 * A read with `If-None-Match` that names the entity tag is answered 304 without a body (`answerBytes` of `@shop/cache`).
 * A write with `If-Match` is carried out only on what it names; the comparison is made by the repository under the lock
 * of the row, here the header is only read.
 */

import { z } from '@hono/zod-openapi'
import { contentHash, isNotModified } from '@shop/cache'
import type { Context } from 'hono'

import { CACHE_STATUS_HEADER } from './docs.ts'
import { invalidRequest } from './problem.ts'

const ETAG_EXAMPLE = '"f8HkGzzpMVBcRz6Tq0vYQA"'

const ENTITY_TAGS = /^\s*(?:W\/)?"[\x21\x23-\x7e]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e]*")*\s*$/

/**
 * The entity tags a write accepts: `undefined` for any. Strong comparison, as section 13.1.1 asks, so a weak one counts
 * for none. A malformed header is refused: ignoring it would write unconditionally.
 */
export function acceptedTags(ifMatch: string | undefined): readonly string[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined
  if (!ENTITY_TAGS.test(ifMatch)) {
    throw invalidRequest([
      { parameter: 'If-Match', detail: `Expected * or quoted entity tags such as ${ETAG_EXAMPLE}.` },
    ])
  }
  return (ifMatch.match(/(?:W\/)?"[^"]*"/g) ?? []).filter((tag) => !tag.startsWith('W/'))
}

/**
 * Answers with what was put together from cached parts: it may be kept, and must be asked about before each use. 304 without
 * a body if the client has these very bytes.
 */
export function answerComposed(c: Context, value: unknown): Response {
  const bytes = Buffer.from(JSON.stringify(value))
  const headers = { 'Cache-Control': 'public, no-cache', ETag: `"${contentHash(bytes)}"` }
  if (isNotModified(c.req.header('If-None-Match'), headers.ETag)) return c.body(null, 304, headers)
  return c.body(bytes, 200, { ...headers, 'Content-Type': 'application/json' })
}

/** Without an example, which `/docs` would fill in and send. */
export const IfNoneMatch = z.object({
  'If-None-Match': z.string().optional().openapi({
    description: 'The ETag of a representation you have. If it is still current the answer is 304 without a body.',
  }),
})

/** As above. */
export const IfMatch = z.object({
  'If-Match': z.string().optional().openapi({
    description: 'The ETag of what you have read. If the product shows anything else since, nothing is written (412).',
  }),
})

export const ETAG_HEADER = {
  ETag: { description: 'Names these bytes.', schema: { type: 'string', example: ETAG_EXAMPLE } },
} as const

/** What every answer to a read that may be conditional carries, and the one it may be instead. */
export const CURRENT_HEADERS = { ...ETAG_HEADER, ...CACHE_STATUS_HEADER } as const

export const NOT_MODIFIED = {
  304: { description: 'It is still what `If-None-Match` names.', headers: CURRENT_HEADERS },
} as const
