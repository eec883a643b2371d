/** An invalidation on its way: the originating half of `invalidate.ts` of `src/`, and the retry of what failed. */

import { event, type Offer } from './offer.ts'
import { answered, apply, at, drop, forget, mentioned, noted, returned, saw, slotOf } from './process.ts'
import { newAsked } from './read.ts'
import * as redis from './redis.ts'
import type { Asked, State } from './state.ts'
import { keysOf, namesKeys, type World } from './world.ts'

export function invalidationSteps(world: World, state: State, i: number, offer: Offer): void {
  const process = at(state, i)
  const who = `P${i + 1}`
  const writes = process.flights.some((flight, n) => flight && slotOf(world, n).kind === 'update')
  if (!process.asked && !writes && world.writers[i]) {
    for (const targets of world.targets) {
      const name = `${who} writes version ${state.source + 1} and invalidates ${nameOf(world, targets)}`
      event(state, offer, 'write', name, (next) => {
        at(next, i).asked = newAsked(world, targets, ++next.source)
        if (!at(next, i).usable) fail(world, next, i, 'asked')
      })
    }
  }
  if (process.asked) askedSteps(world, state, i, 'asked', process.asked, offer)
  if (process.retry) askedSteps(world, state, i, 'retry', process.retry, offer)
  else if (process.usable && (process.everything > 0 || process.pending.some((version) => version > 0))) {
    offer(`${who} tries again what is pending`, (next) => retry(world, next, i))
  }
}

function retry(world: World, state: State, i: number): void {
  const process = at(state, i)
  if (process.everything > 0) {
    process.retry = { ...newAsked(world, 0, process.everything), step: 'renew' }
    return
  }
  const targets = process.pending.reduce((set, version, target) => (version > 0 ? set | (1 << target) : set), 0)
  process.retry = newAsked(world, targets, Math.max(...process.pending))
}

function askedSteps(world: World, state: State, i: number, slot: 'asked' | 'retry', asked: Asked, offer: Offer): void {
  const step = (name: string, act: (next: State, asked: Asked) => void): void =>
    offer(`P${i + 1} invalidation: ${name}`, (next) => act(next, at(next, i)[slot] as Asked))

  event(state, offer, 'fail', `P${i + 1} invalidation: no answer comes`, (next) => fail(world, next, i, slot))
  switch (asked.step) {
    case 'delete':
      step('Redis deletes the keys', (next, own) => {
        redis.deleteKeys(world, next, own.targets)
        if (world.rules.deletedFirst) own.step = 'script'
        else taken(world, next, own)
      })
      return
    case 'script':
      if (!redis.hasRoom(world, state)) return
      step('Redis counts it and publishes', (next, own) => {
        Object.assign(own, redis.invalidate(world, next, own.targets))
        if (!world.rules.deletedFirst && namesKeys(world, own.targets)) own.step = 'delete'
        else taken(world, next, own)
      })
      return
    case 'announce':
      if (!redis.hasRoom(world, state)) return
      step('Redis announces the new entry', (next, own) => {
        Object.assign(own, redis.announce(world, next, own.targets), { step: 'announced' })
        redis.acknowledge(world, next, own.targets, own.version)
      })
      return
    case 'renew':
      step('Redis begins a new epoch', (next, own) => {
        Object.assign(own, redis.renew(next), { step: 'renewed' })
        redis.acknowledge(world, next, ~0, own.version)
      })
      return
    case 'acknowledged':
      step('it is acknowledged', (next, own) => {
        hear(world, next, i, own)
        acknowledged(world, next, i, own)
        done(world, next, i, slot, own)
      })
      return
    case 'announced':
      step('it is acknowledged', (next, own) => {
        hear(world, next, i, own)
        drop(world, next, i, own.targets)
        done(world, next, i, slot, own)
      })
      return
    case 'renewed':
      step('it is acknowledged', (next, own) => {
        mentioned(world, next, i, own.epoch, own.number)
        done(world, next, i, slot, own)
      })
      return
  }
}

/** Redis has all of it. */
function taken(world: World, state: State, own: Asked): void {
  own.step = 'acknowledged'
  redis.acknowledge(world, state, own.targets, own.version)
}

function hear(world: World, state: State, i: number, { epoch, number }: Asked): void {
  if (world.rules.ownAnswersTellEpoch) answered(world, state, i, epoch, number)
  saw(at(state, i), epoch, number)
}

function acknowledged(world: World, state: State, i: number, own: Asked): void {
  if (!world.rules.ownApplied) return
  if (own.epoch === at(state, i).epoch) apply(world, state, i, own.targets, own.nonce, own.number, true)
  else forget(world, state, i, own.targets)
}

function done(world: World, state: State, i: number, slot: 'asked' | 'retry', own: Asked): void {
  const process = at(state, i)
  process[slot] = undefined
  if (slot === 'asked') {
    returned(world, state, i, keysOf(world, own.targets), own.version)
    const position = noted(process)
    if (world.scenario.positions && position) process.told = { ...position, version: own.version }
    return
  }
  // What was added again since stays: its version is another.
  for (const [target, version] of process.pending.entries()) {
    if (own.targets & (1 << target) && version <= own.version) process.pending[target] = 0
  }
  if (own.step === 'renewed' && process.everything <= own.version) process.everything = 0
}

/** Redis could not be told, or did not say that it was: it is applied here, and kept. */
export function fail(world: World, state: State, i: number, slot: 'asked' | 'retry'): void {
  const process = at(state, i)
  const own = process[slot]
  process[slot] = undefined
  if (!own || slot === 'retry') return
  if (own.step.startsWith('announce') && process.usable) {
    process.asked = newAsked(world, own.targets, own.version)
    return
  }
  if (process.everything > 0) process.everything = own.version
  else {
    for (const target of process.pending.keys()) if (own.targets & (1 << target)) process.pending[target] = own.version
  }
  if (world.rules.failedApplied) forget(world, state, i, own.targets)
  for (const flight of process.flights) if (flight && flight.version >= 0) flight.refused |= own.targets
  returned(world, state, i, keysOf(world, own.targets), own.version)
}

function nameOf(world: World, targets: number): string {
  if (namesKeys(world, targets)) return `k${Math.log2(targets)}`
  return `the ${world.kinds[Math.log2(targets) - world.keys]} tag`
}
