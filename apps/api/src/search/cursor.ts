/**
 * The cursor of a search: how many of the found products come before a page, opaque to clients.
 *
 * It is base64url JSON, bound by `q` to the words and the filters it came from, as that of a list is
 * (`products/cursor.ts`). Found products have no key to go on from that outlives a change of their words, but there is
 * an end to them, so a count does.
 */

import { hash } from 'node:crypto'
import { z } from 'zod'

import { MOST_FOUND } from './repository.ts'
import type { SearchQuery } from './schema.ts'

const VERSION = 1

export function encodeCursor(query: SearchQuery, after: number): string {
  return Buffer.from(JSON.stringify({ v: VERSION, q: bindingOf(query), after })).toString('base64url')
}

/** `undefined` for anything that `encodeCursor` did not make for this search. */
export function decodeCursor(query: SearchQuery, cursor: string): number | undefined {
  const Cursor = z.strictObject({
    v: z.literal(VERSION),
    q: z.literal(bindingOf(query)),
    after: z.number().int().min(1).max(MOST_FOUND),
  })
  return Cursor.safeParse(parse(cursor)).data?.after
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    // Not JSON, so not one of ours: refused like any other foreign cursor.
    return undefined
  }
}

/** The page size is not part of it: a client may ask for a longer next page. */
function bindingOf({ q, category, inStock }: SearchQuery): string {
  return hash('sha256', JSON.stringify([q, category ?? null, inStock]), 'base64url').slice(0, 12)
}
