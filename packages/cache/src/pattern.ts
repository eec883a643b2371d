/**
 * Patterns of keys: `*` stands for any characters or none, `?` for one, and every other character for itself.
 *
 *     product.1:4?     the entries 40 to 49, of version 1
 *     listing.*:de     every listing whose key ends in the part "de", of all versions
 *
 * A key that has a `*` or `?` of its own is matched by it too: what is invalidated in excess is loaded again.
 */

import { patternInvalid } from './errors.ts'

/** As many characters as a key has at most. */
const LONGEST = 512
/** More would be as long in comparing as they are of no use. */
const MOST_STARS = 8

/** Refuses with `CACHE_KEY_INVALID` what is no pattern, and what would match everything. */
export function checkPattern(pattern: string): string {
  if (typeof pattern !== 'string' || pattern.length > LONGEST)
    throw patternInvalid(`it is no text of at most ${LONGEST} characters`)
  if (pattern.split('*').length > MOST_STARS + 1) throw patternInvalid(`it has more than ${MOST_STARS} "*"`)
  // Every key has a "." and most have a ":".
  if (/^[*?.:]*$/.test(pattern)) throw patternInvalid('it would match everything: clear() does that in one step')
  return pattern
}

/**
 * Whether the key matches. Goes back to the last `*` only: if what follows that can be found at all, it is found behind the
 * nearest place where what precedes it was.
 */
export function matches(pattern: string, key: string): boolean {
  let [p, k, star, from] = [0, 0, -1, 0]
  while (k < key.length) {
    const wanted = pattern.charCodeAt(p)
    if (wanted === ANY) {
      star = p++
      from = k
    } else if (wanted === ONE || wanted === key.charCodeAt(k)) {
      p++
      // A character of two halves is one.
      k += wanted === ONE && (key.codePointAt(k) ?? 0) > 0xffff ? 2 : 1
    } else if (star >= 0) {
      p = star + 1
      k = ++from
    } else return false
  }
  while (pattern.charCodeAt(p) === ANY) p++
  return p === pattern.length
}

const [ANY, ONE] = [42, 63] // "*" and "?"
