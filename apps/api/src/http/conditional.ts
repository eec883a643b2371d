/**
 * Conditional requests (RFC 9110 section 13) on the version of an entity.
 *
 * The entity tag of version 3 is `"v3"`. A read with `If-None-Match` that names it is answered 304 without a body. A
 * write with `If-Match` is carried out only on a version that it names; the comparison is made by the repository
 * under the lock of the row, here the header is only read.
 */

import { z } from '@hono/zod-openapi'

import { invalidRequest } from './problem.ts'

const ETAG_EXAMPLE = '"v3"'

export function etagOf(version: number): string {
  return `"v${version}"`
}

const ENTITY_TAGS = /^\s*(?:W\/)?"[\x21\x23-\x7e]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e]*")*\s*$/

/** Weak comparison, as section 13.1.2 asks: `W/"v3"` names the same version. A malformed header names none. */
export function isNotModified(ifNoneMatch: string | undefined, version: number): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  return ENTITY_TAGS.test(ifNoneMatch) && tagsIn(ifNoneMatch).some((tag) => tag.replace(/^W\//, '') === etagOf(version))
}

/**
 * The versions a write accepts: `undefined` for any. Strong comparison, as section 13.1.1 asks, so a weak tag and a
 * tag that is not one of ours accept none. A malformed header is refused: ignoring it would write unconditionally.
 */
export function acceptedVersions(ifMatch: string | undefined): readonly number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined
  if (!ENTITY_TAGS.test(ifMatch)) {
    throw invalidRequest([
      { parameter: 'If-Match', detail: `Expected * or quoted entity tags such as ${ETAG_EXAMPLE}.` },
    ])
  }
  return tagsIn(ifMatch).flatMap((tag) => /^"v(\d{1,15})"$/.exec(tag)?.slice(1).map(Number) ?? [])
}

function tagsIn(header: string): readonly string[] {
  return header.match(/(?:W\/)?"[^"]*"/g) ?? []
}

export const IfNoneMatch = z.object({
  'If-None-Match': z.string().optional().openapi({
    description: 'The ETag of a representation you have. If it is still current the answer is 304 without a body.',
    example: ETAG_EXAMPLE,
  }),
})

export const IfMatch = z.object({
  'If-Match': z.string().optional().openapi({
    description: 'The ETag of the version you have read. If the product has changed since, nothing is written (412).',
    example: ETAG_EXAMPLE,
  }),
})

export const ETAG_HEADER = {
  ETag: { description: 'Names this version of the product.', schema: { type: 'string', example: ETAG_EXAMPLE } },
} as const
