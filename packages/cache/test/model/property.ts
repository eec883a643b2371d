/**
 * What must hold in every state: no reader gets less than it is entitled to.
 *
 * A reader that starts now is entitled to every write whose invalidation Redis has had for longer than the bound (G1 to G3),
 * and, bound or no bound (G10), to every write whose invalidation this very process was told of, done or only applied here,
 * and to every write before a position that it names. The bound runs from the instant at which Redis took the
 * invalidation, which is before anyone is told.
 */

import type { Flight, Held, Process, State } from './state.ts'
import type { Slot, World } from './world.ts'

/** The oldest version that a reader of this key may get who starts now in this process and names no position. */
function entitled(state: State, process: Process, key: number): number {
  return Math.max(state.due[key] as number, process.own[key] as number)
}

/** The same for one that may name any position that this process has reached. */
export function entitledByPosition(state: State, process: Process, key: number): number {
  return Math.max(entitled(state, process, key), reachedPosition(state, process))
}

/** The newest version behind a position that this process has reached: a reader may name it, and need not ask further. */
function reachedPosition(state: State, process: Process): number {
  let version = 0
  for (const { told } of state.processes)
    if (told && hasReached(process, told)) version = Math.max(version, told.version)
  return version
}

export function hasReached({ epoch, applied }: Process, told: NonNullable<Process['told']>): boolean {
  return epoch === told.epoch && applied >= told.number
}

/** Under proof, or younger than the bound itself: `Proof.covers`. */
export function covers(world: World, process: Process, held: Held): boolean {
  return !world.rules.proofNeeded || Math.min(process.proofAge, held.age) <= world.bound
}

/** `isCurrent` of `decide.ts`. */
export function isCurrent(process: Process, stamps: Pick<Held, 'nonces' | 'pointers'>): boolean {
  return stamps.pointers.every((pointer, tag) => {
    if (pointer === 'none' || pointer === 'frozen') return true
    return pointer === 'live' && stamps.nonces[tag] === process.cells[tag]?.nonce
  })
}

/** `isVouched` of `decide.ts`. */
export function isVouched(world: World, process: Process, held: Held): boolean {
  return covers(world, process, held) && isCurrent(process, held)
}

/** Whoever might join a flight now is remembered as the last who did. */
export function promise(world: World, state: State): void {
  for (const process of state.processes) {
    for (const [n, flight] of process.flights.entries()) {
      const { kind, key } = world.slots[n] as Slot
      if (!flight || flight.closed || kind !== 'read') continue
      if (world.rules.lateJoinersAskAgain && flight.age > world.bound) continue
      flight.promise = Math.max(flight.promise, entitledToJoin(world, state, process, key))
    }
  }
}

/** Who names a position joins no flight that began before it was reached, so what such a flight brings need not be as new. */
function entitledToJoin(world: World, state: State, process: Process, key: number): number {
  return (world.rules.positionCloses ? entitled : entitledByPosition)(state, process, key)
}

/** A flight answers those who joined it. Clean, it answers all of them; else those who joined in time. */
export function judgeAnswer(
  world: World,
  state: State,
  i: number,
  slot: Slot,
  flight: Flight,
  version: number,
  clean: boolean,
): void {
  if (slot.kind === 'update') return
  const everyone = clean && slot.kind === 'read'
  const last = everyone ? entitledToJoin(world, state, state.processes[i] as Process, slot.key) : 0
  const wanted = Math.max(flight.promise, last)
  if (version >= wanted) return
  const whom = everyone ? 'whoever has joined' : slot.kind === 'strict' ? 'its reader' : 'those who joined in time'
  state.wrong = `P${i + 1} answers ${whom} with version ${version}; the last of them may expect ${wanted}`
}

export function judgeState(world: World, state: State): void {
  for (const [i, process] of state.processes.entries()) {
    for (const [key, held] of process.memory.entries()) {
      const wanted = entitledByPosition(state, process, key)
      if (!held || held.version >= wanted || !isVouched(world, process, held)) continue
      state.wrong = `P${i + 1} serves version ${held.version} from memory; a reader who starts now may expect ${wanted}`
    }
  }
  for (const [key, lease] of state.redis.leases.entries()) {
    if (lease === 0) continue
    const flights = state.processes.flatMap((process) => process.flights)
    const holders = flights.filter(
      (flight, n) => flight?.token === lease && world.slots[n % world.slots.length]?.key === key,
    )
    if (holders.length > 1) state.wrong = `${holders.length} flights hold the standing lease of one key`
  }
}
