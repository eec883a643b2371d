/**
 * Capture: the nonces an entry must carry so that every invalidation after its load began is seen.
 *
 * Tags that the key names are read before the load, so an invalidation during it leaves the entry with an old
 * nonce. Tags that the value names can only be read afterwards; they count as captured only if no
 * invalidation of theirs is newer than what Redis was known to have reached when the load began (tags.ts).
 */

import type { Cell } from './cells.ts'
import type { Engine } from './engine.ts'
import type { Stamp } from './entry.ts'
import { learn } from './judge.ts'
import { orUndefined, type Remote } from './remote.ts'
import type { Noted } from './tags.ts'

export interface Stamped {
  readonly epoch: string
  readonly stamps: readonly Stamp[]
  readonly cells: readonly Cell[]
}

/** Reads or mints tags before the load. `undefined` when Redis could not be asked. */
export async function capture(engine: Engine, remote: Remote, tags: readonly string[]): Promise<Stamped | undefined> {
  const cells = tags.map((tag) => engine.cells.acquire(tag))
  const reading = await orUndefined(engine.emit, 'tags', () => remote.tags(tags, true))
  if (!reading) return
  const { epoch, states } = reading
  learn(engine, epoch, cells, states)
  const stamps = tags.flatMap((tag, i): Stamp[] => (states[i] ? [{ tag, nonce: states[i].nonce }] : []))
  return stamps.length === tags.length ? { epoch, cells, stamps } : undefined
}

/**
 * Adds tags that are known only after the load. `undefined` when one of them may have been invalidated
 * during it, and when Redis could not be asked.
 */
export async function captureLate(
  engine: Engine,
  remote: Remote,
  before: Stamped,
  tags: readonly string[],
  noted: Noted | undefined,
): Promise<Stamped | undefined> {
  const cells = tags.map((tag) => engine.cells.acquire(tag))
  const reading = await orUndefined(engine.emit, 'tags', () => remote.tags(tags, true))
  if (!reading) return
  const { epoch, states } = reading
  learn(engine, epoch, cells, states)
  if (!noted || noted.epoch !== before.epoch || epoch !== before.epoch) return
  const stamps: Stamp[] = []
  for (const [i, tag] of tags.entries()) {
    const state = states[i]
    if (!state || state.number > noted.number) return
    stamps.push({ tag, nonce: state.nonce })
  }
  return { epoch, stamps: [...before.stamps, ...stamps], cells: [...before.cells, ...cells] }
}
