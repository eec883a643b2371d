/** What befalls a process, its connections and Redis, and the passing of time. */

import { fail } from './invalidate.ts'
import { type Act, event, type Offer } from './offer.ts'
import { answered, at, forgetCell } from './process.ts'
import { disconnected } from './read.ts'
import * as redis from './redis.ts'
import { emptyMemory, type State } from './state.ts'
import { freshProcess, type World } from './world.ts'

// redis/link.ts, redis/subscription.ts

export function connectionSteps(world: World, state: State, i: number, offer: Offer): void {
  const process = at(state, i)
  const who = `P${i + 1}`
  if (process.usable)
    event(state, offer, 'disconnect', `${who} loses its commands`, (next) => disconnect(world, next, i))
  else offer(`${who} connects again`, (next) => connect(world, next, i))

  event(state, offer, 'crash', `${who} dies, and is started again`, (next) => {
    disconnect(world, next, i)
    next.processes[i] = freshProcess(world, world.readers[i] === true)
    redis.position(world, next)
  })
  if (!world.readers[i]) return // It keeps nothing, so it need not hear anything.
  if (process.listening) {
    event(state, offer, 'deaf', `${who} loses its subscription`, (next) => {
      at(next, i).listening = false
    })
  } else {
    offer(`${who} subscribes again`, (next) => {
      at(next, i).listening = true
      at(next, i).inbox = []
    })
  }
}

function disconnect(world: World, state: State, i: number): void {
  const process = at(state, i)
  process.usable = false
  for (const [n, flight] of process.flights.entries()) if (flight) disconnected(world, state, i, n, flight)
  fail(world, state, i, 'asked')
  fail(world, state, i, 'retry')
}

/** The handshake: the run id is compared, the epoch is one of this server, and it is told before any command is sent. */
function connect(world: World, state: State, i: number): void {
  const { epoch, number } = redis.position(world, state)
  at(state, i).usable = true
  if (world.rules.answersTellEpoch) answered(world, state, i, epoch, number)
}

// cells.ts, memory-tier.ts

export function memorySteps(world: World, state: State, i: number, offer: Offer): void {
  const process = at(state, i)
  const who = `P${i + 1}`
  for (const [tag, cell] of process.cells.entries()) {
    if (!cell) continue
    event(state, offer, 'forget cell', `${who} forgets the cell of the ${world.kinds[tag]} tag`, (next) =>
      forgetCell(world, at(next, i), tag),
    )
  }
  for (const [key, held] of process.memory.entries()) {
    if (!held) continue
    event(state, offer, 'forget value', `${who} forgets k${key}`, (next) => {
      at(next, i).memory[key] = undefined
    })
  }
  if (process.pending.some((version) => version > 0)) {
    event(state, offer, 'overflow', `${who} has more pending than it keeps`, (next) => {
      const own = at(next, i)
      own.everything = Math.max(...own.pending)
      own.pending.fill(0)
    })
  }
}

// what befalls Redis

export function redisFaults(world: World, state: State, offer: Offer): void {
  const memory = state.redis
  for (let key = 0; key < world.keys; key++) {
    if (memory.entries[key]) {
      event(state, offer, 'evict entry', `Redis evicts the entry of k${key}`, (next) => {
        next.redis.entries[key] = undefined
      })
    }
    const lease = memory.leases[key]
    if (!lease) continue
    const end: Act = (next) => {
      next.redis.leases[key] = 0
    }
    const flights = state.processes.flatMap((process) => process.flights)
    if (flights.some((flight) => flight?.token === lease) || state.wire.some(({ token }) => token === lease)) {
      event(state, offer, 'evict lease', `the lease of k${key} ends before its load`, end)
    } else {
      offer(`the lease of k${key} ends: its holder is gone`, end)
    }
  }
  for (const [tag, held] of memory.tags.entries()) {
    if (!held) continue
    event(state, offer, 'evict tag', `Redis evicts the ${world.kinds[tag]} tag`, (next) => {
      next.redis.tags[tag] = undefined
    })
  }
  if (memory.position) {
    event(state, offer, 'evict state', 'Redis evicts epoch and number', (next) => {
      const held = next.redis.position
      next.redis.position = world.rules.oneRecord || !held ? undefined : { ...held, number: 0 }
    })
  }
  event(state, offer, 'flush', 'FLUSHALL', (next) => {
    next.redis = emptyMemory(world.keys, world.tags)
  })
  if (memory.entries.some((entry) => entry && entry.age >= 0)) {
    event(state, offer, 'clock', 'the clock of Redis steps back', (next) => {
      for (const entry of next.redis.entries) if (entry) entry.age -= 2 * world.bound + 3
    })
  }
  if (state.snapshot) {
    offer('Redis dies, and is started from its snapshot', (next) => restart(world, next))
  } else {
    event(state, offer, 'restart', 'Redis saves a snapshot', (next) => {
      next.snapshot = redis.copyMemory(next.redis)
    })
  }
  for (const [n, { key }] of state.wire.entries()) {
    offer(`Redis runs a fill of k${key} that nobody waits for`, (next) => {
      const [lost] = next.wire.splice(n, 1)
      if (lost) redis.fill(world, next, lost.key, lost.token, lost.entry)
    })
  }
}

function restart(world: World, state: State): void {
  const snapshot = state.snapshot ?? redis.copyMemory(state.redis)
  for (const i of state.processes.keys()) {
    if (at(state, i).usable) disconnect(world, state, i)
    at(state, i).listening = false
  }
  state.redis = snapshot
  state.snapshot = undefined
  state.wire = []
  if (snapshot.position) snapshot.position = { ...snapshot.position, own: false }
}

// clock.ts

export function tick(world: World, state: State): void {
  const old = world.bound + 1
  const age = (aged: { age: number } | undefined): void => {
    if (aged && aged.age < old) aged.age++
  }
  const agedEntry = world.rules.copiesNeedProof ? () => undefined : age
  for (const process of state.processes) {
    process.proofAge = Math.min(old, process.proofAge + 1)
    for (const message of process.inbox) if (message.type === 'echo') age(message)
    process.memory.forEach(age)
    for (const flight of process.flights) {
      if (!flight) continue
      age(flight)
      age(flight.fallback)
      agedEntry(flight.entry)
      if (flight.version >= 0) flight.loadAge = Math.min(old, flight.loadAge + 1)
    }
  }
  for (const memory of [state.redis, state.snapshot]) memory?.entries.forEach(agedEntry)
  for (const fill of state.wire) agedEntry(fill.entry)
  for (const each of state.acknowledged) {
    each.age++
    if (each.age <= world.bound) continue
    for (const key of state.due.keys()) {
      if (each.keys & (1 << key)) state.due[key] = Math.max(state.due[key] as number, each.version)
    }
  }
  state.acknowledged = state.acknowledged.filter((each) => each.age <= world.bound)
}
