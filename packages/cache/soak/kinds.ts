/**
 * The kinds of values in the soak, one resource each: between them, every policy and every way to invalidate.
 *
 * The source holds one number for each key, its version. Everything else about a value follows from key and version, so
 * a value in hand says which version it is, and a version says which tags its value has.
 */

import { hash } from './random.ts'

export const CACHE_NAME = 'soak'

/** Keys of each kind. */
export const KEYS = 300
const SHELVES = 8
const GROUPS = 12

/** How a write tells the cache. */
export type Written =
  /** Commit, then `invalidate` the key. */
  | 'by key'
  /** Commit a whole shelf of keys, then invalidate the tag of the shelf, which follows from the key. */
  | 'by shelf'
  /** Commit, then invalidate the tags of the value as it was and as it is. */
  | 'by value'
  /** Write-through: `update`. */
  | 'through'

export interface Kind {
  readonly name: string
  readonly policy: {
    readonly ttl: number
    readonly staleFor?: number
    readonly failSafeFor?: number
    readonly softTimeout?: number
    readonly refreshAhead?: number | 'xfetch'
    readonly negativeTtl?: number
    readonly loadTimeout?: number
    readonly keep?: 'value' | 'bytes' | 'nothing'
  }
  /** One of these ways is drawn for each write. */
  readonly written: readonly Written[]
  /** The source fails and hangs from time to time; else it is always well, and no read of this kind may fail. */
  readonly unreliable?: boolean
  /** Some versions are the absence of a value. */
  readonly comesAndGoes?: boolean
  /** The loader asks whether the previous value still stands. */
  readonly conditional?: boolean
}

export const KINDS: readonly Kind[] = [
  { name: 'price', policy: { ttl: 30_000 }, written: ['by key'] },
  { name: 'listing', policy: { ttl: 3_000, staleFor: 30_000 }, written: ['by shelf', 'by key'], conditional: true },
  {
    name: 'review',
    policy: { ttl: 2_000, failSafeFor: 30_000, softTimeout: 60, loadTimeout: 400 },
    written: ['through'],
    unreliable: true,
  },
  { name: 'page', policy: { ttl: 20_000, keep: 'bytes', refreshAhead: 0.5 }, written: ['through', 'by key'] },
  { name: 'coupon', policy: { ttl: 20_000, negativeTtl: 10_000 }, written: ['by key', 'through'], comesAndGoes: true },
  { name: 'search', policy: { ttl: 30_000, refreshAhead: 'xfetch' }, written: ['by value', 'through'] },
  { name: 'archive', policy: { ttl: 60_000, keep: 'nothing' }, written: ['by key', 'through'] },
]

export const ALL_KEYS = KINDS.length * KEYS

export interface Value {
  readonly key: number
  readonly version: number
  readonly text: string
}

const TEXT = 'All keys are equal, but some keys are more equal than others. '.repeat(40)

export function kindOf(key: number): Kind {
  return KINDS[Math.floor(key / KEYS)] as Kind
}

/** What a person calls the key. */
export function nameOf(key: number): string {
  return `${kindOf(key).name} ${key % KEYS}`
}

export function isAbsent(key: number, version: number): boolean {
  return kindOf(key).comesAndGoes === true && hash(key, version) % 3 === 0
}

export function valueAt(key: number, version: number): Value | undefined {
  if (isAbsent(key, version)) return undefined
  return { key, version, text: TEXT.slice(0, 100 + (hash(key, version) % 1_500)) }
}

export function shelfTag(key: number): string {
  return `shelf:${kindOf(key).name}:${key % SHELVES}`
}

/** The tag that only the value knows. */
export function groupTag(key: number, version: number): string {
  return `group:${groupOf(key, version)}`
}

function groupOf(key: number, version: number): number {
  return hash(key, version) % GROUPS
}

/** Every tag there is, but for those that each resource has for itself. */
export const ALL_TAGS: readonly string[] = [
  ...Array.from({ length: GROUPS }, (_, group) => `group:${group}`),
  ...KINDS.flatMap((_, kind) => Array.from({ length: SHELVES }, (_, shelf) => shelfTag(kind * KEYS + shelf))),
]

/** What an invalidation named. */
export type Scope =
  | { readonly type: 'key'; readonly key: number }
  /** The key, by a write-through of this version: what it put in place of the older ones may itself have been replaced. */
  | { readonly type: 'older'; readonly key: number; readonly than: number }
  /** The shelf on which this key lies. */
  | { readonly type: 'shelf'; readonly key: number }
  /** The groups of these versions of the key. */
  | { readonly type: 'groups'; readonly key: number; readonly versions: readonly number[] }
  /** Every key of the kind of this one. */
  | { readonly type: 'kind'; readonly key: number }

/** The keys of which some version may be concerned. */
export function keysOf(scope: Scope): number[] {
  if (scope.type === 'key' || scope.type === 'older') return [scope.key]
  const first = scope.key - (scope.key % KEYS)
  const all = Array.from({ length: KEYS }, (_, id) => first + id)
  return scope.type === 'shelf' ? all.filter((key) => shelfTag(key) === shelfTag(scope.key)) : all
}

/** Whether an entry with this version of one of those keys carries what was named. */
export function concerns(scope: Scope, key: number, version: number): boolean {
  if (scope.type === 'older') return version < scope.than
  if (scope.type !== 'groups') return true
  if (isAbsent(key, version)) return false
  return scope.versions.some((named) => groupTag(scope.key, named) === groupTag(key, version))
}

export function scopeName(scope: Scope): string {
  switch (scope.type) {
    case 'key':
      return nameOf(scope.key)
    case 'older':
      return `${nameOf(scope.key)}, older than version ${scope.than}`
    case 'shelf':
      return shelfTag(scope.key)
    case 'groups':
      return scope.versions.map((version) => groupTag(scope.key, version)).join(' and ')
    case 'kind':
      return `all of ${kindOf(scope.key).name}`
    default:
      return scope satisfies never
  }
}
