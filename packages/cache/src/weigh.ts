/**
 * What an entry from Redis, once it is believed, is worth now: served, served and reloaded, or kept for the case that
 * the source fails. On the way it is put into this process's memory.
 */

import type { Monotonic } from './clock.ts'
import { decide } from './decide.ts'
import type { Answer, AtHand, Engine } from './engine.ts'
import { content, install } from './install.ts'
import type { Found } from './judge.ts'
import { type Held, sizeOf } from './memory-tier.ts'
import type { Policy } from './options.ts'

export interface Weighed {
  /** What may be served at once. */
  readonly answer: Answer | undefined
  /** Whether it is to be loaded anew. */
  readonly reload: boolean
  /** What may do if the load fails. */
  readonly atHand: AtHand | undefined
}

const NOTHING: Weighed = Object.freeze({ answer: undefined, reload: true, atHand: undefined })

/**
 * `mark`: of the drops, before the entry was asked for. `superseded`: it is no news that the key was dropped since.
 * `waited`: for another process to load it.
 */
export function weigh(
  engine: Engine,
  policy: Policy,
  key: string,
  found: Found,
  mark: number,
  superseded: boolean,
  waited: boolean,
): Weighed {
  if (found.type === 'none') return NOTHING
  const { proof, clock, chance } = engine
  const { entry, cells } = found
  const value = content(policy, entry.absent, entry.payload)
  if (!value) {
    engine.emit({ type: 'rejected', resource: policy.resource, key, reason: 'foreign' })
    return NOTHING
  }
  const held: Held = {
    resource: policy.resource,
    absent: value.absent,
    value: value.value,
    payload: value.payload,
    hash: entry.hash,
    loadedAt: proof.toMonotonic(entry.loadedAt),
    loadedHereAt: Number.NEGATIVE_INFINITY as Monotonic,
    staleAt: proof.toMonotonic(entry.staleAt),
    expiresAt: proof.toMonotonic(entry.expiresAt),
    loadMs: entry.loadMs,
    cells,
    // The cell's own word where it is the same: a comparison of pointers, and nothing of the bytes is kept alive.
    nonces: entry.stamps.map(({ nonce }, i) => (cells[i]?.nonce === nonce ? cells[i].nonce : nonce)),
    size: sizeOf(policy, key, value.value, entry.payload.length),
    currentAt: -1,
    settled: undefined,
    prepared: undefined,
  }
  const overtaken = superseded || engine.drops.since(mark, key)
  const now = clock.now()
  const clean = install(engine, policy, key, held, overtaken) && proof.holds(now)
  const decision = decide(held, now, policy, chance)
  // Who asked before the key was dropped may have what was there then; who has to wait longer may not.
  const atHand = overtaken ? undefined : { held, mark }
  if (decision === 'load') return { answer: undefined, reload: true, atHand }
  const answer: Answer = { held, tier: 'redis', stored: undefined, waited, clean }
  return { answer, reload: decision === 'serve-and-reload', atHand }
}
