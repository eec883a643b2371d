/**
 * One flight: `lookup.ts`, `judge.ts`, `read.ts`, `capture.ts`, `load.ts` and `write.ts` of `src/`. Each function is what the process does
 * at once when an answer arrives, up to the next question.
 */

import { acquire, at, install, land, leave, noted, offer, proofHolds, returned, slotOf } from './process.ts'
import { entitledByPosition, isVouched, judgeAnswer } from './property.ts'
import * as redis from './redis.ts'
import {
  type Asked,
  type Entry,
  type Flight,
  type Held,
  newFlight,
  type Process,
  type State,
  type Targets,
} from './state.ts'
import { namesKeys, tagBit, tagsOf, type World } from './world.ts'

const allTags = (world: World): Targets => tagsOf(world, 'known') | tagsOf(world, 'late')

function acquireAll(world: World, process: Process, flight: Flight, wanted: Targets): void {
  for (let tag = 0; tag < world.tags; tag++) if (wanted & tagBit(world, tag)) acquire(process, flight, tag)
}

/** The first command of a read, or its load if none can be sent. `stale`: memory may serve, but not for good. */
export function startRead(world: World, state: State, i: number, n: number, stale: boolean): void {
  const process = at(state, i)
  const { key } = slotOf(world, n)
  const flight = newFlight('get', entitledByPosition(state, process, key), world.tags)
  const held = process.memory[key]
  if (stale && held) flight.fallback = { ...held, pointers: [...held.pointers] }
  process.flights[n] = flight
  if (!process.usable) loadLocal(world, state, i, flight)
}

/** A read that names a position which this process has not reached. */
export function startStrict(world: World, state: State, i: number, n: number, version: number): void {
  startRead(world, state, i, n, false)
  const flight = at(state, i).flights[n]
  if (flight) flight.promise = Math.max(flight.promise, version)
}

/** A write-through: takes the lease, then reads the tags, then commits. */
export function startUpdate(world: World, state: State, i: number, n: number): void {
  const process = at(state, i)
  const flight = newFlight(world.rules.seizedBeforeCommit && process.usable ? 'seize' : 'commit', 0, world.tags)
  process.flights[n] = flight
}

/** Takes what Redis answered out of the flight's hands, so that nothing of it stays in the state. */
function take(flight: Flight): NonNullable<Flight['reading']> {
  const { reading } = flight
  if (!reading) throw new Error(`${flight.step} without an answer`)
  flight.reading = undefined
  return reading
}

// judge.ts

/** Whether an entry from Redis may be believed, as far as that can be told here. */
export function judge(world: World, state: State, i: number, n: number, flight: Flight, stale = false): void {
  const { rules } = world
  const process = at(state, i)
  const { entry } = flight
  const { kind, key } = slotOf(world, n)
  if (!entry || (rules.pendingChecked && isPending(world, process, key))) {
    claim(flight)
    return
  }
  if (rules.cellBeforeRequest) acquireAll(world, process, flight, allTags(world))
  const ours = !rules.epochCompared || entry.epoch === process.epoch
  const vouched = entry.nonces.every((nonce, tag) => nonce === process.cells[tag]?.nonce)
  const strict = rules.strictConfirmed && kind === 'strict'
  const trusted = !strict && ours && proofHolds(world, process) && vouched
  if (trusted || !rules.tagsConfirmed) believe(world, state, i, n, flight, entry, stale)
  else flight.step = 'confirm'
}

function isPending(world: World, { everything, pending }: Process, key: number): boolean {
  return everything > 0 || pending.some((version, target) => version > 0 && (target === key || target >= world.keys))
}

/** What the answer to a claim brings is judged anew, with cells that are acquired then. */
function claim(flight: Flight): void {
  flight.step = 'claim'
  flight.pointers.fill('none')
}

/** The tags and the epoch, as Redis has them. */
export function confirmed(world: World, state: State, i: number, n: number, flight: Flight, stale = false): void {
  const reading = take(flight)
  const { entry } = flight
  if (!entry) throw new Error('confirmed without an entry')
  learn(world, at(state, i), flight, reading, allTags(world))
  const current =
    (reading.epoch === entry.epoch || !world.rules.epochCompared) &&
    entry.nonces.every((nonce, tag) => nonce === reading.nonces[tag])
  if (current) believe(world, state, i, n, flight, entry, stale)
  else claim(flight)
}

