/**
 * The entry: a value as bytes, with all that is needed to judge whether it may still be served.
 *
 *     loadedAt                      expiresAt
 *        |----------- fresh ------------|   expired: treated as absent
 *
 * `loadedAt` is when the load *began*, because the value may be that old. Instants are of the Redis
 * server's clock. Beside its age, an entry is judged by its epoch (has Redis forgotten anything since?)
 * and by its stamps (has a tag been invalidated since?). See docs/freshness.md.
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
  readonly expiresAt: ServerMs
  readonly stamps: readonly Stamp[]
  /** SHA-256 of the payload, first 16 bytes, base64url. Equal hashes mean equal content. */
  readonly hash: string
  readonly payload: Buffer
}

/** The boundary belongs to the later state: at `expiresAt` exactly, the entry is expired. */
export function isFresh(entry: { readonly expiresAt: ServerMs }, now: ServerMs): boolean {
  return now < entry.expiresAt
}
