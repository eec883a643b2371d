/**
 * The explanation of one key, in words: what each tier has of it and what that is worth, and what the next read does.
 */

import type { Explained, Explanation, Health } from '@shop/cache'

import type { ExplainedEntry, ExplainedKey } from './schema.ts'

/** What each verdict means; `docs/admin.md` says what to do about it. */
export const MEANINGS: Readonly<Record<Explained['verdict'], string>> = {
  serve: 'Fresh, and none of its tags has changed: a read is answered with it.',
  'serve-and-reload': 'A read is answered with it, and it is loaded anew meanwhile: it is stale, or soon will be.',
  load: 'Stale for too long to be served at once: a read loads, and falls back on it should the load fail.',
  invalidated: 'One of its tags has changed since it was loaded: it is never served again.',
  'another epoch': 'Redis has forgotten something since it was loaded, so nobody can vouch for it: it is not served.',
  expired: 'Too old for any use: it counts as absent.',
  'no proof': 'This process cannot be sure that it has heard every invalidation: it asks Redis instead.',
  'not readable': 'Its bytes are not an entry of this key that this version understands: it counts as absent.',
}

export function describeExplanation(explanation: Explanation, redis: Health['redis']): ExplainedKey {
  const { key, memory, redis: stored, reading } = explanation
  return {
    key,
    next: nextRead(explanation, redis),
    reading,
    memory: memory ? describeEntry(memory) : null,
    redis: stored ? describeEntry(stored) : null,
  }
}

function describeEntry({ verdict, absent, ageMs, ttlMs, expiresInMs, hash, tags }: Explained): ExplainedEntry {
  return {
    verdict,
    meaning: MEANINGS[verdict],
    absent,
    ageMs: Math.round(ageMs),
    ttlMs: Math.round(ttlMs),
    expiresInMs: Math.round(expiresInMs),
    hash,
    tags: tags.map(({ tag, stamped, current }) => ({
      tag,
      stamped,
      current: current ?? null,
      changed: stamped !== current,
    })),
  }
}

/** Memory before Redis, and the source after both, as a read does it. */
function nextRead({ memory, redis: stored }: Explanation, redis: Health['redis']): string {
  const tiers = [
    ['memory', memory],
    ['Redis', stored],
  ] as const
  for (const [tier, entry] of tiers) {
    if (entry?.verdict === 'serve') return `It is answered from ${tier}.`
    if (entry?.verdict === 'serve-and-reload') return `It is answered from ${tier}, and the value is reloaded.`
  }
  return redis === 'down'
    ? 'Redis does not answer, so what it has is not known: the value is loaded from the source.'
    : 'The value is loaded from the source.'
}
