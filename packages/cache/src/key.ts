/**
 * Keys: a resource, its schema version, and the parts that name one value of it.
 *
 *     product.1:42            resource "product", version 1, part 42
 *     listing.2:audio:price   resource "listing", version 2, two parts
 *
 * The schema version is in the key, so two releases with different shapes never read each other.
 * A part is escaped where it holds a character with a meaning of its own: `:` separates parts, `{`
 * and `}` choose the slot in a Redis Cluster, `%` escapes. The number 1 and the string "1" are the same part.
 */

import { keyInvalid } from './errors.ts'

export type KeyPart = string | number | boolean

/** Bytes; Redis and every process hold each key several times. */
const LONGEST_KEY = 512

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const SPECIAL = /[:{}%\u0000-\u0020\u007f]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const SPECIALS = /[:{}%\u0000-\u0020\u007f]/g

/** Makes the function that turns parts into a key of this resource. Throws `CACHE_KEY_INVALID` for a bad part. */
export function keyOf(resource: string, version: number): (parts: readonly KeyPart[]) => string {
  const prefix = `${resource}.${version}`
  return function key(parts) {
    if (!Array.isArray(parts)) throw keyInvalid(resource, 'its parts are no array')
    let key = prefix
    for (let i = 0; i < parts.length; i++) key += `:${written(resource, parts[i] as KeyPart)}`
    if (key.length > LONGEST_KEY / 4 && Buffer.byteLength(key) > LONGEST_KEY) {
      throw tooLong(resource)
    }
    return key
  }
}

function written(resource: string, part: KeyPart): string | number | boolean {
  return typeof part === 'string' ? escaped(resource, part) : plain(resource, part)
}

function escaped(resource: string, part: string): string {
  if (part.length > LONGEST_KEY) throw tooLong(resource)
  // Half a surrogate pair has no UTF-8: all such halves would be one key in Redis.
  if (!part.isWellFormed()) throw keyInvalid(resource, 'a part is not well-formed Unicode')
  return SPECIAL.test(part) ? part.replace(SPECIALS, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`) : part
}

function plain(resource: string, part: number | boolean): number | boolean {
  if (typeof part === 'boolean' || Number.isFinite(part)) return part
  throw keyInvalid(
    resource,
    `a part is ${typeof part === 'number' ? part : typeof part}, not a string, finite number or boolean`,
  )
}

function tooLong(resource: string): Error {
  return keyInvalid(resource, `it is longer than ${LONGEST_KEY} bytes; hash the long part`)
}
