/**
 * What a process knows, and how it learns: `cells.ts`, `proof.ts`, `flight.ts` and `invalidate.ts` of `src/`.
 */

import { isCurrent, judgeAnswer } from './property.ts'
import { release } from './redis.ts'
import type { Cell, Flight, Held, Message, Process, State, Targets, Word } from './state.ts'
import { type Slot, tagBit, type World } from './world.ts'

/** The bit in `Flight.changed` of all tags that have no cell: the floor of `cells.ts`. */
const FLOOR = 1 << 7

/** Most fills under way whose senders are gone. */
const MOST_WIRE = 2

export const at = (state: State, i: number): Process => state.processes[i] as Process
export const slotOf = (world: World, n: number): Slot => world.slots[n] as Slot

// proof.ts

export function proofHolds(world: World, process: Process): boolean {
  return !world.rules.proofNeeded || process.proofAge <= world.bound
}

/** The number up to which every invalidation is surely known to Redis. */
export function noted({ epoch, applied, answered }: Process): Flight['noted'] {
  return epoch === 0 ? undefined : { epoch, number: Math.max(applied, answered) }
}

/** Redis answered this process with this number. */
export function saw(process: Process, epoch: Word, number: number): void {
  if (process.epoch === epoch) process.answered = Math.max(process.answered, number)
}

function invalidated(world: World, state: State, i: number, { epoch, number }: Message): boolean {
  const process = at(state, i)
  if (process.epoch !== epoch) return reset(world, state, i, epoch, number)
  if (world.rules.gapsFound && number > process.applied + 1) return reset(world, state, i, epoch, number)
  process.applied = Math.max(process.applied, number)
  return true
}

export function mentioned(world: World, state: State, i: number, epoch: Word, number: number): boolean {
  const process = at(state, i)
  if (process.epoch !== epoch) return reset(world, state, i, epoch, number)
  if (number <= process.applied) return true
  if (world.rules.gapsFound) return reset(world, state, i, epoch, number)
  process.applied = number
  return true
}

/** An answer of Redis that tells of another epoch. */
export function answered(world: World, state: State, i: number, epoch: Word, number: number): void {
  const process = at(state, i)
  if (process.epoch !== 0 && process.epoch !== epoch) mentioned(world, state, i, epoch, number)
}

/** All is void. Returns that there is nothing left to apply a message to. */
function reset(world: World, state: State, i: number, epoch: Word, number: number): false {
  const { rules } = world
  const process = at(state, i)
  if (rules.resetSupersedes) for (let n = 0; n < world.slots.length; n++) supersede(world, state, i, n)
  if (rules.resetClearsMemory) process.memory.fill(undefined)
  if (rules.resetClearsCells) for (let tag = 0; tag < world.tags; tag++) killCell(world, process, tag)
  process.epoch = epoch
  process.applied = number
  process.answered = 0
  process.proofAge = world.bound + 1
  return false
}

// cells.ts

/** The flight's own cell of a tag: the one in the table, made if need be. */
export function acquire(process: Process, flight: Flight, tag: number): Cell {
  let cell = process.cells[tag]
  if (!cell) {
    cell = { nonce: 0, number: -1, local: false }
    process.cells[tag] = cell
    for (const each of process.flights) if (each && each.changed & FLOOR) each.changed |= 1 << tag
  }
  flight.pointers[tag] = 'live'
  return cell
}

/** Takes what an answer or a message says of a tag, unless something newer is known. */
export function offer(world: World, process: Process, tag: number, nonce: Word, number: number): void {
  const cell = process.cells[tag]
  if (!cell || (world.rules.higherOnly && number < cell.number)) return
  cell.number = number
  if (cell.nonce === nonce) return
  cell.nonce = nonce
  cell.local = false
  markChanged(process, 1 << tag)
}

/** A message, or the answer to an invalidation. */
function change(world: World, process: Process, tag: number, nonce: Word, number: number, own: boolean): void {
  const cell = process.cells[tag]
  if (!cell) markChanged(process, FLOOR)
  else if (own || !world.rules.messagesTeachKnown) offer(world, process, tag, nonce, number)
  else if (cell.local) killCell(world, process, tag)
  else if (cell.nonce !== 0) offer(world, process, tag, nonce, number)
  else {
    cell.number = Math.max(cell.number, number)
    markChanged(process, 1 << tag)
  }
}

