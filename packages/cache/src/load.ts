/**
 * Runs a loader once, and stores what it brings if nothing was invalidated meanwhile.
 *
 * Under a lease the value goes to Redis, fenced by the token, and then into memory. Without Redis it goes into
 * memory only, with nonces of this process's own making in place of those of Redis.
 *
 * Tags that the key names are read before the load, so an invalidation during it leaves the entry with an old
 * nonce. Tags that the value names can only be read afterwards; they count as captured only if no
 * invalidation of theirs is newer than what had been applied when the load began (tags.ts).
 */

import type { Cell } from './cells.ts'
import { after, between, type Monotonic } from './clock.ts'
import { contentHash, EMPTY, encodeEntry } from './codec.ts'
import { isCurrent } from './decide.ts'
import type { Answer, Engine } from './engine.ts'
import type { Stamp } from './entry.ts'
import { CacheError, loadTimeout, valueInvalid } from './errors.ts'
import type { Stored } from './events.ts'
import type { Flight } from './flight.ts'
import { install, parseFrozen } from './install.ts'
import { learn } from './lookup.ts'
import { LIMITS, type Policy } from './options.ts'
import type { Noted } from './proof.ts'
import type { Remote } from './remote.ts'
import { checkTags } from './tag-names.ts'

/** What to load, and what it is labelled with. */
export interface Source {
  load(signal: AbortSignal): Promise<unknown>
  /** Tags known before the load. */
  readonly tags: readonly string[]
  /** Tags of a loaded value, those of `tags` not among them. */
  tagsOf(value: unknown): readonly string[]
}

interface Brought {
  readonly value: unknown
  readonly payload: Buffer
  readonly beganAt: Monotonic
  readonly expiresAt: Monotonic
  readonly tags: readonly string[]
}

interface Stamped {
  readonly epoch: string
  readonly stamps: readonly Stamp[]
  readonly cells: readonly Cell[]
}

/** Loads under the lease `token`. Ends the lease whatever happens. */
export async function loadFenced(
  engine: Engine,
  remote: Remote,
  policy: Policy,
  flight: Flight<Answer>,
  source: Source,
  token: string,
): Promise<Answer> {
  const noted = engine.proof.noted
  // Without these the value could not be stored, but the lease is held and the source is healthy: load all the same.
  const before = await orUndefined(engine, 'tags', () => capture(engine, remote, source.tags, noted))
  const began = engine.clock.now()
  try {
    const brought = await bring(engine, policy, flight.key, source)
    const stored = before ? await store(engine, remote, policy, flight, brought, before, noted, token) : undefined
    if (!stored) release(engine, remote, flight.key, token, { type: 'not-stored' })
    return finish(engine, policy, flight, brought, stored ?? { stored: 'no', clean: false })
  } catch (error) {
    release(engine, remote, flight.key, token, {
      type: 'failed',
      errorName: error instanceof Error ? error.name : typeof error,
    })
    engine.emit({
      type: 'load',
      resource: policy.resource,
      key: flight.key,
      durationMs: between(began, engine.clock.now()),
      stored: 'no',
      error,
    })
    throw error
  }
}

/** Loads without Redis: the value is kept in this process only. */
export async function loadLocal(
  engine: Engine,
  policy: Policy,
  flight: Flight<Answer>,
  source: Source,
): Promise<Answer> {
  const { cells } = engine
  const mark = cells.changes
  const known = source.tags.map((tag) => cells.stamp(tag))
  const nonces = known.map((cell) => cell.nonce)
  const began = engine.clock.now()
  try {
    const brought = await bring(engine, policy, flight.key, source)
    const late = brought.tags.map((tag) => cells.stamp(tag))
    // The capture rule, with this process's own count in place of the number: see loadFenced.
    const captured = late.every((cell) => cell.changed <= mark)
    const held = hold(brought, [...known, ...late], [...nonces, ...late.map((cell) => cell.nonce)])
    const clean = captured && keeps(policy, brought) && install(engine, flight, held)
    return finish(engine, policy, flight, brought, { stored: clean ? 'local' : 'no', clean })
  } catch (error) {
    engine.emit({
      type: 'load',
      resource: policy.resource,
      key: flight.key,
      durationMs: between(began, engine.clock.now()),
      stored: 'no',
      error,
    })
    throw error
  }
}

/** Reads or mints tags before the load. Their nonces are those an entry of this load must carry. */
async function capture(
  engine: Engine,
  remote: Remote,
  tags: readonly string[],
  noted: Noted | undefined,
): Promise<Stamped | undefined> {
  if (tags.length === 0) return noted && { epoch: noted.epoch, stamps: [], cells: [] }
  const cells = tags.map((tag) => engine.cells.acquire(tag))
  const { epoch, states } = await remote.tags(tags, true)
  learn(engine, epoch, cells, states)
  return { epoch, cells, stamps: tags.map((tag, i) => ({ tag, nonce: states[i]?.nonce ?? '' })) }
}

