/**
 * The entry: a value as bytes, with all that is needed to judge whether it may still be served.
 *
 *     loadedAt                staleAt                          expiresAt
 *        |-------- fresh --------|------------ stale --------------|   expired: treated as absent
 *        serve it                serve it while it is reloaded,
 *                                or when the source fails
 *
 * `loadedAt` is when the load *began*, because the value may be that old. Instants are of the Redis
 * server's clock. How much of the stale window is used for which purpose is the policy's (decide.ts).
 * Beside its age, an entry is judged by its epoch (has Redis forgotten anything since?) and by its
 * stamps (has a tag been invalidated since?): an invalidated entry is never served, however fresh. See
 * docs/freshness.md.
 *
 * The words are those of RFC 9111 section 4.2 (fresh, stale) and RFC 5861 (serving stale).
 */

import type { ServerMs } from './clock.ts'

/** A tag as it was when the entry's load began: the entry is current while the tag still has this nonce. */
export interface Stamp {
  readonly tag: string
  readonly nonce: string
}

export interface Entry {
  /** The source said that there is no such value. `payload` is empty. */
  readonly absent: boolean
  readonly epoch: string
  readonly loadedAt: ServerMs
  readonly staleAt: ServerMs
  readonly expiresAt: ServerMs
  /** How long the load took: what XFetch weighs (decide.ts). */
  readonly loadMs: number
  readonly stamps: readonly Stamp[]
  /** Of the payload (codec.ts). Equal hashes mean equal content. */
  readonly hash: string
  readonly payload: Buffer
}
