/**
 * Whether a value at hand may be served now, and whether it should be loaded anew. The whole read policy is
 * these pure functions; the code that acts on them makes no choices of its own.
 *
 * Three independent questions decide whether it may be served at all: has none of its tags been
 * invalidated, does this process have proof that it would know, and how old is it. Only the last has degrees:
 *
 *     loadedAt         reload due        staleAt         + staleFor         + failSafeFor
 *        |---- serve ------|-- serve, reload --|-- serve, reload --|-- load; serve if that fails --|
 */

import type { Cell } from './cells.ts'
import type { Millis, Monotonic, ServerMs } from './clock.ts'
import type { Policy } from './options.ts'
import type { Proof } from './proof.ts'

export type Decision =
  /** Serve it. */
  | 'serve'
  /** Serve it now, and reload it in the background. */
  | 'serve-and-reload'
  /** Load, and let the caller wait for it. */
  | 'load'

/** The instants of a value, of one clock or the other. */
export interface Aged<I extends Monotonic | ServerMs> {
  readonly loadedAt: I
  readonly staleAt: I
  readonly expiresAt: I
  readonly loadMs: number
}

/** `chance` gives a number from 0 to 1, neither included; it is asked only where the policy is XFetch. */
export function decide<I extends Monotonic | ServerMs>(
  entry: Aged<I>,
  now: I,
  policy: Policy,
  chance: () => number,
): Decision {
  if (now < entry.staleAt) return isDue(entry, now, policy, chance) ? 'serve-and-reload' : 'serve'
  return now < entry.expiresAt && now < entry.staleAt + policy.staleFor ? 'serve-and-reload' : 'load'
}

/** Whether a value that should be loaded may be served if that fails. */
export function isFailSafe<I extends Monotonic | ServerMs>(entry: Aged<I>, now: I, policy: Policy): boolean {
  return now < entry.expiresAt && now < entry.staleAt + policy.failSafeFor
}

/** Whether a value may be served while its reload is under way: then a flight answers before it ends. */
export function mayAnswerEarly({ staleFor, refreshAhead, softTimeout }: Policy): boolean {
  return staleFor > 0 || refreshAhead !== undefined || softTimeout !== undefined
}

/** XFetch with β = 1: the earlier the longer the load took, and in the mean before staleness by that time. */
function isDue<I extends Monotonic | ServerMs>(
  entry: Aged<I>,
  now: I,
  { refreshAhead }: Policy,
  chance: () => number,
): boolean {
  if (refreshAhead === undefined) return false
  if (refreshAhead === 'xfetch') return now - entry.loadMs * Math.log(chance()) >= entry.staleAt
  return now >= entry.loadedAt + refreshAhead * (entry.staleAt - entry.loadedAt)
}

/**
 * Whether nothing that is known here speaks against the value: no tag changed, and what is unknown is too young to matter.
 * Its tags are compared once for each state of the cells.
 */
export function isVouched(
  value: Checked & { readonly loadedHereAt: Monotonic },
  cells: { readonly changes: number },
  proof: Proof,
  now: Monotonic,
  withoutProofFor: Millis,
): boolean {
  if (value.currentAt !== cells.changes) {
    if (!isCurrent(value.cells, value.nonces)) return false
    value.currentAt = cells.changes
  }
  return proof.covers(value.loadedHereAt, now, withoutProofFor)
}

interface Checked {
  readonly cells: readonly Cell[]
  readonly nonces: readonly string[]
  /** The count of changes of all cells when these were last found to be current. */
  currentAt: number
}

export function isCurrent(cells: readonly Cell[], nonces: readonly string[]): boolean {
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i]
    if (!cell || cell.dead || cell.nonce !== nonces[i]) return false
  }
  return true
}
