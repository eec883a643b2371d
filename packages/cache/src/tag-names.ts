/** Tags: what may be one, and how many there may be at once. */

import { tagInvalid } from './errors.ts'
import type { KeyPart } from './key.ts'
import { LIMITS } from './options.ts'

/** Returns the distinct tags, checked. Throws `CACHE_TAG_INVALID` for an empty, long or surplus one. */
export function checkTags(tags: readonly string[], most: number = LIMITS.tagsPerEntry): readonly string[] {
  if (listOfTags(tags).length === 0) return tags
  const distinct = [...new Set(tags)]
  if (distinct.length > most) throw tagInvalid(`${distinct.length} at once; the most is ${most}`)
  for (const tag of distinct) {
    if (typeof tag !== 'string' || tag === '' || !tag.isWellFormed() || Buffer.byteLength(tag) > LIMITS.tagBytes)
      throw tagInvalid(`a tag has 1 to ${LIMITS.tagBytes} bytes of well-formed text`)
  }
  return distinct
}

/** A text is a list of letters to whoever spreads it: it is refused. */
export function listOfTags(tags: readonly string[]): readonly string[] {
  if (Array.isArray(tags)) return tags
  throw tagInvalid('tags are given as an array')
}

/** The tag that everything cached of one tenant or one user carries: `cache.invalidateTags([scopeTag('user', 42)])`. */
export function scopeTag(scope: 'tenant' | 'user', owner: KeyPart): string {
  return `~${scope}:${owner}`
}
