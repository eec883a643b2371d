/**
 * Runs a loader once, and stores what it brings if nothing was invalidated meanwhile.
 *
 * Under a lease the value goes to Redis, fenced by the token, and then into memory. Without Redis it goes into
 * memory only, with nonces of this process's own making in place of those of Redis.
 */

import { type Brought, bring, type PreviousOf, type Source } from './bring.ts'
import { captureLate, type Stamped } from './capture.ts'
import { Cell } from './cells.ts'
import { between, type Monotonic } from './clock.ts'
import { encodeEntry } from './codec.ts'
import { isCurrent } from './decide.ts'
import { type Answer, type Engine, step } from './engine.ts'
import { CacheError } from './errors.ts'
import type { Stored } from './events.ts'
import type { Flight } from './flight.ts'
import type { Operation } from './hooks.ts'
import { install, keptBytes } from './install.ts'
import type { LeaseEnd } from './lease.ts'
import type { Held } from './memory-tier.ts'
import { LIMITS, type Policy } from './options.ts'
import { orUndefined, type Remote } from './remote.ts'
import type { Noted } from './tags.ts'

/** One load: for which flight, by which policy, from which source, in place of what. */
export interface Load {
  readonly policy: Policy
  readonly flight: Flight<Answer>
  readonly source: Source
  readonly previous: PreviousOf
}

/** Loads under the lease `token`, with the tags as they were `captured` before. Ends the lease whatever happens. */
export async function loadFenced(
  engine: Engine,
  remote: Remote,
  load: Load,
  token: string,
  captured: Promise<Stamped | undefined>,
): Promise<Answer> {
  const { policy, flight, source } = load
  const { noted } = engine.proof
  const { turn } = engine.pending
  // Without it the value could not be stored, but the lease is held and the source is well: load all the same.
  const before = await captured
  const begunAt = engine.clock.now()
  try {
    const brought = await bring(engine, policy, flight, source, load.previous)
    const filled = before && (await store(engine, remote, load, brought, { before, noted, turn }, token))
    if (!filled) release(engine, remote, flight, token, { type: keeps(policy, brought) ? 'not-stored' : 'unshared' })
    const clean = filled !== undefined && install(engine, policy, flight.key, filled, flight.superseded)
    return finish(engine, policy, flight, filled ?? unstored(policy, brought), filled ? 'shared' : 'no', clean)
  } catch (error) {
    release(engine, remote, flight, token, endOf(error))
    fail(engine, policy, flight, begunAt, error)
  }
}

/** Loads without Redis: the value is kept in this process only. */
export async function loadLocal(engine: Engine, { policy, flight, source, previous }: Load): Promise<Answer> {
  const start = startLocal(engine, source.tags)
  const begunAt = engine.clock.now()
  try {
    const brought = await bring(engine, policy, flight, source, previous)
    const { held, clean } = keepLocal(engine, policy, flight.key, brought, start, flight.superseded)
    return finish(engine, policy, flight, held, clean ? 'local' : 'no', clean)
  } catch (error) {
    fail(engine, policy, flight, begunAt, error)
  }
}

/** What this process alone knew when a load or a write began. */
export interface LocalStart {
  readonly mark: number
  readonly known: readonly Cell[]
  readonly nonces: readonly string[]
}

export function startLocal({ cells }: Engine, tags: readonly string[]): LocalStart {
  const mark = cells.changes
  const known = tags.map((tag) => cells.stamp(tag))
  return { mark, known, nonces: known.map((cell) => cell.nonce) }
}

/** Puts what was brought into memory, unless it was overtaken. */
export function keepLocal(
  engine: Engine,
  policy: Policy,
  key: string,
  brought: Brought,
  { mark, known, nonces }: LocalStart,
  overtaken: boolean,
): { readonly held: Held; readonly clean: boolean } {
  const late = brought.tags.map((tag) => engine.cells.stamp(tag))
  // The capture rule (capture.ts), with this process's own count in place of the number.
  const captured = late.every((cell) => cell.changed <= mark)
  const held = hold(policy, brought, [...known, ...late], [...nonces, ...late.map((cell) => cell.nonce)])
  return { held, clean: captured && keeps(policy, brought) && install(engine, policy, key, held, overtaken) }
}

/** What was known when a load began. */
export interface Start {
  readonly before: Stamped
  readonly noted: Noted | undefined
  readonly turn: number
}

/** Stores what was brought under the token. `undefined`: it was not stored. */
export function store(
  engine: Engine,
  remote: Remote,
  load: Omit<Load, 'previous'>,
  brought: Brought,
  start: Start,
  token: string,
): Promise<Held | undefined> {
  const operation: Operation = { name: 'store', resource: load.policy.resource }
  return step(engine, load.source.alone, operation, async () => {
    const held = await fill(engine, remote, load, brought, start, token)
    operation.outcome = held ? 'stored' : 'refused'
    return held
  })
}

