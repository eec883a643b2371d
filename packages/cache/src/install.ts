/**
 * Puts a value into this process's memory, if nothing has happened to it on its way there.
 *
 * An entry on its way from Redis, or from a loader, can be overtaken by its invalidation:
 *
 *     GET k sent ------------------------------------ reply: old value    not put into memory
 *                    invalidated k, applied here
 *
 * A message that concerns the key, or a reset, supersedes the flight and is among the drops (drops.ts); a message that
 * concerns a tag changes its cell, which was there before the request was sent. Either keeps the value out.
 */

import { isCurrent } from './decide.ts'
import type { Engine } from './engine.ts'
import type { Held } from './memory-tier.ts'
import type { Policy } from './options.ts'
import { NotPlain, plainCopy } from './plain.ts'
import { check } from './schema.ts'

/**
 * Whether the value was current at this instant, as far as this process knows; then it is in memory, if the policy keeps
 * it. `overtaken`: the key was dropped since the value was asked for.
 */
export function install(engine: Engine, policy: Policy, key: string, held: Held, overtaken: boolean): boolean {
  if (overtaken || !isCurrent(held.cells, held.nonces)) return false
  if (policy.keep !== 'nothing') engine.memory.set(key, held)
  return true
}

/**
 * The part of a held value that the policy chooses: parsed, or as bytes.
 * `undefined`: what is no JSON, or not what the schema describes, is as good as absent.
 */
export function content(policy: Policy, absent: boolean, payload: Buffer): Content | undefined {
  const bytes = keptBytes(policy, payload)
  if (absent || policy.keep === 'bytes') return { absent, value: undefined, payload: bytes }
  try {
    const value: unknown = JSON.parse(payload.toString())
    if (!policy.schema) return { absent, value: deepFreeze(value), payload: bytes }
    const checked = check(policy.schema, value)
    return checked.type === 'valid' ? { absent, value: plainCopy(checked.value), payload: bytes } : undefined
  } catch (error) {
    // A checksum is no proof of being JSON, nor of being no deeper than the stack.
    if (error instanceof SyntaxError || error instanceof RangeError || error instanceof NotPlain) return undefined
    throw error
  }
}

export type Content = Pick<Held, 'absent' | 'value' | 'payload'>

/** What memory keeps of the bytes: of an absent value, which has none, the empty text. */
export function keptBytes({ keep }: Policy, payload: Buffer): string | undefined {
  return keep === 'bytes' || keep === 'both' ? payload.toString('latin1') : undefined
}

/** The value as a caller of `get` has it. */
export function unpack(held: Held): unknown {
  return held.payload && held.value === undefined ? deepFreeze(JSON.parse(payloadOf(held).toString())) : held.value
}

/** The bytes of a held value, in a Buffer of the caller's own. */
export function payloadOf({ payload, value }: Held): Buffer {
  return payload === undefined ? Buffer.from(JSON.stringify(value)) : Buffer.from(payload, 'latin1')
}

/** None for a value that no tag vouches for any more. */
export function tagsOf({ cells }: Held): string[] {
  return cells.map(({ tag }) => tag).filter((tag) => tag !== '')
}

/** Because many share it. */
function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  // What JSON has made inherits nothing that could be enumerated.
  if (Array.isArray(value)) for (const member of value) deepFreeze(member)
  else for (const name in value) deepFreeze((value as Record<string, unknown>)[name])
  return Object.freeze(value)
}