/** Teaches the cells what Redis answered; those of this flight, and only if they are still in the table. */
function learn(
  world: World,
  process: Process,
  flight: Flight,
  reading: NonNullable<Flight['reading']>,
  wanted: Targets,
): void {
  if (!world.rules.cellBeforeRequest) acquireAll(world, process, flight, wanted)
  if (world.rules.learntInEpoch && reading.epoch !== process.epoch) return
  for (let tag = 0; tag < world.tags; tag++) {
    const nonce = reading.nonces[tag]
    if (nonce && flight.pointers[tag] === 'live') offer(world, process, tag, nonce, reading.numbers[tag] ?? 0)
  }
}

function believe(world: World, state: State, i: number, n: number, flight: Flight, entry: Entry, stale: boolean): void {
  if (!world.rules.cellBeforeRequest) acquireAll(world, at(state, i), flight, allTags(world))
  if (stale) serveStale(world, state, i, n, flight, entry)
  else land(world, state, i, n, flight, heldOf(world, entry, flight))
}

function heldOf(world: World, entry: Entry, flight: Flight): Held {
  const { version, nonces } = entry
  const age = world.rules.copiesNeedProof ? world.bound + 1 : entry.age
  return { version, age, nonces, pointers: [...flight.pointers] }
}

/** The entry that is about to be believed is stale: it is kept and served at once, and the flight goes on to load. */
function serveStale(world: World, state: State, i: number, n: number, flight: Flight, entry: Entry): void {
  const process = at(state, i)
  const slot = slotOf(world, n)
  const held = heldOf(world, entry, flight)
  const clean = install(world, process, slot, flight, held)
  judgeAnswer(world, state, i, slot, flight, entry.version, clean)
  flight.fallback = { ...held, pointers: [...held.pointers] }
  claim(flight)
}

/** The load has failed, and the flight ends with what was kept for that; or it ends with nothing. */
export function fallBack(world: World, state: State, i: number, n: number, flight: Flight): void {
  const process = at(state, i)
  const slot = slotOf(world, n)
  const { fallback } = flight
  process.flights[n] = undefined
  redis.release(state, slot.key, flight.token)
  if (!fallback || flight.superseded) return
  if (world.rules.fallbackVouched && !isVouched(world, process, fallback)) return
  judgeAnswer(world, state, i, slot, flight, fallback.version, proofHolds(world, process))
}

// load.ts, capture.ts

/** The answer to a claim. */
export function claimed(world: World, state: State, i: number, n: number, flight: Flight): void {
  if (flight.token !== 0) {
    begin(world, state, i, n, flight)
    return
  }
  // The tags were asked for in vain: they are only learnt.
  if (flight.reading) learn(world, at(state, i), flight, take(flight), tagsOf(world, 'known'))
  flight.pointers.fill('none')
  judge(world, state, i, n, flight)
}

/** The known tags are asked for, together with the claim. */
export function askKnown(world: World, state: State, i: number, flight: Flight): void {
  if (world.rules.cellBeforeRequest) acquireAll(world, at(state, i), flight, tagsOf(world, 'known'))
}

/** Under a token: what was applied is noted, and the known tags are read. */
export function begin(world: World, state: State, i: number, n: number, flight: Flight): void {
  const process = at(state, i)
  flight.entry = undefined
  flight.noted = noted(process)
  if (flight.reading) {
    captured(world, state, i, n, flight)
    return
  }
  if (tagsOf(world, 'known') !== 0) {
    askKnown(world, state, i, flight)
    flight.step = 'capture'
    return
  }
  flight.epoch = flight.noted?.epoch ?? 0
  begun(world, state, i, n, flight)
}

/** The tags known before the load, read or minted. */
export function captured(world: World, state: State, i: number, n: number, flight: Flight): void {
  const reading = take(flight)
  learn(world, at(state, i), flight, reading, tagsOf(world, 'known'))
  flight.epoch = reading.epoch
  stamp(world, flight, reading.nonces, tagsOf(world, 'known'))
  begun(world, state, i, n, flight)
}