async function fill(
  engine: Engine,
  remote: Remote,
  { policy, flight }: Pick<Load, 'policy' | 'flight'>,
  brought: Brought,
  { before, noted, turn }: Start,
  token: string,
): Promise<Held | undefined> {
  if (!keeps(policy, brought)) return
  const stamped = brought.tags.length === 0 ? before : await captureLate(engine, remote, before, brought.tags, noted)
  if (!stamped) return
  const { epoch, stamps, cells } = stamped
  const nonces = stamps.map(({ nonce }) => nonce)
  // Dead on arrival: an invalidation has been applied here since. Storing it would only cost the next reader.
  const inOurEpoch = epoch === engine.proof.epoch
  if (flight.superseded || (inOurEpoch && !isCurrent(cells, nonces))) return
  // One that Redis refused since: the tag there is as it was, and only we know better.
  if (engine.pending.has(flight.key, stamps, turn)) return

  const { absent, payload, hash, loadMs } = brought
  const bytes = encodeEntry(flight.key, {
    absent,
    epoch,
    loadedAt: engine.proof.toServer(brought.loadedAt),
    staleAt: engine.proof.toServer(brought.staleAt),
    expiresAt: engine.proof.toServer(brought.expiresAt),
    loadMs,
    stamps,
    hash,
    payload,
  })
  const lifetime = between(engine.clock.now(), brought.expiresAt)
  if (lifetime <= 0) return
  if (!(await orUndefined(engine.emit, 'fill', () => remote.fill(flight.key, token, bytes, lifetime, flight.loadedBy))))
    return
  // What another epoch's nonces say cannot be compared with our cells: it is stored, and not held.
  return hold(policy, brought, inOurEpoch ? cells : NEVER_CURRENT, inOurEpoch ? nonces : [])
}

/** Stands for cells of which nothing is known: no list of nonces matches it. */
const NEVER_CURRENT: readonly Cell[] = [new Cell('', 0)]

function hold(policy: Policy, brought: Brought, cells: readonly Cell[], nonces: readonly string[]): Held {
  const { absent, value, payload, hash, loadedAt, staleAt, expiresAt, loadMs, size } = brought
  return {
    resource: policy.resource,
    absent,
    value: policy.keep === 'bytes' ? undefined : value,
    payload: keptBytes(policy, payload),
    hash,
    loadedAt,
    loadedHereAt: loadedAt,
    staleAt,
    expiresAt,
    loadMs,
    cells,
    // The cell's own word where it is the same: a hit then compares pointers.
    nonces: nonces.map((nonce, i) => (cells[i]?.nonce === nonce ? cells[i].nonce : nonce)),
    size,
    currentAt: -1,
    settled: undefined,
    prepared: undefined,
  }
}

/** What is answered and kept nowhere. */
function unstored(policy: Policy, brought: Brought): Held {
  return hold(policy, brought, NEVER_CURRENT, [])
}

function finish(
  engine: Engine,
  policy: Policy,
  { key }: Flight<Answer>,
  held: Held,
  stored: Stored,
  clean: boolean,
): Answer {
  const now = engine.clock.now()
  const durationMs = between(held.loadedAt, now)
  engine.emit({ type: 'load', resource: policy.resource, key, durationMs, stored })
  return { held, tier: undefined, stored, waited: false, clean: clean && engine.proof.holds(now) }
}

function fail(engine: Engine, policy: Policy, { key }: Flight<Answer>, begunAt: Monotonic, error: unknown): never {
  const durationMs = between(begunAt, engine.clock.now())
  engine.emit({ type: 'load', resource: policy.resource, key, durationMs, stored: 'no', error })
  throw error
}

/** Whether the policy stores such a value at all. */
function keeps(policy: Policy, { absent, payload }: Brought): boolean {
  return payload.length <= LIMITS.valueBytes && (!absent || policy.negativeTtl > 0)
}

/** Tells those who wait, without making the reader wait for it. What fails ends with the lease itself. */
export function release(
  engine: Engine,
  remote: Remote,
  { key, loadedBy }: Flight<Answer>,
  token: string,
  end: LeaseEnd,
): void {
  const told = loadedBy === undefined ? end : { ...end, trace: loadedBy }
  void orUndefined(engine.emit, 'release', () => remote.release(key, token, told))
}

/** A load that was shed here may find room in another process: its source has not failed. */
function endOf(error: unknown): LeaseEnd {
  if (error instanceof CacheError && error.code === 'CACHE_LOAD_SHED') return { type: 'not-stored' }
  return { type: 'failed', errorName: error instanceof Error ? error.name : typeof error }
}
