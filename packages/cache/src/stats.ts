/** Counters: plain numbers, a function of the events and of nothing else. The present (`Health`) is no counter. */

import type { CacheEvent, ReadEvent } from './events.ts'

export interface Stats {
  /** `requests = hits + stale + misses + collapsed + errors`. */
  requests: number
  hits: number
  stale: number
  misses: number
  collapsed: number
  errors: number
  /** Of `hits`. */
  memoryHits: number
  /** Of `hits`. */
  redisHits: number
  /** Loaders that were called. */
  loads: number
  invalidations: number
  /** Entries of Redis that were not believed. */
  rejected: number
  resets: number
  remoteErrors: number
}

/** The reads of one resource, by how they ended. Each read is counted in exactly one of these. */
export interface ResourceStats {
  memoryHits: number
  redisHits: number
  memoryStale: number
  redisStale: number
  misses: number
  collapsed: number
  errors: number
}

export interface Health {
  /** `off`: this cache has no Redis. `down`: reads go to the source. */
  readonly redis: 'up' | 'down' | 'off'
  /** Whether this process may serve from its memory. */
  readonly trusted: boolean
  /** Milliseconds since this process last had proof; absent when it never had, or needs none. */
  readonly proofAgeMs?: number
  readonly entries: number
  /** Of `entries`, those of each resource that has any. */
  readonly entriesOf: Readonly<Record<string, number>>
  readonly bytes: number
  /** The most that `bytes` may come to. */
  readonly maxBytes: number
  /** Entries that have left memory for want of room, since the cache was opened. */
  readonly evictions: number
  /** Tags that this process keeps track of. */
  readonly tags: number
  readonly flights: number
  readonly loads: number
  /** Loads that wait for a place. */
  readonly waitingLoads: number
  /** Reloads in the background. */
  readonly reloads: number
  /** Invalidations that have not reached Redis yet. */
  readonly pendingInvalidations: number
}

/** What is counted for the cache as a whole; the rest is the sum of its resources. */
export type OwnStats = Pick<Stats, 'loads' | 'invalidations' | 'rejected' | 'resets' | 'remoteErrors'>

export function noStats(): Stats {
  return sumOf(noOwnStats(), [])
}

export function noOwnStats(): OwnStats {
  return { loads: 0, invalidations: 0, rejected: 0, resets: 0, remoteErrors: 0 }
}

export function noReads(): ResourceStats {
  return { memoryHits: 0, redisHits: 0, memoryStale: 0, redisStale: 0, misses: 0, collapsed: 0, errors: 0 }
}

export function sumOf(own: OwnStats, resources: Iterable<ResourceStats>): Stats {
  const sum = noReads()
  for (const reads of resources)
    for (const name of Object.keys(sum) as (keyof ResourceStats)[]) sum[name] += reads[name]
  const { memoryHits, redisHits, memoryStale, redisStale, misses, collapsed, errors } = sum
  const hits = memoryHits + redisHits
  const stale = memoryStale + redisStale
  const requests = hits + stale + misses + collapsed + errors
  return { requests, hits, stale, misses, collapsed, errors, memoryHits, redisHits, ...own }
}

/** Adds one read to those of its resource. */
export function countRead(reads: ResourceStats, { outcome, tier }: ReadEvent): void {
  switch (outcome) {
    case 'hit':
      if (tier === 'memory') reads.memoryHits++
      else reads.redisHits++
      return
    case 'stale':
      if (tier === 'memory') reads.memoryStale++
      else reads.redisStale++
      return
    case 'miss':
      reads.misses++
      return
    case 'collapsed':
      reads.collapsed++
      return
    case 'error':
      reads.errors++
      return
    default:
      outcome satisfies never
  }
}

/** Adds one event that is no read. */
export function count(stats: OwnStats, event: Exclude<CacheEvent, ReadEvent>): void {
  switch (event.type) {
    case 'load':
      stats.loads++
      return
    case 'invalidate':
      stats.invalidations++
      return
    case 'rejected':
      stats.rejected++
      return
    case 'reset':
      stats.resets++
      return
    case 'remote-error':
      stats.remoteErrors++
      return
    case 'wait':
    case 'applied':
    case 'remote-state':
    case 'reload-failed':
    case 'reload-dropped':
      return
    default:
      event satisfies never
  }
}