/** All that has to be known before is known. */
function begun(world: World, state: State, i: number, n: number, flight: Flight): void {
  if (slotOf(world, n).kind !== 'update') load(state, flight, 'loading')
  else if (flight.version < 0) flight.step = 'commit'
  else endLoad(world, state, i, n, flight)
}

function stamp(world: World, flight: Flight, nonces: readonly number[], wanted: Targets): void {
  for (let tag = 0; tag < world.tags; tag++) if (wanted & tagBit(world, tag)) flight.nonces[tag] = nonces[tag] ?? 0
}

/** The loader begins: what it will bring is at least as new as this. */
function load(state: State, flight: Flight, step: 'loading' | 'local'): void {
  flight.step = step
  flight.version = state.source
  flight.loadAge = 0
  flight.changed = 0
  flight.refused = 0
}

export function loadLocal(world: World, state: State, i: number, flight: Flight): void {
  const process = at(state, i)
  flight.entry = undefined
  flight.reading = undefined
  flight.token = 0
  flight.pointers.fill('none')
  load(state, flight, 'local')
  stampLocally(world, state, process, flight, tagsOf(world, 'known'))
}

function stampLocally(world: World, state: State, process: Process, flight: Flight, wanted: Targets): void {
  for (let tag = 0; tag < world.tags; tag++) {
    if (!(wanted & tagBit(world, tag))) continue
    const cell = acquire(process, flight, tag)
    if (cell.nonce === 0) {
      cell.nonce = redis.newWord(state)
      cell.number = 0
      cell.local = true
    }
    flight.nonces[tag] = cell.nonce
  }
}

/** A loader without Redis has ended. */
export function endLocal(world: World, state: State, i: number, n: number, flight: Flight): void {
  const late = tagsOf(world, 'late')
  stampLocally(world, state, at(state, i), flight, late)
  const changed = late & (flight.changed << world.keys)
  land(world, state, i, n, flight, changed && world.rules.localCaptureRule ? undefined : loaded(world, flight))
}

/** The loader under the lease has ended, or the write is committed. */
export function endLoad(world: World, state: State, i: number, n: number, flight: Flight): void {
  const process = at(state, i)
  const late = tagsOf(world, 'late')
  if (flight.epoch === 0 || !process.usable) {
    giveUp(world, state, i, n, flight)
    return
  }
  if (!world.rules.notedBeforeLoad) flight.noted = noted(process)
  if (late === 0) {
    store(world, state, i, n, flight)
    return
  }
  if (world.rules.cellBeforeRequest) acquireAll(world, process, flight, late)
  flight.step = 'late'
}

/** The tags computed from the value, read or minted. */
export function capturedLate(world: World, state: State, i: number, n: number, flight: Flight): void {
  const { rules } = world
  const reading = take(flight)
  const late = tagsOf(world, 'late')
  learn(world, at(state, i), flight, reading, late)
  const { noted } = flight
  const oneEpoch = noted?.epoch === flight.epoch && reading.epoch === flight.epoch
  const newest = Math.max(...reading.numbers.filter((_, tag) => late & tagBit(world, tag)))
  const inTime = noted !== undefined && newest <= noted.number
  if (!noted || (!oneEpoch && rules.capturedInOneEpoch) || (!inTime && rules.captureRule)) {
    giveUp(world, state, i, n, flight)
    return
  }
  stamp(world, flight, reading.nonces, late)
  store(world, state, i, n, flight)
}

function store(world: World, state: State, i: number, n: number, flight: Flight): void {
  const { rules } = world
  const process = at(state, i)
  const ours = flight.epoch === process.epoch
  const dead = flight.superseded || (ours && !isCurrentHere(process, flight))
  const pending = process.everything > 0 ? flight.refused !== 0 : (flight.refused & pendingTargets(process)) !== 0
  if ((dead && rules.deadNotStored) || (pending && rules.pendingNotStored)) {
    giveUp(world, state, i, n, flight)
    return
  }
  flight.step = 'fill'
  flight.noted = undefined
  flight.entry = { epoch: flight.epoch, version: flight.version, age: ageInRedis(world, flight), nonces: flight.nonces }
}

