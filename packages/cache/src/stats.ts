/** Counters, a function of the events and of nothing else. */

import type { CacheEvent } from './events.ts'

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

export function noStats(): Stats {
  return {
    requests: 0,
    hits: 0,
    stale: 0,
    misses: 0,
    collapsed: 0,
    errors: 0,
    memoryHits: 0,
    redisHits: 0,
    loads: 0,
    invalidations: 0,
    rejected: 0,
    resets: 0,
    remoteErrors: 0,
  }
}

/** What `count` does for a value served from memory, without an event to count: the path that has to be fast. */
export function countMemoryRead(stats: Stats, outcome: 'hit' | 'stale'): void {
  stats.requests++
  if (outcome === 'stale') {
    stats.stale++
    return
  }
  stats.hits++
  stats.memoryHits++
}

/** Adds one event. */
export function count(stats: Stats, event: CacheEvent): void {
  switch (event.type) {
    case 'read':
      stats.requests++
      if (event.outcome === 'hit') {
        stats.hits++
        if (event.tier === 'memory') stats.memoryHits++
        else stats.redisHits++
      } else if (event.outcome === 'stale') stats.stale++
      else if (event.outcome === 'miss') stats.misses++
      else if (event.outcome === 'collapsed') stats.collapsed++
      else stats.errors++
      return
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
    case 'applied':
    case 'remote-state':
    case 'reload-failed':
    case 'reload-dropped':
      return
    default:
      event satisfies never
  }
}
