/**
 * The faults: each kind begins, lasts a while, and is undone whatever happens meanwhile.
 *
 * Half of them befall Redis itself, half the members and their connections; the schedule (schedule.ts) has one of each half
 * at a time, so that they meet in every combination.
 */

import { setTimeout as timeout } from 'node:timers/promises'

import type { Fleet } from './fleet.ts'
import { PLACES } from './fleet.ts'
import { ALL_TAGS } from './kinds.ts'
import type { Direction, Role } from './line.ts'
import type { Random } from './random.ts'
import type { Server } from './server.ts'

export interface World {
  readonly server: Server
  readonly fleet: Fleet
  readonly random: Random
  /** Aborted when the soak ends before its time: what is being waited for is over. */
  readonly signal: AbortSignal
  /** How long a fault of no length of its own lasts at most, in milliseconds. */
  readonly longestMs: number
}

export interface Fault {
  readonly name: string
  /** `note` is told the details, for people. Must leave the world as it was. */
  befall(world: World, note: (detail: string) => void): Promise<void>
}

/** Waits, but not longer than the soak lasts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await timeout(Math.max(0, ms), undefined, { signal }).catch(() => undefined)
}

export const SERVER_FAULTS: readonly Fault[] = [
  {
    name: 'Redis frozen (SIGSTOP)',
    async befall(world) {
      world.server.freeze()
      try {
        await last(world, 200)
      } finally {
        world.server.thaw()
      }
    },
  },
  {
    name: 'Redis busy (DEBUG SLEEP)',
    async befall({ server, random, longestMs }) {
      await server.sleep(random.between(100, Math.min(1_500, longestMs)))
    },
  },
  { name: 'Redis flushed (FLUSHALL)', befall: ({ server }) => server.flush() },
  { name: 'Redis restarted empty', befall: ({ server }) => server.restart('nothing') },
  {
    name: 'Redis restarted from an old snapshot',
    async befall(world) {
      await world.server.save()
      await last(world, 500)
      await world.server.restart('the snapshot')
    },
  },
  {
    name: 'Redis with half of its memory',
    async befall(world) {
      await world.server.squeeze(true)
      try {
        await last(world, 200)
      } finally {
        await world.server.squeeze(false)
      }
    },
  },
  {
    name: 'half of all tags evicted',
    befall: ({ server, random }) => server.evictTags(ALL_TAGS, random, 0.5),
  },
  { name: 'epoch evicted', befall: ({ server }) => server.evictState() },
  { name: 'scripts forgotten (SCRIPT FLUSH)', befall: ({ server }) => server.flushScripts() },
  { name: 'connections for commands killed', befall: ({ server }) => server.killConnections('normal') },
  { name: 'connections that listen killed', befall: ({ server }) => server.killConnections('pubsub') },
]

export const FLEET_FAULTS: readonly Fault[] = [
  blackHole('commands of one process black-holed', 'commands', 'one'),
  blackHole('bus of one process black-holed', 'bus', 'one'),
  blackHole('one process black-holed', undefined, 'one'),
  blackHole('bus of all processes black-holed', 'bus', 'all'),
  blackHole('all processes black-holed', undefined, 'all'),
  {
    name: 'connections of one process cut',
    async befall(world, note) {
      const place = world.random.below(PLACES)
      note(`process ${world.fleet.numberAt(place)}`)
      world.fleet.lines[place]?.cut()
    },
  },
  {
    name: 'connections slowed',
    async befall(world, note) {
      const places = world.random.chance(0.5) ? [world.random.below(PLACES)] : [...Array(PLACES).keys()]
      const delay = Math.round(world.random.pick([10, 100, 300, 700, 1_200]) * world.random.between(0.5, 1.5))
      note(`${named(world, places)}, by ${delay} ms each way`)
      for (const place of places) world.fleet.lines[place]?.slow(delay)
      try {
        await last(world, 300)
      } finally {
        for (const place of places) world.fleet.lines[place]?.slow(0)
      }
    },
  },
  {
    name: 'event loop blocked',
    async befall(world, note) {
      const place = world.random.below(PLACES)
      const ms = Math.round(world.random.between(50, 1_500))
      note(`process ${world.fleet.numberAt(place)}, ${ms} ms`)
      world.fleet.block(place, ms)
      await pause(ms, world.signal)
    },
  },
  {
    name: 'process killed while it loads (SIGKILL)',
    async befall({ fleet, random, signal }, note) {
      const place = random.below(PLACES)
      note(`process ${fleet.numberAt(place)}`)
      await fleet.killWhileLoading(place, signal)
    },
  },
  {
    name: 'process restarted, its clock wrong by up to 5 s',
    async befall({ fleet, random }, note) {
      const place = random.below(PLACES)
      note(`process ${fleet.numberAt(place)}`)
      await fleet.restart(place)
    },
  },
]

function blackHole(name: string, role: Role | undefined, whose: 'one' | 'all'): Fault {
  return {
    name,
    async befall(world, note) {
      const { random, fleet } = world
      const places = whose === 'one' ? [random.below(PLACES)] : [...Array(PLACES).keys()]
      const direction = random.pick<Direction | undefined>(['to Redis', 'from Redis', undefined])
      const end = random.pick(['flow on', 'break'] as const)
      note(`${named(world, places)}, ${direction ?? 'both ways'}, then ${end === 'break' ? 'broken' : 'let go'}`)
      const letGo = places.map((place) => fleet.lines[place]?.hold({ role, direction }))
      try {
        await last(world, 500)
      } finally {
        for (const one of letGo) one?.(end)
      }
    },
  }
}

function named({ fleet }: World, places: readonly number[]): string {
  if (places.length === PLACES) return 'all processes'
  return `process ${places.map((place) => fleet.numberAt(place)).join(', ')}`
}

/** Lasts from `least` to the longest, in milliseconds. */
function last({ random, longestMs, signal }: World, least: number): Promise<void> {
  return pause(random.between(least, Math.max(least, longestMs)), signal)
}
