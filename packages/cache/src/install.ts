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
import type { Engine } from './engine.ts'
import type { Flight } from './flight.ts'
import type { Held } from './memory-tier.ts'

/** Whether the value is in memory, and so was current at this instant as far as this process knows. */
export function install(engine: Engine, flight: Flight<unknown>, held: Held): boolean {
  if (flight.superseded || !isCurrent(held.cells, held.nonces)) return false
  engine.memory.set(flight.key, held)
  return true
}

/** The value as every caller gets it: parsed, and frozen because many share it. */
export function parseFrozen(payload: Buffer): unknown {
  return deepFreeze(JSON.parse(payload.toString()))
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member)
    Object.freeze(value)
  }
  return value
}
