/** What the soak's main process and its members say to each other. */

import type { Stats } from '../src/index.ts'
import type { Instant } from './instant.ts'
import type { Scope } from './kinds.ts'

/** What a member is told when it starts, as its one argument. */
export interface Start {
  /** Its number; a process that takes its place has another. */
  readonly member: number
  /** Redis, by way of a line of its own. */
  readonly url: string
  readonly bound: number
  readonly seed: number
  /** By how much its wall clock is wrong, in milliseconds. */
  readonly skewMs: number
  /** How many tags its cache keeps track of. */
  readonly maxTags: number
}

/** A question to the source, under a number: the versions of these keys, or one more of each. */
export type Question = readonly [number: number, act: 'read' | 'commit', keys: readonly number[]]

/** The versions, or that the source is down. A commit that is answered so has happened all the same. */
export type SourceAnswer = readonly [number: number, versions: readonly number[] | 'down']

export type How = 'get' | 'getMany' | 'getBytes' | 'peek' | 'get after'

/** How a read was made, as a number. */
export const HOWS: readonly How[] = ['get', 'getMany', 'getBytes', 'peek', 'get after']

/** Of each read: key, version, start, end, how, and the number of the position it named. */
export const READ_FIELDS = 6
export const ABSENT = -1
export const NO_POSITION = -1

export interface ToldInvalidation {
  readonly scope: Scope
  readonly askedAt: Instant
  readonly toldAt: Instant
  readonly acknowledged: boolean
}

/** A read that rejected. */
export interface FailedRead {
  readonly key: number
  readonly how: How
  readonly startedAt: Instant
  readonly endedAt: Instant
  /** Code or name of the error, and what it says. */
  readonly code: string
  readonly message: string
}

/** Everything that ended in the member up to `upTo` and was not in an earlier batch. */
export interface Report {
  readonly type: 'report'
  readonly upTo: Instant
  /** `READ_FIELDS` numbers for each. */
  readonly reads: Float64Array
  readonly invalidations: readonly ToldInvalidation[]
  readonly failures: readonly FailedRead[]
  /** Things that must not happen. */
  readonly complaints: readonly string[]
  /** Where the member was in the count of invalidations at `upTo`. */
  readonly position: string | undefined
  readonly stats: Readonly<Stats>
  readonly trusted: boolean
  readonly usable: boolean
  readonly pending: number
}

export type FromMember =
  | { readonly type: 'ready' }
  | { readonly type: 'questions'; readonly questions: readonly Question[] }
  | Report

export type ToMember =
  /** Read and write from here on. */
  | { readonly type: 'begin' }
  | { readonly type: 'answers'; readonly answers: readonly SourceAnswer[] }
  /** A position of another member, under a number. */
  | { readonly type: 'position'; readonly number: number; readonly word: string }
  /** Stand still, as one long computation does. */
  | { readonly type: 'block'; readonly ms: number }
  /** Begin nothing more; end what is under way. */
  | { readonly type: 'rest' }
  /** Close the cache, see that nothing is left, and end. */
  | { readonly type: 'end' }
