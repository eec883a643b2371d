/**
 * Everything that can happen next, each as a function of the state: what a process does, what Redis does for it, what
 * befalls them.
 */

import { connectionSteps, memorySteps, redisFaults, tick } from './faults.ts'
import { invalidationSteps } from './invalidate.ts'
import { event, type Offer } from './offer.ts'
import { answered, at, receive, slotOf, supersede } from './process.ts'
import { hasReached, isVouched } from './property.ts'
import * as read from './read.ts'
import * as redis from './redis.ts'
import type { Flight, Process, State } from './state.ts'
import { tagsOf, type World } from './world.ts'

export function steps(world: World, state: State, offer: Offer): void {
  for (const [i, process] of state.processes.entries()) {
    if (world.readers[i]) busSteps(world, state, i, offer)
    for (const [n, flight] of process.flights.entries()) {
      if (flight) flightSteps(world, state, i, n, flight, offer)
      startSteps(world, state, i, n, flight, offer)
    }
    invalidationSteps(world, state, i, offer)
    connectionSteps(world, state, i, offer)
    memorySteps(world, state, i, offer)
  }
  redisFaults(world, state, offer)
  offer('a tick passes', (next) => tick(world, next))
}

// bus.ts, proof.ts

function busSteps(world: World, state: State, i: number, offer: Offer): void {
  const process = at(state, i)
  const { inbox } = process
  const [message] = inbox
  if (message) {
    offer(`P${i + 1} hears ${message.type} ${message.number}`, (next) => {
      const first = at(next, i).inbox.shift()
      if (first) receive(world, next, i, first)
    })
  }
  if (!process.usable || !process.listening || inbox.length >= world.backlog) return
  if (inbox.some(({ type }) => type === 'echo') || nothingToLearn(state, process)) return
  const probe = (next: State, heard: boolean): void => {
    const { epoch, number } = redis.position(world, next)
    at(next, i).inbox.push({ type: 'echo', epoch, number, nonce: 0, targets: 0, age: 0 })
    if (heard) answered(world, next, i, epoch, number)
  }
  offer(`P${i + 1} sends a probe, Redis echoes it`, (next) => probe(next, false))
  const { position } = state.redis
  if (world.rules.answersTellEpoch && !(position?.own && position.epoch === process.epoch)) {
    offer(`P${i + 1} sends a probe, and its answer comes before the echo`, (next) => probe(next, true))
  }
}

/** A probe would bring neither a younger proof nor news of a loss. */
function nothingToLearn(state: State, { proofAge, inbox, epoch, applied }: Process): boolean {
  const { position } = state.redis
  const last = inbox.at(-1) ?? { epoch, number: applied }
  return proofAge === 0 && position?.own === true && position.epoch === last.epoch && position.number === last.number
}

// resource.ts

function startSteps(world: World, state: State, i: number, n: number, flight: Flight | undefined, offer: Offer): void {
  const process = at(state, i)
  const { kind, key } = slotOf(world, n)
  const held = process.memory[key]
  const who = `P${i + 1}`

  if (kind === 'update') {
    if (flight || process.asked || !world.writers[i]) return
    event(state, offer, 'update', `${who} begins to write k${key} through`, (next) =>
      read.startUpdate(world, next, i, n),
    )
    return
  }
  if (!world.readers[i]) return
  if (kind === 'strict') {
    for (const { told } of state.processes) {
      // Reached or not, it is not joined to a flight that may have begun before.
      if (flight || !told || (hasReached(process, told) && !process.flights[key])) continue
      offer(`${who} reads k${key} after a position`, (next) => read.startStrict(world, next, i, n, told.version))
    }
    return
  }
  if (flight && !flight.closed) return
  const start = (next: State, stale: boolean): void => {
    supersede(world, next, i, n)
    if (!at(next, i).flights[n]) read.startRead(world, next, i, n, stale)
  }
  if (!held || !isVouched(world, process, held)) offer(`${who} reads k${key}`, (next) => start(next, false))
  else event(state, offer, 'stale', `${who} reloads k${key}, which is stale`, (next) => start(next, true))
}

// read.ts

