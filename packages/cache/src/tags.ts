/**
 * The contract of the tag store: one invalidation for many entries.
 *
 * A tag has a nonce, a word that changes with every invalidation, and the number of the invalidation that
 * changed it last. An entry remembers the nonces of its tags as they were before its load began; it is
 * current while all still match. Nothing is scanned: invalidating a million entries is one write.
 *
 * The number is for capture. Tags computed from a value can only be read after the load, when an
 * invalidation may already have come and gone:
 *
 *     applied = 7 ---- load (old value) ---------------------------- read tag: nonce c, number 8
 *                            write, invalidate: tag = (c, 8)            8 > 7: answered, not stored
 *
 * A tag that is missing is minted with the number of the latest invalidation of *any* tag: it may be missing
 * because Redis evicted it, and then nobody knows when it was invalidated last.
 */

import type { ServerMs } from './clock.ts'

export interface TagState {
  readonly nonce: string
  readonly number: number
}

/** The tags as they were in one instant. */
export interface TagReading {
  readonly epoch: string
  /** In the order asked for. `undefined`: missing, and not minted. */
  readonly states: readonly (TagState | undefined)[]
}

/** What an invalidation did. */
export interface Invalidated {
  readonly epoch: string
  readonly number: number
  readonly nonce: string
}

/** A point in the count of invalidations that Redis had reached. */
export interface Noted {
  readonly epoch: string
  readonly number: number
}

/** The count of invalidations, with the epoch in which it counts, and the server's time. */
export interface Position extends Noted {
  readonly time: ServerMs
}

export interface TagStore {
  /** Reads tags. With `mint`, must give each missing tag a new nonce and the present number. A tag of an earlier epoch is missing. */
  tags(names: readonly string[], mint: boolean): Promise<TagReading>

  /**
   * Removes entry and lease of each key; then counts one up, gives each tag a new nonce with that number and
   * publishes, with the `trace` if there is one. Resolves once every later read of any process sees it.
   */
  invalidate(tags: readonly string[], keys: readonly string[], trace?: string): Promise<Invalidated>

  /**
   * Counts one up and publishes that entries have changed or gone stale, and those that match a pattern (pattern.ts) have gone;
   * with the `trace` if there is one. Removes nothing.
   */
  announce(changed: readonly string[], stale: readonly string[], trace?: string, matching?: string): Promise<Position>

  /** Starts a new epoch: no entry written before is believed again. The count goes on, by one at least. */
  renew(): Promise<Position>
}
