/**
 * Conditional requests (RFC 9110 section 13): what the headers ask for.
 *
 * A read with `If-None-Match` that names the entity tag is answered 304 without a body.
 * A write with `If-Match` is carried out only on what it names; the comparison is made by the repository under the lock
 * of the row, here the header is only read.
 */

import { z } from '@hono/zod-openapi'
import { type Bytes, contentHash, entityTagsOf, type HttpHeaders, isNotModified } from '@shop/cache'
import type { Context } from 'hono'

import { CACHE_STATUS_HEADER } from './docs.ts'
import { edgeFields } from './edge.ts'
import { invalidRequest } from './problem.ts'

const ETAG_EXAMPLE = '"f8HkGzzpMVBcRz6Tq0vYQA"'

/**
 * The entity tags a write accepts: `undefined` for any. Strong comparison, as section 13.1.1 asks, so a weak one counts
 * for none. A malformed header is refused: ignoring it would write unconditionally.
 */
export function acceptedTags(ifMatch: string | undefined): readonly string[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined
  const tags = entityTagsOf(ifMatch)
  if (tags === undefined) {
    throw invalidRequest([
      { parameter: 'If-Match', detail: `Expected * or quoted entity tags such as ${ETAG_EXAMPLE}.` },
    ])
  }
  return tags.filter((tag) => !tag.startsWith('W/'))
}

/** It may be kept, and must be asked about before each use. */
const ASKED: HttpHeaders = { 'Cache-Control': 'public, no-cache' }
const NEVER: HttpHeaders = { 'Cache-Control': 'no-store' }

/**
 * Answers with a value as it is stored, nothing parsed and nothing written anew; nobody may keep one without tags, because
 * it was invalidated while it was loaded.
 */
export function answerStored(c: Context, found: Bytes & { readonly headers: HttpHeaders }): Response {
  return answer(c, found.bytes, storedFields(c.get('edge'), found))
}

/** The fields of such an answer. `edge` is what an edge may do with it, if there is one. */
export function storedFields(
  edge: string | undefined,
  { hash, headers, tags }: Omit<Bytes, 'bytes'> & { readonly headers: HttpHeaders },
): Fields {
  return fieldsOf(edge, hash, tags.length === 0 ? NEVER : headers, tags)
}

/**
 * Answers with what was put together. `tags` are those of everything in it, also of what is missing from it; an edge
 * may keep nothing without them. `of` is the one value of the cache that it is made of, if it is of one.
 */
export function answerComposed(
  c: Context,
  value: unknown,
  tags: readonly string[] = [],
  of: unknown = value,
): Response {
  const { bytes, hash } = write(value, of)
  return answer(c, bytes, fieldsOf(c.get('edge'), hash, ASKED, tags))
}

type Written = Pick<Bytes, 'bytes' | 'hash'>

/** The cache gives the same frozen object for as long as it keeps it, and so long its bytes are the same too. */
const written = new WeakMap<object, Written>()

function write(value: unknown, of: unknown): Written {
  const kept = typeof of === 'object' && of !== null && Object.isFrozen(of) ? of : undefined
  const known = kept && written.get(kept)
  if (known) return known
  const bytes = Buffer.from(JSON.stringify(value))
  const made = { bytes, hash: contentHash(bytes) }
  if (kept) written.set(kept, made)
  return made
}

type Fields = Readonly<Record<string, string>> & { readonly ETag: string }

function fieldsOf(edge: string | undefined, hash: string, headers: HttpHeaders, tags: readonly string[]): Fields {
  return { ...edgeFields(edge, tags), ...headers, ETag: `"${hash}"` }
}

/** 304 without a body if the client has these very bytes. */
function answer(c: Context, bytes: Buffer, fields: Fields): Response {
  if (isNotModified(c.req.header('If-None-Match'), fields.ETag)) return c.body(null, 304, fields)
  return c.body(bytes as Uint8Array<ArrayBuffer>, 200, { ...fields, 'Content-Type': 'application/json' })
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
