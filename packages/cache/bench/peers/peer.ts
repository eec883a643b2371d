/**
 * A peer: another library that answers the same question, as far as it does. Each is opened as its own documentation
 * says, with the documented switches that make it faster: values not cloned, commands auto-pipelined.
 */

import type { Product } from '../ground.ts'

/** What is asked of one instance. */
export interface Setting {
  readonly url: string
  /** `both`: memory over Redis, with a bus where there is one; `redis`: nothing is answered from memory. */
  readonly tiers: 'both' | 'redis'
  /** Each value carries these tags. */
  readonly tags: readonly string[]
  readonly source: () => Promise<Product>
}

export interface Opened {
  /** The call that gets the product of this number or loads it. What it needs of a key is made at each call. */
  get(id: number): Promise<unknown>
  /** By one of the tags, where there are any; otherwise by key. */
  invalidate(id: number): Promise<unknown>
  /** Forgets what a peer that always has a memory has in it. */
  forget?(): Promise<unknown>
  close(): Promise<unknown>
}

/** Imports a package from where the peer is installed. */
export type Import = (specifier: string) => Promise<unknown>

export interface Peer {
  readonly name: string
  /** What npm installs for it: itself, and the clients that its documentation names. */
  readonly packages: readonly string[]
  readonly hasTags: boolean
  /** Whether it keeps a memory over Redis, or is one or the other. */
  readonly hasTwoTiers: boolean
  open(from: Import, setting: Setting): Promise<Opened>
}

/** For peers that take a string. */
export function keyOf(id: number): string {
  return `product:${id}`
}

export const TTL_MS = 3_600_000
export const MOST_ENTRIES = 10_000
