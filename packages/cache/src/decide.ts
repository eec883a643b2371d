/**
 * Whether a value held in memory may be served now. The whole rule of L1 is these pure functions.
 *
 * Three independent questions: is it within its ttl, has none of its tags been invalidated, and does this
 * process have proof that it would know.
 */

import type { Cell } from './cells.ts'
import type { Millis, Monotonic } from './clock.ts'
import type { Held } from './memory-tier.ts'
import type { Proof } from './proof.ts'

export function mayServe(held: Held, proof: Proof, now: Monotonic, withoutProofFor: Millis): boolean {
  return now < held.expiresAt && isCurrent(held.cells, held.nonces) && proof.covers(held.loadedAt, now, withoutProofFor)
}

export function isCurrent(cells: readonly Cell[], nonces: readonly string[]): boolean {
  for (let i = 0; i < cells.length; i++) if (cells[i]?.nonce !== nonces[i]) return false
  return true
}
