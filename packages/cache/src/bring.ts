/**
 * Asks the source: within the deadline, and only for what can be kept as bytes.
 */

import type { Aborting } from './bulkhead.ts'
import { after, between, type Millis, type Monotonic, millis } from './clock.ts'
import { contentHash, EMPTY } from './codec.ts'
import type { Deadlines } from './deadline.ts'
import { type Answer, type Engine, step } from './engine.ts'
import { loadTimeout, valueInvalid } from './errors.ts'
import type { Flight } from './flight.ts'
import { sizeOf } from './memory-tier.ts'
import { LIMITS, NOT_MODIFIED, type Policy } from './options.ts'
import { NotPlain, plainCopy } from './plain.ts'
import { check } from './schema.ts'
import { checkTags } from './tag-names.ts'

/** What may be said not to be modified. */
export interface Previous {
  readonly value: unknown
  readonly hash: string
  readonly payload: Buffer
}

/** Made only when it is asked for: it may have to be written out. */
export type PreviousOf = (() => Previous) | undefined

/** What to load, and what it is labelled with. */
export interface Source {
  /** Must keep to the bulkhead, and stop waiting for a place when it is aborted. */
  load(aborting: Aborting, previous: PreviousOf): Promise<unknown>
  /** Those of its loads. */
  readonly deadlines: Deadlines
  /** Whether it is read alone: then its steps are operations of their own, and not parts of that of many. */
  readonly alone: boolean
  /** Whether its load is part of one for many. */
  readonly batched: boolean
  /** Tags known before the load. */
  readonly tags: readonly string[]
  /** Tags of a loaded value, those of `tags` not among them. */
  tagsOf(value: unknown): readonly string[]
}

/** What the source said, with the instants that follow from when it was asked. */
export interface Brought {
  readonly absent: boolean
  /** Plain and frozen. */
  readonly value: unknown
  readonly payload: Buffer
  readonly hash: string
  readonly loadedAt: Monotonic
  readonly staleAt: Monotonic
  readonly expiresAt: Monotonic
  readonly loadMs: Millis
  /** What it counts in memory. */
  readonly size: number
  /** Tags of the value. */
  readonly tags: readonly string[]
}

export async function bring(
  engine: Engine,
  policy: Policy,
  flight: Flight<Answer>,
  source: Source,
  previous: PreviousOf,
): Promise<Brought> {
  const { key } = flight
  const loadedAt = engine.clock.now()
  const answer = await step(engine, !source.batched, { name: 'load', resource: policy.resource }, () => {
    flight.loadedBy = engine.hooks.propagate?.()
    return withinDeadline(policy, key, source, previous)
  })
  const loadMs = between(loadedAt, engine.clock.now())
  return packed(engine, policy, key, source, answer, previous, loadedAt, loadMs)
}

/** A value in hand, as if it had been loaded at `loadedAt`. */
export function packed(
  engine: Engine,
  policy: Policy,
  key: string,
  source: Source,
  answer: unknown,
  previous: PreviousOf,
  loadedAt: Monotonic,
  loadMs: Millis,
): Brought {
  const unchanged = answer === NOT_MODIFIED ? previous?.() : undefined
  if (answer === NOT_MODIFIED && !unchanged) throw valueInvalid(key, '"not modified" was said of nothing')
  const value = unchanged ? unchanged.value : plain(key, checked(policy, key, answer))
  const absent = value === undefined
  const payload = unchanged?.payload ?? (absent ? EMPTY : Buffer.from(JSON.stringify(value)))
  const staleAt = after(loadedAt, freshFor(engine, policy, absent))
  return {
    absent,
    value,
    payload,
    hash: unchanged?.hash ?? contentHash(payload),
    loadedAt,
    staleAt,
    expiresAt: absent ? staleAt : after(staleAt, millis(Math.max(policy.staleFor, policy.failSafeFor))),
    loadMs,
    size: sizeOf(policy, key, value, payload.length),
    tags: absent ? [] : checkTags(source.tagsOf(value), LIMITS.tagsPerEntry - source.tags.length),
  }
}

/** Shorter than the ttl by a random part of the jitter, never longer. */
function freshFor(engine: Engine, policy: Policy, absent: boolean): Millis {
  const ttl = absent ? policy.negativeTtl : policy.ttl
  return policy.jitter === 0 ? ttl : millis(ttl * (1 - policy.jitter * engine.chance()))
}

function withinDeadline(policy: Policy, key: string, source: Source, previous: PreviousOf): Promise<unknown> {
  const controller = new AbortController()
  return source.deadlines.of(source.load(controller, previous), () => {
    const error = loadTimeout(key, policy.loadTimeout)
    controller.abort(error)
    return error
  })
}

function checked({ schema }: Policy, key: string, value: unknown): unknown {
  if (!schema || value === undefined) return value
  const result = check(schema, value)
  if (result.type === 'valid') return result.value
  throw valueInvalid(key, result.reason)
}

function plain(key: string, value: unknown): unknown {
  if (value === undefined) return undefined
  try {
    return plainCopy(value)
  } catch (error) {
    throw error instanceof NotPlain ? valueInvalid(key, error.message) : valueInvalid(key, 'it cannot be read', error)
  }
}
