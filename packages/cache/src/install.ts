/**
 * Puts a value into this process's memory, if nothing has happened to it on its way there.
 *
 * An entry on its way from Redis, or from a loader, can be overtaken by its invalidation:
 *
 *     GET k sent ------------------------------------ reply: old value    not put into memory
 *                    invalidated k, applied here
 *
 * A message that concerns the key, or a reset, supersedes the flight; a message that concerns a tag
 * changes its cell, which was there before the request was sent. Either keeps the value out.
 */

import { isCurrent } from './decide.ts'
import type { Answer, Engine } from './engine.ts'
import type { Flight } from './flight.ts'
import type { Held } from './memory-tier.ts'
import type { Policy } from './options.ts'

/** Whether the value was current at this instant, as far as this process knows; then it is in memory, if the policy keeps it. */
export function install(engine: Engine, policy: Policy, flight: Flight<Answer>, held: Held): boolean {
  if (flight.superseded || !isCurrent(held.cells, held.nonces)) return false
  if (policy.keep !== 'nothing') engine.memory.set(flight.key, held)
  return true
}

/** The part of a held value that the policy chooses: parsed, or as bytes of its own rather than a view of a larger answer. */
export function content(policy: Policy, absent: boolean, payload: Buffer): Pick<Held, 'absent' | 'value' | 'payload'> {
  const bytes = policy.keep === 'bytes'
  return {
    absent,
    value: absent || bytes ? undefined : parseFrozen(payload),
    payload: bytes ? Buffer.from(payload) : undefined,
  }
}

/** The value as a caller of `get` has it. */
export function unpack(held: Held): unknown {
  return held.payload && !held.absent ? parseFrozen(held.payload) : held.value
}

/** Frozen, because many share it. */
function parseFrozen(payload: Buffer): unknown {
  return deepFreeze(JSON.parse(payload.toString()))
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member)
    Object.freeze(value)
  }
  return value
}
