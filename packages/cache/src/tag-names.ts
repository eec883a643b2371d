/** Tags: what may be one, and how many an entry may carry. */

import { tagInvalid } from './errors.ts'
import { LIMITS } from './options.ts'

/** Returns the distinct tags, checked. Throws `CACHE_TAG_INVALID` for an empty, long or surplus one. */
export function checkTags(tags: readonly string[]): readonly string[] {
  if (tags.length === 0) return tags
  const distinct = [...new Set(tags)]
  if (distinct.length > LIMITS.tagsPerEntry)
    throw tagInvalid(`${distinct.length} at once; the most is ${LIMITS.tagsPerEntry}`)
  for (const tag of distinct) {
    if (tag === '' || Buffer.byteLength(tag) > LIMITS.tagBytes)
      throw tagInvalid(`a tag has 1 to ${LIMITS.tagBytes} bytes`)
  }
  return distinct
}