/** The cell leaves the table. Whoever points at it, points at something that matches nothing. */
export function forgetCell(world: World, process: Process, tag: number): void {
  const cell = process.cells[tag]
  if (!cell) return
  process.cells[tag] = undefined
  const fallbacks = process.flights.map((flight) => flight?.fallback)
  for (const holder of [...process.memory, ...process.flights, ...fallbacks]) {
    if (holder?.pointers[tag] !== 'live') continue
    const frozen = !world.rules.deadNeverMatches && cell.nonce !== 0 && holder.nonces[tag] === cell.nonce
    holder.pointers[tag] = frozen ? 'frozen' : 'dead'
  }
  for (const flight of process.flights) {
    if (flight?.step === 'local' && flight.changed & (1 << tag)) flight.changed |= FLOOR
  }
}

function killCell(world: World, process: Process, tag: number): void {
  markChanged(process, (1 << tag) | FLOOR)
  forgetCell(world, process, tag)
}

function markChanged(process: Process, bits: number): void {
  for (const flight of process.flights) if (flight?.step === 'local') flight.changed |= bits
}

// flight.ts, install.ts

/** Nobody joins this flight any more, and what it brings is not kept. A write-through is no flight in this sense. */
export function supersede(world: World, state: State, i: number, n: number): void {
  const process = at(state, i)
  const flight = process.flights[n]
  const slot = slotOf(world, n)
  if (!flight || slot.kind === 'update') return
  flight.superseded = world.rules.supersededNotKept
  flight.closed = world.rules.supersededNotJoined
  if (!flight.superseded || !flight.closed) return
  process.flights[n] = undefined
  leave(world, state, i, slot, flight)
}

/** The flight goes on without the model: what it may still do is to answer, to give up its lease, or to fill. */
export function leave(world: World, state: State, i: number, slot: Slot, flight: Flight): void {
  if (flight.version >= 0) judgeAnswer(world, state, i, slot, flight, flight.version, false)
  if (flight.step === 'fill' && flight.entry) {
    if (state.wire.length < MOST_WIRE) state.wire.push({ key: slot.key, token: flight.token, entry: flight.entry })
  } else {
    release(state, slot.key, flight.token)
  }
}

/** Puts a value into memory, if nothing has happened to it on its way there. Returns whether it is clean. */
export function install(world: World, process: Process, slot: Slot, flight: Flight, held: Held): boolean {
  const current = !flight.superseded && (isCurrent(process, held) || !world.rules.cleanIsCurrent)
  if (current) process.memory[slot.key] = held
  return current && (proofHolds(world, process) || !world.rules.cleanIsProven)
}

/** Ends a flight: keeps what it brought if it may, and answers. `held` is absent for what is not to be kept. */
export function land(world: World, state: State, i: number, n: number, flight: Flight, held: Held | undefined): void {
  const process = at(state, i)
  const slot = slotOf(world, n)
  process.flights[n] = undefined
  const clean = held !== undefined && install(world, process, slot, flight, held)
  judgeAnswer(world, state, i, slot, flight, held?.version ?? flight.version, clean)
}

// invalidate.ts

/** Applies a message. */
export function receive(world: World, state: State, i: number, message: Message): void {
  const process = at(state, i)
  switch (message.type) {
    case 'invalidated':
      if (invalidated(world, state, i, message)) {
        apply(world, state, i, message.targets, message.nonce, message.number, false)
      }
      return
    case 'echo':
      mentioned(world, state, i, message.epoch, message.number)
      process.proofAge = Math.min(process.proofAge, world.rules.provenAtSending ? message.age : 0)
  }
}

export function apply(
  world: World,
  state: State,
  i: number,
  targets: Targets,
  nonce: Word,
  number: number,
  own: boolean,
): void {
  for (let tag = 0; tag < world.tags; tag++) {
    if (targets & tagBit(world, tag)) change(world, at(state, i), tag, nonce, number, own)
  }
  drop(world, state, i, targets)
}

/** Applies an invalidation that has no number here. */
export function forget(world: World, state: State, i: number, targets: Targets): void {
  for (let tag = 0; tag < world.tags; tag++) if (targets & tagBit(world, tag)) killCell(world, at(state, i), tag)
  drop(world, state, i, targets)
}

/** Lets go of the entries of keys, and of the flights that may bring them. */
export function drop(world: World, state: State, i: number, targets: Targets): void {
  for (let key = 0; key < world.keys; key++) {
    if (!(targets & (1 << key))) continue
    at(state, i).memory[key] = undefined
    for (let n = 0; n < world.slots.length; n++) if (slotOf(world, n).key === key) supersede(world, state, i, n)
  }
}

/** Who starts to read after an invalidation of this process has returned must not have an older value. */
export function returned(world: World, state: State, i: number, keys: number, version: number): void {
  const process = at(state, i)
  for (const [n, { key, kind }] of world.slots.entries()) {
    if (kind !== 'read' || !(keys & (1 << key))) continue
    process.own[key] = Math.max(process.own[key] as number, version)
    const flight = process.flights[n]
    if (flight && world.rules.ownInvalidationCloses) flight.closed = true
  }
}
