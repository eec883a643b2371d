/**
 * What is fixed for one run of the explorer: how many processes, keys and tags, which events may happen how often, and
 * which rules hold.
 */

import type { Shape } from './pack.ts'
import { type Rules, rulesWithout } from './rules.ts'
import {
  EVENTS,
  type EventName,
  emptyMemory,
  FIRST_WORD,
  newProcess,
  type State,
  type TagKind,
  type Targets,
} from './state.ts'

export interface Scenario {
  readonly name: string
  /** What each process does besides hearing the bus. `rw`: reads and writes. */
  readonly processes: readonly ('r' | 'w' | 'rw')[]
  readonly keys?: number
  /** Of every key. */
  readonly tags: readonly TagKind[]
  /** What is invalidated: `key` (the first), or the tag of that kind. */
  readonly targets: readonly ('key' | TagKind)[]
  readonly budget: Partial<Record<EventName, number>>
  /** Readers may have a position that another process handed out. */
  readonly positions?: boolean
  /** Steps already taken, by name. Nothing is counted that happens in them. */
  readonly first?: readonly string[]
  /** Ticks. */
  readonly bound?: number
  /** Most messages on their way to one process. */
  readonly backlog?: number
}

/** A place for one flight of a process. */
export interface Slot {
  readonly key: number
  /** `read`: joined by whoever comes. `strict`: after a position, joined by nobody. `update`: a write-through. */
  readonly kind: 'read' | 'strict' | 'update'
}

export interface World extends Shape {
  readonly scenario: Scenario
  readonly rules: Rules
  readonly bound: number
  readonly backlog: number
  readonly kinds: readonly TagKind[]
  readonly slots: readonly Slot[]
  readonly readers: readonly boolean[]
  readonly writers: readonly boolean[]
  /** Each a set with one member. */
  readonly targets: readonly Targets[]
}

export function world(scenario: Scenario, rules: Rules = rulesWithout()): World {
  const { processes, tags, keys = 1 } = scenario
  const alike = processes.every((part) => part === processes[0])
  return {
    scenario,
    rules,
    bound: scenario.bound ?? 1,
    backlog: scenario.backlog ?? 3,
    keys,
    tags: tags.length,
    kinds: tags,
    slots: [
      ...Array.from({ length: keys }, (_, key) => ({ key, kind: 'read' as const })),
      ...(scenario.budget.update ? [{ key: 0, kind: 'update' as const }] : []),
      ...(scenario.positions ? [{ key: 0, kind: 'strict' as const }] : []),
    ],
    processes: processes.length,
    orders: alike ? permutations(processes.map((_, i) => i)) : [processes.map((_, i) => i)],
    readers: processes.map((part) => part !== 'w'),
    writers: processes.map((part) => part !== 'r'),
    targets: scenario.targets.map((target) => 1 << (target === 'key' ? 0 : keys + tags.indexOf(target))),
  }
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]))
}

/** Everyone is connected and has proof; nothing is cached. */
export function initialState(world: World): State {
  const redis = emptyMemory(world.keys, world.tags)
  redis.position = { epoch: FIRST_WORD, own: true, number: 0 }
  return {
    source: 0,
    redis,
    snapshot: undefined,
    wire: [],
    processes: world.readers.map((reads) => ({
      ...freshProcess(world, reads),
      epoch: FIRST_WORD,
      ...(reads && { proofAge: 0 }),
    })),
    due: Array.from({ length: world.keys }, () => 0),
    acknowledged: [],
    left: EVENTS.map((event) => world.scenario.budget[event] ?? 0),
    fresh: FIRST_WORD + 1,
    wrong: undefined,
  }
}

export function freshProcess(world: World, listening: boolean): State['processes'][number] {
  return newProcess(world.keys, world.tags, world.slots.length, world.bound, listening)
}

/** The bit of a tag in a set of targets. */
export const tagBit = (world: World, tag: number): Targets => 1 << (world.keys + tag)

/** The tags of one kind, as a set. */
export function tagsOf(world: World, kind: TagKind): Targets {
  return world.kinds.reduce((set, each, tag) => (each === kind ? set | tagBit(world, tag) : set), 0)
}

/** The keys that an invalidation of these targets concerns, as bits. */
export function keysOf(world: World, targets: Targets): number {
  const every = (1 << world.keys) - 1
  return targets >> world.keys === 0 ? targets & every : every
}

/** Whether keys are among the targets themselves. */
export function namesKeys(world: World, targets: Targets): boolean {
  return (targets & ((1 << world.keys) - 1)) !== 0
}
