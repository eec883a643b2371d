/**
 * What Redis does with a command: the scripts of `src/redis/scripts.ts`, and what befalls a server.
 */

import type { Entry, Memory, Message, Reading, State, Targets, Word } from './state.ts'
import { keysOf, tagBit, type World } from './world.ts'

export function newWord(state: State): Word {
  return state.fresh++
}

/** Begins a new epoch where there is none, or where it was made on another server. */
export function position(world: World, state: State): NonNullable<Memory['position']> {
  const held = state.redis.position
  if (held && (held.own || !world.rules.runChecked)) return held
  const number = world.rules.countGoesOn ? (held?.number ?? 0) + 1 : 1
  state.redis.position = { epoch: newWord(state), own: true, number }
  return state.redis.position
}

/** The entry, unless it is the rejected one. */
function found(state: State, key: number, rejected: Entry | undefined): Entry | undefined {
  const entry = state.redis.entries[key]
  return entry && rejected && isSame(entry, rejected) ? undefined : entry
}

/** Another process has the lease, and there is nothing to be had meanwhile. */
export function isBusy(state: State, key: number, rejected: Entry | undefined): boolean {
  return state.redis.leases[key] !== 0 && !found(state, key, rejected)
}

/** An entry, or a lease with this token. */
export function claim(
  world: World,
  state: State,
  key: number,
  rejected: Entry | undefined,
): { readonly found: Entry | undefined; readonly token: Word } {
  const entry = found(state, key, rejected)
  if (entry) return { found: entry, token: 0 }
  const token = world.rules.tokensUnique ? newWord(state) : 1
  state.redis.leases[key] = token
  return { found: undefined, token }
}

/** Entries of one content are judged alike, so that they are equal is what the identity of bytes tells. */
function isSame(a: Entry, b: Entry): boolean {
  return (
    a.epoch === b.epoch &&
    a.version === b.version &&
    a.age === b.age &&
    a.nonces.every((nonce, i) => nonce === b.nonces[i])
  )
}

/** Takes the lease, whoever holds it. */
export function seize(world: World, state: State, key: number): Word {
  const token = world.rules.tokensUnique ? newWord(state) : 1
  state.redis.leases[key] = token
  return token
}

export function fill(world: World, state: State, key: number, token: Word, entry: Entry): boolean {
  if (world.rules.tokenChecked && state.redis.leases[key] !== token) return false
  state.redis.entries[key] = { ...entry }
  state.redis.leases[key] = 0
  return true
}

export function release(state: State, key: number, token: Word): void {
  if (token !== 0 && state.redis.leases[key] === token) state.redis.leases[key] = 0
}

function mintNonce({ rules }: World, state: State, number: number): Word {
  if (!rules.noncesUnique) return 1
  return rules.nonceIsWord ? newWord(state) : number + 1
}

/** Reads the tags of the set; with `mint`, gives the missing ones a nonce. */
export function tags(world: World, state: State, wanted: Targets, mint: boolean): Reading {
  const { rules } = world
  const { epoch, number } = position(world, state)
  const nonces: Word[] = []
  const numbers: number[] = []
  let nonce = 0
  for (let tag = 0; tag < world.tags; tag++) {
    let held = state.redis.tags[tag]
    const bit = tagBit(world, tag)
    if (held && rules.tagsHaveEpoch && held.epoch !== epoch) held = undefined
    if (!held && mint && wanted & bit) {
      nonce ||= mintNonce(world, state, number)
      held = { epoch, nonce, number: rules.mintedAtPresent ? number : 0 }
      state.redis.tags[tag] = held
    }
    const asked = wanted & bit ? held : undefined
    nonces.push(asked?.nonce ?? 0)
    numbers.push(asked?.number ?? 0)
  }
  return { epoch, nonces, numbers }
}

export function deleteKeys(world: World, state: State, targets: Targets): void {
  for (let key = 0; key < world.keys; key++) {
    if (!(targets & (1 << key))) continue
    state.redis.entries[key] = undefined
    if (world.rules.deleteTakesLease) state.redis.leases[key] = 0
  }
}

/** Counts up, gives the tags new nonces, publishes. */
export function invalidate(
  world: World,
  state: State,
  targets: Targets,
): { readonly epoch: Word; readonly number: number; readonly nonce: Word } {
  const held = position(world, state)
  const { epoch } = held
  const number = held.number + 1
  state.redis.position = { ...held, number }
  let nonce = world.rules.noncesUnique ? mintNonce(world, state, number) : 0
  for (let tag = 0; tag < world.tags; tag++) {
    if (!(targets & tagBit(world, tag))) continue
    if (!world.rules.noncesUnique) nonce = (state.redis.tags[tag]?.nonce ?? 0) + 1
    state.redis.tags[tag] = { epoch, nonce, number }
  }
  publish(state, { type: 'invalidated', epoch, number, nonce, targets, age: 0 })
  return { epoch, number, nonce }
}

/** Counts up and publishes that entries are others than before. */
export function announce(
  world: World,
  state: State,
  targets: Targets,
): { readonly epoch: Word; readonly number: number; readonly nonce: Word } {
  const held = position(world, state)
  const { epoch } = held
  const number = held.number + 1
  state.redis.position = { ...held, number }
  publish(state, { type: 'invalidated', epoch, number, nonce: 0, targets, age: 0 })
  return { epoch, number, nonce: 0 }
}

/** Begins a new epoch on demand: nothing that was stored before is believed. */
export function renew(state: State): { readonly epoch: Word; readonly number: number; readonly nonce: Word } {
  const number = (state.redis.position?.number ?? 0) + 1
  const epoch = newWord(state)
  state.redis.position = { epoch, own: true, number }
  return { epoch, number, nonce: 0 }
}

/** From this instant on the bound runs. */
export function acknowledge(world: World, state: State, targets: Targets, version: number): void {
  state.acknowledged.push({ version, keys: keysOf(world, targets), age: 0 })
}

function publish(state: State, message: Message): void {
  for (const process of state.processes) if (process.listening) process.inbox.push({ ...message })
}

/** Whether one more message can be on its way to everyone who listens. */
export function hasRoom(world: World, state: State): boolean {
  return state.processes.every(({ listening, inbox }) => !listening || inbox.length < world.backlog)
}

export function copyMemory(memory: Memory): Memory {
  return {
    entries: memory.entries.map((entry) => entry && { ...entry }),
    leases: [...memory.leases],
    tags: [...memory.tags],
    position: memory.position,
  }
}