function pendingTargets({ pending }: Process): Targets {
  return pending.reduce((set, version, target) => (version > 0 ? set | (1 << target) : set), 0)
}

function isCurrentHere(process: Process, flight: Flight): boolean {
  return flight.pointers.every((pointer, tag) => pointer !== 'dead' && flight.nonces[tag] === process.cells[tag]?.nonce)
}

function ageInRedis(world: World, flight: Flight): number {
  return world.rules.copiesNeedProof ? 0 : ageOf(world, flight)
}

function ageOf(world: World, flight: Flight): number {
  return world.rules.datedAtBegin ? flight.loadAge : 0
}

/** What this process has loaded itself. */
function loaded(world: World, flight: Flight): Held {
  return { version: flight.version, age: ageOf(world, flight), nonces: flight.nonces, pointers: [...flight.pointers] }
}

/** Ends without having stored. */
function giveUp(world: World, state: State, i: number, n: number, flight: Flight): void {
  const slot = slotOf(world, n)
  redis.release(state, slot.key, flight.token)
  if (slot.kind === 'update') written(world, state, i, n, flight, false)
  else land(world, state, i, n, flight, undefined)
}

/** The answer to a fill. */
export function filled(world: World, state: State, i: number, n: number, flight: Flight): void {
  if (slotOf(world, n).kind === 'update') {
    written(world, state, i, n, flight, flight.filled)
    return
  }
  const keep = flight.filled && flight.epoch === at(state, i).epoch
  land(world, state, i, n, flight, keep ? loaded(world, flight) : undefined)
}

// write.ts

/** The write happens at the source. */
export function commit(world: World, state: State, i: number, n: number, flight: Flight): void {
  flight.version = ++state.source
  flight.loadAge = 0
  flight.refused = 0
  if (world.rules.seizedBeforeCommit || !at(state, i).usable) endLoad(world, state, i, n, flight)
  else flight.step = 'seize'
}

/** The write is in Redis and everyone is told; or it is not, and its key is invalidated. */
function written(world: World, state: State, i: number, n: number, flight: Flight, stored: boolean): void {
  const process = at(state, i)
  const { key } = slotOf(world, n)
  process.flights[n] = undefined
  process.asked = newAsked(world, 1 << key, flight.version)
  if (stored) process.asked.step = 'announce'
  if (stored ? world.rules.storedAnnounced : world.rules.refusedInvalidates) return
  process.asked = undefined
  redis.acknowledge(world, state, 1 << key, flight.version)
  returned(world, state, i, 1 << key, flight.version)
}

export function newAsked(world: World, targets: Targets, version: number): Asked {
  const step = namesKeys(world, targets) && world.rules.deletedFirst ? 'delete' : 'script'
  return { step, targets, version, epoch: 0, number: 0, nonce: 0 }
}

// redis/link.ts

/** No answer will come any more. */
export function disconnected(world: World, state: State, i: number, n: number, flight: Flight): void {
  const update = slotOf(world, n).kind === 'update'
  switch (flight.step) {
    case 'seize':
    case 'seized':
      flight.token = 0
      flight.step = 'commit'
      return
    case 'get':
    case 'got':
    case 'confirm':
    case 'confirmed':
    case 'claim':
    case 'claimed':
      loadLocal(world, state, i, flight)
      return
    case 'capture':
    case 'captured':
      flight.reading = undefined
      if (update) flight.step = 'commit'
      else load(state, flight, 'loading')
      return
    case 'late':
    case 'lated':
    case 'filled':
      flight.token = 0
      flight.filled = false
      if (update) written(world, state, i, n, flight, false)
      else land(world, state, i, n, flight, undefined)
      return
    case 'fill':
      at(state, i).flights[n] = undefined
      leave(world, state, i, slotOf(world, n), flight)
      if (update) written(world, state, i, n, flight, false)
      return
    case 'commit':
    case 'loading':
    case 'local':
      return
  }
}