function flightSteps(world: World, state: State, i: number, n: number, flight: Flight, offer: Offer): void {
  const { key, kind } = slotOf(world, n)
  const who = `P${i + 1} ${kind === 'read' ? '' : `${kind} `}k${key}`
  const step = (name: string, act: (next: State, flight: Flight) => void): void =>
    offer(`${who}: ${name}`, (next) => act(next, at(next, i).flights[n] as Flight))
  const mints = redis.hasRoom(world, state)

  if (flight.fallback) step('its load fails', (next, own) => read.fallBack(world, next, i, n, own))
  switch (flight.step) {
    case 'seize':
      step('Redis gives it the lease', (next, own) => {
        own.token = redis.seize(world, next, key)
        own.step = 'seized'
      })
      return
    case 'seized':
      step('the lease is answered', (next, own) => read.begin(world, next, i, n, own))
      return
    case 'get':
      step('Redis runs GET', (next, own) => {
        own.entry = next.redis.entries[key] && { ...next.redis.entries[key] }
        // That there is none changes nothing here: the claim is as good as sent.
        own.step = own.entry ? 'got' : 'claim'
      })
      return
    case 'got':
      answerSteps(world, state, i, n, 'GET is answered', step, read.judge, offer)
      return
    case 'confirm':
      step('Redis reads the tags', (next, own) => {
        own.reading = redis.tags(world, next, ~0, false)
        own.step = 'confirmed'
      })
      return
    case 'confirmed':
      answerSteps(world, state, i, n, 'the tags are answered', step, read.confirmed, offer)
      return
    case 'claim':
      // Both are sent together, and either may come first.
      if (mints && tagsOf(world, 'known') !== 0 && !flight.reading)
        step('Redis reads or mints the known tags before the claim', (next, own) => {
          read.askKnown(world, next, i, own)
          own.reading = redis.tags(world, next, tagsOf(world, 'known'), true)
        })
      if (redis.isBusy(state, key, flight.entry)) return
      step('Redis runs the claim', (next, own) => {
        const claim = redis.claim(world, next, key, own.entry)
        own.entry = claim.found && { ...claim.found }
        own.token = claim.token
        own.step = 'claimed'
      })
      return
    case 'claimed':
      step(flight.token ? 'the lease is granted' : 'the claim finds an entry', (next, own) =>
        read.claimed(world, next, i, n, own),
      )
      return
    case 'capture':
      if (!mints) return
      step('Redis reads or mints the known tags', (next, own) => {
        own.reading = redis.tags(world, next, tagsOf(world, 'known'), true)
        own.step = 'captured'
      })
      return
    case 'captured':
      step('the known tags are answered', (next, own) => read.captured(world, next, i, n, own))
      return
    case 'commit':
      step(`version ${state.source + 1} is committed`, (next, own) => read.commit(world, next, i, n, own))
      return
    case 'loading':
      step(`the load ends with version ${flight.version}`, (next, own) => read.endLoad(world, next, i, n, own))
      return
    case 'late':
      if (!mints) return
      step('Redis reads or mints the late tags', (next, own) => {
        own.reading = redis.tags(world, next, tagsOf(world, 'late'), true)
        own.step = 'lated'
      })
      return
    case 'lated':
      step('the late tags are answered', (next, own) => read.capturedLate(world, next, i, n, own))
      return
    case 'fill':
      step('Redis runs the fill', (next, own) => {
        own.filled = own.entry !== undefined && redis.fill(world, next, key, own.token, own.entry)
        own.entry = undefined
        own.token = 0
        own.step = 'filled'
      })
      return
    case 'filled':
      step(`the fill is answered: ${flight.filled ? 'stored' : 'refused'}`, (next, own) =>
        read.filled(world, next, i, n, own),
      )
      return
    case 'local':
      step(`the load without Redis ends with version ${flight.version}`, (next, own) =>
        read.endLocal(world, next, i, n, own),
      )
      return
  }
}

/** An entry is judged; if it is believed, it may also be past its time. */
function answerSteps(
  world: World,
  state: State,
  i: number,
  n: number,
  name: string,
  step: (name: string, act: (next: State, flight: Flight) => void) => void,
  judge: typeof read.judge,
  offer: Offer,
): void {
  step(name, (next, own) => judge(world, next, i, n, own, false))
  const who = `P${i + 1} k${slotOf(world, n).key}`
  event(state, offer, 'stale', `${who}: ${name}, the entry is stale`, (next) =>
    judge(world, next, i, n, at(next, i).flights[n] as Flight, true),
  )
}
