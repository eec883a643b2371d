/**
 * The history of all writes, and the judge of every read.
 *
 * The source holds a register for each key: a version, counted up by each write. A version is *replaced* when the next one
 * commits. An invalidation *ends* a version if it named the key, or a tag that an entry with this version has, and was
 * asked for after the version had been replaced. All instants are of one clock (instant.ts), and the source stamps
 * a commit before anyone is told of it, so no comparison below needs an allowance for clocks: the slack is none.
 *
 *     write v+1 ── commit ──┬── invalidate asked ─────┬── told `true` = t
 *     v is                  replaced                  ended for its own process       ended for all
 *                                                     |                               |
 *     a read of it that starts ...................... t .. after t: wrong here ....... t + bound .. after that: wrong anywhere
 *
 * A read is wrong if it returns
 *
 *   never written   a version that has not been committed by the end of the read
 *   stale           one that an acknowledged invalidation (`true`) ended more than `bound` before the read started: G1, G3
 *   own write       one that an invalidation of the reader's own process ended before the read started, acknowledged or
 *                   not (`false`), with no bound: G6, G10
 *   position        one that process Q was acknowledged to have ended before it took the position which the read names: G10
 *   cut off         one that was replaced more than `bound` before the read started, when nothing had reached the
 *                   reader's process from Redis for longer than `bound` by then, nor did until the read ended. Acknowledged
 *                   or not: a process that cannot hear serves only what it has loaded within the bound: G3, G5
 *
 * What an invalidation promises that was told `false` is just that: its own process sees it at once, others once it has
 * reached Redis. When the process sees that nothing is pending any more, the invalidation is recorded again, as
 * acknowledged at that instant; the true one was earlier. One whose process died before it could tell binds nobody.
 *
 * A read of an absent value does not say which version it saw: it is right if any absent version would be.
 * Memory is bounded: what was ended long ago is forgotten, and a read of it is stale whatever the details were.
 */

import { BEFORE_ALL, type Instant, NEVER, plus } from './instant.ts'

/** An invalidation, as its process was told of it. */
export interface Invalidation {
  /** The process, by its number. */
  readonly by: number
  readonly askedAt: Instant
  readonly toldAt: Instant
  readonly acknowledged: boolean
  /** What it named, for people. */
  readonly what: string
}

export interface Position {
  /** The process that took it. */
  readonly by: number
  readonly at: Instant
}

export interface Read {
  readonly by: number
  readonly key: number
  /** `undefined`: the value was absent. */
  readonly version: number | undefined
  readonly startedAt: Instant
  readonly endedAt: Instant
  /** The position it named. */
  readonly after?: Position | undefined
  /** The last instant before the end at which anything from Redis had reached the process, if that was long ago. */
  readonly unreachedSince?: Instant | undefined
}

export interface Version {
  readonly number: number
  readonly committedAt: Instant
  readonly by: number
  replacedAt: Instant
  /** Of the invalidations that ended it, the first that was acknowledged. */
  endedAt: Instant
  readonly endings: Invalidation[]
}

export type Rule = 'never written' | 'stale' | 'own write' | 'position' | 'cut off'

export interface Violation {
  readonly rule: Rule
  readonly read: Read
  /** What is known of the version that was read; `undefined` when it was never written, or was forgotten. */
  readonly version: Version | undefined
  /** The one that replaced it. */
  readonly next: Version | undefined
}

/** How long after its end the version was read, in milliseconds: 0 for one that had not ended. Or what was wrong. */
export type Verdict = number | Violation

interface Register {
  current: Version
  /** Not ended yet, or not longer ago than the bound; oldest first, `current` the last. */
  recent: Version[]
  /** Ended for longer than the bound: nothing that happens now can change what is right to read. */
  readonly buried: Map<number, Version>
}

export class History {
  readonly #bound: number
  readonly #isAbsent: (key: number, version: number) => boolean
  readonly #registers: Register[]

