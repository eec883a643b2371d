/**
 * What the model is run on. One scenario has everything at once; the others have each as much as one kind of fault needs, so
 * that the explorer gets far.
 *
 * Every entry has a known tag, as in `src/`: that of its resource.
 */

import type { Scenario } from './world.ts'

type Tags = Pick<Scenario, 'tags'>
type First = Pick<Scenario, 'first'>

/** The steps of a read that finds nothing and gets the lease. */
function lease(process: string, key: string): string[] {
  const own = (step: string): string => `${process} ${key}: ${step}`
  return [`${process} reads ${key}`, own('Redis runs GET'), own('Redis runs the claim'), own('the lease is granted')]
}

/** The steps of a read that finds nothing, up to the beginning of its load. */
function begin(process: string, key: string): string[] {
  const own = (step: string): string => `${process} ${key}: ${step}`
  return [...lease(process, key), own('Redis reads or mints the known tags'), own('the known tags are answered')]
}

/** The steps of a read that finds nothing, loads and stores. */
function load(process: string, key: string, { tags }: Tags, version = 0): string[] {
  const own = (step: string): string => `${process} ${key}: ${step}`
  return [
    ...begin(process, key),
    own(`the load ends with version ${version}`),
    ...(tags.includes('late') ? [own('Redis reads or mints the late tags'), own('the late tags are answered')] : []),
    own('Redis runs the fill'),
    own('the fill is answered: stored'),
  ]
}

/** The steps of an invalidation of a tag, up to its acknowledgement. */
function invalidate(process: string, tag: 'known' | 'late', version: number): string[] {
  return [
    `${process} writes version ${version} and invalidates the ${tag} tag`,
    `${process} invalidation: Redis counts it and publishes`,
    `${process} invalidation: it is acknowledged`,
  ]
}

/** P2 invalidates so often that the numbers of this epoch are above those of the next one. */
function manyInvalidations(tag: 'known' | 'late'): string[] {
  return [1, 2, 3].flatMap((version) => [...invalidate('P2', tag, version), `P1 hears invalidated ${version}`])
}

const KEY = { tags: ['known'], targets: ['key'] } as const
const KNOWN = { tags: ['known'], targets: ['known'] } as const
const LATE = { tags: ['known', 'late'], targets: ['late'] } as const

/** P1 loads k0. */
const loading: First = { first: begin('P1', 'k0') }

/** P1 holds k0 in memory, and Redis has it. */
const held = (tags: Tags): First => ({ first: load('P1', 'k0', tags) })

const RW = { processes: ['rw'] } as const
const R_W = { processes: ['r', 'w'] } as const