/** Reads or mints tags after the load. `undefined` when one of them may have been invalidated during it. */
async function captureLate(
  engine: Engine,
  remote: Remote,
  tags: readonly string[],
  epoch: string,
  noted: Noted | undefined,
): Promise<Stamped | undefined> {
  const cells = tags.map((tag) => engine.cells.acquire(tag))
  const reading = await remote.tags(tags, true)
  learn(engine, reading.epoch, cells, reading.states)
  if (!noted || noted.epoch !== epoch || reading.epoch !== epoch) return
  const stamps: Stamp[] = []
  for (const [i, tag] of tags.entries()) {
    const state = reading.states[i]
    if (!state || state.number > noted.number) return
    stamps.push({ tag, nonce: state.nonce })
  }
  return { epoch, stamps, cells }
}

/** Asks the source, within the deadline and the bulkhead. */
async function bring(engine: Engine, policy: Policy, key: string, source: Source): Promise<Brought> {
  const beganAt = engine.clock.now()
  const value = await engine.hooks.around({ name: 'load', resource: policy.resource }, () =>
    withinDeadline(engine, policy, key, source),
  )
  const payload = value === undefined ? EMPTY : encode(key, value)
  const lifetime = value === undefined ? policy.negativeTtl : policy.ttl
  return {
    value: value === undefined ? undefined : parseFrozen(payload),
    payload,
    beganAt,
    expiresAt: after(beganAt, lifetime),
    tags: value === undefined ? [] : checkTags(source.tagsOf(value)),
  }
}

async function withinDeadline(engine: Engine, policy: Policy, key: string, source: Source): Promise<unknown> {
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
    return await Promise.race([engine.bulkhead.run(() => source.load(controller.signal), controller.signal), over])
  } finally {
    cancel()
  }
}

async function store(
  engine: Engine,
  remote: Remote,
  policy: Policy,
  flight: Flight<Answer>,
  brought: Brought,
  before: Stamped,
  noted: Noted | undefined,
  token: string,
): Promise<{ stored: Stored; clean: boolean } | undefined> {
  if (!keeps(policy, brought)) return
  const late =
    brought.tags.length === 0
      ? { stamps: [], cells: [] }
      : await orUndefined(engine, 'tags', () => captureLate(engine, remote, brought.tags, before.epoch, noted))
  if (!late) return
  const stamps = [...before.stamps, ...late.stamps]
  const cells = [...before.cells, ...late.cells]
  const nonces = stamps.map(({ nonce }) => nonce)
  // Dead on arrival: an invalidation of a tag has been applied here since. Storing it would only cost the next reader.
  const inOurEpoch = before.epoch === engine.proof.epoch
  if (flight.superseded || (inOurEpoch && !isCurrent(cells, nonces))) return

  const bytes = encodeEntry(flight.key, {
    absent: brought.value === undefined,
    epoch: before.epoch,
    loadedAt: engine.proof.toServer(brought.beganAt),
    expiresAt: engine.proof.toServer(brought.expiresAt),
    stamps,
    hash: contentHash(brought.payload),
    payload: brought.payload,
  })
  const lifetime = between(engine.clock.now(), brought.expiresAt)
  if (lifetime <= 0) return
  const filled = await orUndefined(engine, 'fill', () => remote.fill(flight.key, token, bytes, lifetime))
  if (!filled) return
  return { stored: 'shared', clean: inOurEpoch && install(engine, flight, hold(brought, cells, nonces)) }
}

function finish(
  engine: Engine,
  policy: Policy,
  flight: Flight<Answer>,
  brought: Brought,
  end: { stored: Stored; clean: boolean },
): Answer {
  const now = engine.clock.now()
  engine.emit({
    type: 'load',
    resource: policy.resource,
    key: flight.key,
    durationMs: between(brought.beganAt, now),
    stored: end.stored,
  })
  return {
    value: brought.value,
    stored: end.stored,
    waited: false,
    expiresAt: end.stored === 'no' ? now : brought.expiresAt,
    clean: end.clean && engine.proof.holds(now),
  }
}

function hold(brought: Brought, cells: readonly Cell[], nonces: readonly string[]) {
  return {
    value: brought.value,
    loadedAt: brought.beganAt,
    expiresAt: brought.expiresAt,
    cells,
    nonces,
    size: brought.payload.length,
  }
}

/** Whether the policy stores such a value at all. */
function keeps(policy: Policy, brought: Brought): boolean {
  if (brought.payload.length > LIMITS.valueBytes) return false
  return brought.value !== undefined || policy.negativeTtl > 0
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

/** Tells those who wait, without making the reader wait for it. What fails ends with the lease itself. */
function release(
  engine: Engine,
  remote: Remote,
  key: string,
  token: string,
  end: Parameters<Remote['release']>[2],
): void {
  remote
    .release(key, token, end)
    .catch((error: unknown) => engine.emit({ type: 'remote-error', operation: 'release', error }))
}

/** Trouble with Redis never fails a read: it is an event, and the read goes on without. */
export async function orUndefined<R>(engine: Engine, operation: string, act: () => Promise<R>): Promise<R | undefined> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof CacheError && error.code.startsWith('CACHE_REMOTE_'))) throw error
    engine.emit({ type: 'remote-error', operation, error })
    return undefined
  }
}