  /** Version 0 of each of `keys` keys was there before all. */
  constructor(keys: number, bound: number, isAbsent: (key: number, version: number) => boolean) {
    this.#bound = bound
    this.#isAbsent = isAbsent
    this.#registers = Array.from({ length: keys }, () => {
      const current = createVersion(0, BEFORE_ALL, 0)
      return { current, recent: [current], buried: new Map() }
    })
  }

  version(key: number): number {
    return this.#register(key).current.number
  }

  /** A write commits. Returns its version. */
  commit(key: number, by: number, at: Instant): number {
    const register = this.#register(key)
    register.current.replacedAt = at
    register.current = createVersion(register.current.number + 1, at, by)
    register.recent.push(register.current)
    return register.current.number
  }

  /** A process was told of an invalidation that concerns these keys, and of them the versions that `concerns` says. */
  invalidated(
    invalidation: Invalidation,
    keys: Iterable<number>,
    concerns: (key: number, version: number) => boolean,
  ): void {
    const { askedAt, toldAt, acknowledged } = invalidation
    for (const key of keys) {
      for (const version of this.#register(key).recent) {
        if (version.replacedAt > askedAt || !concerns(key, version.number)) continue
        version.endings.push(invalidation)
        if (acknowledged && toldAt < version.endedAt) version.endedAt = toldAt
      }
    }
  }

  /** Judges a read. Every invalidation told before the read started must be known by then. */
  check(read: Read): Verdict {
    const register = this.#register(read.key)
    if (read.version === undefined) return this.#checkAbsent(register, read)
    const { current } = register
    if (read.version === current.number && current.committedAt <= read.endedAt) return 0
    const version = find(register, read.version)
    if (version) return this.#judge(register, read, version)
    // What is not kept was ended long ago, or has never been.
    const isPast = Number.isInteger(read.version) && read.version >= 0 && read.version < current.number
    return { rule: isPast ? 'stale' : 'never written', read, version: undefined, next: undefined }
  }

  /**
   * Keeps memory bounded. Every invalidation told up to `known` has been recorded, and no read will be checked that
   * started before `forgotten`.
   */
  settle(known: Instant, forgotten: Instant): void {
    for (const register of this.#registers) {
      if (register.recent.length > 1) this.#bury(register, known)
      for (const [number, version] of register.buried) {
        if (plus(version.endedAt, this.#bound) < forgotten) register.buried.delete(number)
      }
    }
  }

  /** The versions that are kept. */
  get size(): number {
    return this.#registers.reduce((sum, { recent, buried }) => sum + recent.length + buried.size, 0)
  }

  #register(key: number): Register {
    const register = this.#registers[key]
    if (!register) throw new Error(`There is no key ${key}`)
    return register
  }

  #judge(register: Register, read: Read, version: Version): Verdict {
    const rule = this.#broken(read, version)
    if (rule) return { rule, read, version, next: find(register, version.number + 1) }
    return Math.max(0, read.startedAt - version.endedAt)
  }

  #broken({ by, startedAt, endedAt, after, unreachedSince }: Read, version: Version): Rule | undefined {
    if (version.committedAt > endedAt) return 'never written'
    if (version.endings.some((ending) => ending.by === by && ending.toldAt < startedAt)) return 'own write'
    if (startedAt > version.endedAt + this.#bound) return 'stale'
    if (
      after &&
      version.endings.some(({ by, toldAt, acknowledged }) => acknowledged && by === after.by && toldAt <= after.at)
    )
      return 'position'
    if (
      unreachedSince !== undefined &&
      startedAt > unreachedSince + this.#bound &&
      version.replacedAt < startedAt - this.#bound
    )
      return 'cut off'
    return undefined
  }

  #checkAbsent(register: Register, read: Read): Verdict {
    const versions = [...register.recent.toReversed(), ...[...register.buried.values()].reverse()]
    let worst: Violation | undefined
    for (const version of versions) {
      if (!this.#isAbsent(read.key, version.number)) continue
      const verdict = this.#judge(register, read, version)
      if (typeof verdict === 'number') return verdict
      worst ??= verdict
    }
    return worst ?? { rule: 'never written', read, version: undefined, next: undefined }
  }

  /** Whatever ends it once more from here on is told later than the bound after its end: then any read of it is stale. */
  #bury(register: Register, known: Instant): void {
    register.recent = register.recent.filter((version) => {
      if (plus(version.endedAt, this.#bound) >= known) return true
      register.buried.set(version.number, version)
      return false
    })
  }
}

function createVersion(number: number, committedAt: Instant, by: number): Version {
  return { number, committedAt, by, replacedAt: NEVER, endedAt: NEVER, endings: [] }
}

function find({ recent, buried }: Register, number: number): Version | undefined {
  return recent.findLast((version) => version.number === number) ?? buried.get(number)
}
