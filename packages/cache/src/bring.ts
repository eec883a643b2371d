/**
 * Asks the source: within the deadline, and only for what can be kept as bytes.
 */

import { after, between, type Millis, type Monotonic, millis } from './clock.ts'
import { contentHash, EMPTY } from './codec.ts'
import type { Engine } from './engine.ts'
import { loadTimeout, valueInvalid } from './errors.ts'
import { NOT_MODIFIED, type Policy } from './options.ts'
import { checkTags } from './tag-names.ts'

/** What the loader may say "not modified" of. */
export interface Previous {
  readonly value: unknown
  readonly hash: string
  readonly payload: Buffer
}

/** Made only when it is asked for: it may have to be written out. */
export type PreviousOf = (() => Previous) | undefined

/** What to load, and what it is labelled with. */
export interface Source {
  /** Must keep to the bulkhead, and stop waiting for a place when the signal is aborted. */
  load(signal: AbortSignal, previous: PreviousOf): Promise<unknown>
  /** Tags known before the load. */
  readonly tags: readonly string[]
  /** Tags of a loaded value, those of `tags` not among them. */
  tagsOf(value: unknown): readonly string[]
}

/** What the source said, with the instants that follow from when it was asked. */
export interface Brought {
  readonly absent: boolean
  readonly payload: Buffer
  readonly hash: string
  readonly loadedAt: Monotonic
  readonly staleAt: Monotonic
  readonly expiresAt: Monotonic
  readonly loadMs: Millis
  /** Tags of the value. */
  readonly tags: readonly string[]
}

export async function bring(
  engine: Engine,
  policy: Policy,
  key: string,
  source: Source,
  previous: PreviousOf,
): Promise<Brought> {
  const loadedAt = engine.clock.now()
  const answer = await engine.hooks.around({ name: 'load', resource: policy.resource }, () =>
    withinDeadline(engine, policy, key, (signal) => source.load(signal, previous)),
  )
  const loadMs = between(loadedAt, engine.clock.now())
  return { ...packed(engine, policy, key, source, answer, previous, loadedAt), loadMs }
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
): Brought {
  const unchanged = answer === NOT_MODIFIED ? previous?.() : undefined
  if (answer === NOT_MODIFIED && !unchanged) throw valueInvalid(key, 'the loader said "not modified" of nothing')
  const value = unchanged ? unchanged.value : answer
  const absent = value === undefined
  const payload = unchanged?.payload ?? (absent ? EMPTY : encode(key, value))
  const staleAt = after(loadedAt, freshFor(engine, policy, absent))
  return {
    absent,
    payload,
    hash: unchanged?.hash ?? contentHash(payload),
    loadedAt,
    staleAt,
    expiresAt: absent ? staleAt : after(staleAt, millis(Math.max(policy.staleFor, policy.failSafeFor))),
    loadMs: millis(0),
    tags: absent ? [] : checkTags(source.tagsOf(value)),
  }
}

/** Shorter than the ttl by a random part of the jitter, never longer. */
function freshFor(engine: Engine, policy: Policy, absent: boolean): Millis {
  const ttl = absent ? policy.negativeTtl : policy.ttl
  return policy.jitter === 0 ? ttl : millis(ttl * (1 - policy.jitter * engine.chance()))
}

async function withinDeadline(
  engine: Engine,
  policy: Policy,
  key: string,
  load: (signal: AbortSignal) => Promise<unknown>,
): Promise<unknown> {
  const controller = new AbortController()
  let cancel = (): void => undefined
  const over = new Promise<never>((_, reject) => {
    cancel = engine.clock.timer(policy.loadTimeout, () => {
      const error = loadTimeout(key, policy.loadTimeout)
      controller.abort(error)
      reject(error)
    })
  })
  try {
    return await Promise.race([load(controller.signal), over])
  } finally {
    cancel()
  }
}

function encode(key: string, value: unknown): Buffer {
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw valueInvalid(key, 'it is not JSON', error)
  }
  if (text === undefined) throw valueInvalid(key, `it is a ${typeof value}`)
  return Buffer.from(text)
}