const list = [
  { name: 'one process and a key', ...RW, ...KEY, ...loading, budget: { write: 1 } },
  { name: 'one process and a known tag', ...RW, ...KNOWN, budget: { write: 1 } },
  { name: 'one process and a late tag', ...RW, ...LATE, ...loading, budget: { write: 1 } },
  { name: 'a reader, a writer and a key', ...R_W, ...KEY, ...held(KEY), budget: { write: 1, 'forget value': 1 } },
  {
    name: 'a reader, a writer and a known tag',
    ...R_W,
    ...KNOWN,
    ...held(KNOWN),
    budget: { write: 1, 'forget value': 1 },
  },
  { name: 'a reader, a writer and a late tag', ...R_W, ...LATE, ...loading, budget: { write: 1 } },
  { name: 'two loaders', processes: ['r', 'rw'], ...KEY, budget: { write: 1, 'evict lease': 1 } },

  { name: 'deaf, with a key', ...R_W, ...KEY, ...held(KEY), budget: { write: 1, deaf: 1 } },
  { name: 'deaf, with a tag', ...R_W, ...KNOWN, ...held(KNOWN), budget: { write: 1, deaf: 1 } },
  { name: 'no command goes through', ...RW, ...LATE, budget: { write: 1, disconnect: 1 } },
  { name: 'slow loads without commands', ...R_W, ...KEY, budget: { write: 1, disconnect: 1 } },
  { name: 'an invalidation fails', ...RW, ...KEY, ...held(KEY), budget: { write: 1, fail: 1 } },
  { name: 'an invalidation fails during a load', ...RW, ...LATE, ...loading, budget: { write: 1, fail: 1 } },
  { name: 'more fails than can be kept', ...RW, ...KEY, ...held(KEY), budget: { write: 1, fail: 1, overflow: 1 } },

  { name: 'a tag is evicted', ...RW, ...KNOWN, ...held(KNOWN), budget: { write: 1, 'evict tag': 1 } },
  { name: 'a tag is evicted during a load', ...R_W, ...LATE, ...loading, budget: { write: 1, 'evict tag': 1 } },
  { name: 'the epoch is evicted', ...R_W, ...KEY, ...held(KEY), budget: { write: 1, deaf: 1, 'evict state': 1 } },
  {
    name: 'a tag of an earlier epoch',
    ...R_W,
    ...KNOWN,
    first: [
      ...manyInvalidations('known'),
      'Redis evicts epoch and number',
      'P1 sends a probe, Redis echoes it',
      'P1 hears echo 1',
      ...load('P1', 'k0', KNOWN, 3),
    ],
    budget: { write: 1 },
  },
  {
    name: 'an epoch that ends during a load',
    ...R_W,
    ...LATE,
    first: [
      ...manyInvalidations('late'),
      ...lease('P1', 'k0'),
      'Redis evicts epoch and number',
      'P1 k0: Redis reads or mints the known tags',
      'P1 k0: the known tags are answered',
      'P2 writes version 4 and invalidates the late tag',
      'P2 invalidation: Redis counts it and publishes',
    ],
    budget: {},
  },
  { name: 'FLUSHALL', ...R_W, ...LATE, ...held(LATE), budget: { write: 1, flush: 1 } },
  { name: 'a restart, with a key', ...RW, ...KEY, ...held(KEY), budget: { write: 1, restart: 1 } },
  { name: 'a restart, with a tag', ...R_W, ...KNOWN, ...held(KNOWN), budget: { write: 1, restart: 1 } },
  { name: 'a crash', ...R_W, ...LATE, ...held(LATE), budget: { write: 1, crash: 1 } },
  {
    name: 'the clock of Redis steps back',
    ...R_W,
    ...KEY,
    ...held(KEY),
    budget: { write: 1, clock: 1, 'forget value': 1 },
  },
  {
    name: 'memory forgets',
    ...RW,
    ...KNOWN,
    ...held(KNOWN),
    budget: { write: 1, 'forget cell': 1, 'forget value': 1 },
  },

  { name: 'stale values', ...R_W, ...KNOWN, ...held(KNOWN), budget: { write: 1, stale: 1 } },
  { name: 'a write-through', ...R_W, ...LATE, ...loading, budget: { update: 1 } },
  { name: 'a write-through is refused', ...R_W, ...KEY, ...held(KEY), budget: { update: 1, 'evict lease': 1 } },
  {
    name: 'a write-through and an invalidation',
    processes: ['rw', 'w'],
    ...KNOWN,
    ...held(KNOWN),
    budget: { update: 1, write: 1 },
  },
  { name: 'positions', ...R_W, ...KNOWN, positions: true, budget: { write: 1 } },
  {
    name: 'positions of another epoch',
    ...R_W,
    ...KNOWN,
    ...held(KNOWN),
    positions: true,
    budget: { write: 1, 'evict state': 1 },
  },

  // P1 has not heard of the first write, and was told that the second, its own, is done.
  {
    name: 'a backlog after an own invalidation',
    processes: ['rw', 'rw'],
    keys: 2,
    ...KNOWN,
    backlog: 4,
    first: [
      ...invalidate('P2', 'known', 1),
      ...load('P2', 'k1', KNOWN, 1),
      ...invalidate('P1', 'known', 2),
      ...lease('P1', 'k0'),
    ],
    budget: {},
  },
] as const satisfies readonly Scenario[]

export type ScenarioName = (typeof list)[number]['name']

export const SCENARIOS: readonly Scenario[] = list

export function scenario(name: ScenarioName): Scenario {
  return list.find((each) => each.name === name) as Scenario
}

/** Everything at once, for a long run. */
export const EVERYTHING: Scenario = {
  name: 'everything',
  processes: ['rw', 'rw'],
  tags: ['known', 'late'],
  targets: ['key', 'known', 'late'],
  positions: true,
  budget: {
    write: 2,
    update: 1,
    stale: 1,
    fail: 1,
    disconnect: 1,
    deaf: 1,
    'evict entry': 1,
    'evict tag': 1,
    'evict lease': 1,
    'evict state': 1,
    flush: 1,
    restart: 1,
    crash: 1,
    'forget cell': 1,
    'forget value': 1,
    overflow: 1,
    clock: 1,
  },
}
