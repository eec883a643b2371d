/**
 * The cursor of a list: a place in one order of one selection, opaque to clients.
 *
 * It is base64url JSON. `q` binds it to the filters and the sort it came from, because the same place means nothing in
 * another list: a cursor that is foreign, altered or cut short is refused. It is not signed; whoever makes one up gets
 * a page of products that everyone may read.
 */

import { hash } from 'node:crypto'
import { z } from 'zod'

import type { Position, ProductQuery, Sort } from './schema.ts'

const VERSION = 1

const rating = z.number().min(0).max(5)
const price = z
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1)
/** Milliseconds of an instant that Postgres and ISO 8601 both write with four digits of year. */
const instant = z
  .number()
  .int()
  .min(0)
  .max(Date.UTC(9999, 11, 31))

const sortKeys: Readonly<Record<Sort, z.ZodType<number>>> = {
  popular: z.number().min(0),
  newest: instant,
  price,
  '-price': price,
  rating,
}

export function encodeCursor(query: ProductQuery, { value, id }: Position): string {
  return Buffer.from(JSON.stringify({ v: VERSION, q: bindingOf(query), after: [value, id] })).toString('base64url')
}

/** `undefined` for anything that `encodeCursor` did not make for this selection and this order. */
export function decodeCursor(query: ProductQuery, cursor: string): Position | undefined {
  const Cursor = z.strictObject({
    v: z.literal(VERSION),
    q: z.literal(bindingOf(query)),
    after: z.tuple([sortKeys[query.sort], z.number().int().positive()]),
  })
  const result = Cursor.safeParse(parse(cursor))
  if (!result.success) return undefined
  const [value, id] = result.data.after
  return { value, id }
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
function bindingOf({ category, minPrice, maxPrice, inStock, sort }: ProductQuery): string {
  return hash(
    'sha256',
    JSON.stringify([category ?? null, minPrice ?? null, maxPrice ?? null, inStock, sort]),
    'base64url',
  ).slice(0, 12)
}
