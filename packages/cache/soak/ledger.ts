/**
 * The ledger: takes the reports of all members, and has each read checked once everything that was told before it began
 * is known.
 *
 *     member 1   report up to 10.2 | up to 10.3 | ...
 *     member 2   report up to 10.2 |   (stands still)        reads up to 10.2 can be checked, of all members
 *
 * A read waits until every member has reported up to the end of the read's own report, so that no acknowledgement can
 * come too late to count. What a member did not report before it was killed binds nobody.
 */

import type { History, Position, Violation } from './history.ts'
import { type Instant, NEVER, now, plus } from './instant.ts'
import { concerns, keysOf, kindOf, nameOf, scopeName } from './kinds.ts'
import { ABSENT, type FailedRead, HOWS, type How, NO_POSITION, READ_FIELDS, type Report } from './messages.ts'
import type { Silence } from './silence.ts'

/** Upper ends of the histogram's classes, in milliseconds. */
export const STALENESS_CLASSES = [0, 1, 5, 10, 50, 100, 250, 500, Number.POSITIVE_INFINITY] as const

const KEPT_VIOLATIONS = 20
const SETTLE_EVERY_MS = 1_000
/** How long versions are kept that ended: past it an explanation lacks its details. */
const KEPT_MS = 120_000

/** What a source that fails or hangs may do to a read. */
const EXPLAINED = new Set(['SourceDown', 'CACHE_LOAD_FAILED', 'CACHE_LOAD_TIMEOUT'])

interface Member {
  upTo: Instant
  readonly silence: Silence
  waiting: { readonly upTo: Instant; readonly reads: Float64Array }[]
}

/** A violation, and how the read was made. */
export interface Finding {
  readonly violation: Violation
  readonly how: How
}

export class Ledger {
  readonly #history: History
  readonly #members = new Map<number, Member>()
  readonly #positions = new Map<number, Position>()
  #settledAt = now()
  #lastPosition = 0
  readonly findings: Finding[] = []
  readonly complaints: string[] = []
  readonly staleness: number[] = STALENESS_CLASSES.map(() => 0)
  readonly byHow: Record<How, number> = { get: 0, getMany: 0, getBytes: 0, peek: 0, 'get after': 0 }
  reads = 0
  violations = 0
  /** Reads that failed because the source did. */
  failures = 0
  longestReadMs = 0
  invalidations = 0
  /** Told `false`. */
  unacknowledged = 0

  constructor(history: History) {
    this.#history = history
  }

  /** From here on, no read is checked before this member has reported. */
  join(member: number, silence: Silence): void {
    this.#members.set(member, { upTo: now(), silence, waiting: [] })
  }

  /** The member is gone, and all its reports are in. */
  leave(member: number): void {
    const gone = this.#members.get(member)
    if (gone) gone.upTo = NEVER
    this.#checkWhatIsKnown()
  }

  report(member: number, { upTo, reads, invalidations, failures, complaints, stats }: Report): void {
    const own = this.#members.get(member)
    if (!own) throw new Error(`There is no member ${member}`)
    for (const { scope, ...told } of invalidations) {
      const invalidation = { ...told, by: member, what: scopeName(scope) }
      this.#history.invalidated(invalidation, keysOf(scope), (key, version) => concerns(scope, key, version))
      this.invalidations++
      if (!told.acknowledged) this.unacknowledged++
    }
    for (const failure of failures) this.#judgeFailure(member, failure)
    for (const complaint of complaints) this.complain(`process ${member}: ${complaint}`)
    const { requests, hits, stale, misses, collapsed, errors } = stats
    if (requests !== hits + stale + misses + collapsed + errors)
      this.complain(`process ${member}: requests are not the sum of their outcomes: ${JSON.stringify(stats)}`)
    own.waiting.push({ upTo, reads })
    own.upTo = upTo
    this.#checkWhatIsKnown()
  }

  /** A member took a position. Returns the number under which others may name it. */
  position(by: number, at: Instant): number {
    const number = this.#lastPosition++
    this.#positions.set(number, { by, at })
    // Members use the latest they have heard of.
    this.#positions.delete(number - 10_000)
    return number
  }

  complain(what: string): void {
    this.violations++
    if (this.complaints.length < KEPT_VIOLATIONS) this.complaints.push(what)
  }

  /** Reads that have been reported and not checked. */
  get waiting(): number {
    let sum = 0
    for (const { waiting } of this.#members.values()) for (const { reads } of waiting) sum += reads.length / READ_FIELDS
    return sum
  }

  #checkWhatIsKnown(): void {
    const known = Math.min(...[...this.#members.values()].map(({ upTo }) => upTo)) as Instant
    for (const [number, member] of this.#members) {
      while (member.waiting[0] && member.waiting[0].upTo <= known) {
        const { reads } = member.waiting.shift() as { reads: Float64Array }
        for (let i = 0; i < reads.length; i += READ_FIELDS) this.#check(number, member.silence, reads, i)
      }
      if (member.upTo === NEVER && member.waiting.length === 0) this.#members.delete(number)
    }
    if (known > this.#settledAt + SETTLE_EVERY_MS && known !== NEVER) {
      this.#settledAt = known
      this.#history.settle(known, plus(known, -KEPT_MS))
    }
  }

  #check(by: number, silence: Silence, reads: Float64Array, at: number): void {
    const [key, version, startedAt, endedAt, how, position] = reads.subarray(at, at + READ_FIELDS) as unknown as [
      number,
      number,
      Instant,
      Instant,
      number,
      number,
    ]
    const verdict = this.#history.check({
      by,
      key,
      version: version === ABSENT ? undefined : version,
      startedAt,
      endedAt,
      after: position === NO_POSITION ? undefined : this.#positions.get(position),
      unreachedSince: silence.since(endedAt),
    })
    this.reads++
    this.byHow[HOWS[how] as How]++
    if (endedAt - startedAt > this.longestReadMs) this.longestReadMs = endedAt - startedAt
    this.#countStaleness(typeof verdict === 'number' ? verdict : startedAt - (verdict.version?.endedAt ?? startedAt))
    if (typeof verdict === 'number') return
    this.violations++
    if (this.findings.length < KEPT_VIOLATIONS) this.findings.push({ violation: verdict, how: HOWS[how] as How })
  }

  #countStaleness(ms: number): void {
    const found = STALENESS_CLASSES.findIndex((most) => ms <= most)
    this.staleness[found] = (this.staleness[found] ?? 0) + 1
  }

  /** Only a source that is not well may fail a read, never Redis: G5. */
  #judgeFailure(member: number, { key, how, startedAt, endedAt, code, message }: FailedRead): void {
    if (kindOf(key).unreliable && EXPLAINED.has(code)) {
      this.failures++
      return
    }
    const took = (endedAt - startedAt).toFixed(0)
    this.complain(`process ${member}: ${how} of ${nameOf(key)} failed after ${took} ms with ${code}: ${message}`)
  }
}
