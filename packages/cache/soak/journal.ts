/** A member's journal: what it read and was told, until the next report takes it. */

import type { Stats } from '../src/index.ts'
import { type Instant, now } from './instant.ts'
import {
  type FailedRead,
  HOWS,
  type How,
  NO_POSITION,
  READ_FIELDS,
  type Report,
  type ToldInvalidation,
} from './messages.ts'

/** Complaints are alike; the first ones tell the story. */
const MOST_COMPLAINTS = 20

/** What the cache says of itself. */
export interface Condition {
  readonly position: string | undefined
  readonly stats: Readonly<Stats>
  readonly trusted: boolean
  readonly usable: boolean
  /** Invalidations that have not reached Redis. */
  readonly pending: number
}

export class Journal {
  #reads = new Float64Array(READ_FIELDS * 1_024)
  #used = 0
  #invalidations: ToldInvalidation[] = []
  #failures: FailedRead[] = []
  #complaints: string[] = []
  /** Told `false`, and not known to have reached Redis. */
  #unacknowledged: ToldInvalidation[] = []
  #complained = 0

  read(key: number, version: number, startedAt: Instant, how: How, position = NO_POSITION): void {
    if (this.#used + READ_FIELDS > this.#reads.length) {
      const larger = new Float64Array(this.#reads.length * 2)
      larger.set(this.#reads)
      this.#reads = larger
    }
    this.#reads.set([key, version, startedAt, now(), HOWS.indexOf(how), position], this.#used)
    this.#used += READ_FIELDS
  }

  failed(key: number, startedAt: Instant, how: How, error: unknown): void {
    const code = error instanceof Error ? ((error as { code?: string }).code ?? error.name) : 'none'
    this.#failures.push({ key, how, startedAt, endedAt: now(), code, message: String(error) })
  }

  told(invalidation: ToldInvalidation): void {
    this.#invalidations.push(invalidation)
    if (!invalidation.acknowledged) this.#unacknowledged.push(invalidation)
  }

  complain(what: string): void {
    if (this.#complained++ < MOST_COMPLAINTS) this.#complaints.push(what)
  }

  report(condition: Condition): Report {
    const upTo = now()
    if (condition.pending === 0) {
      // Nothing is pending, so all that was has reached Redis: it is told once more, as acknowledged by this instant.
      for (const one of this.#unacknowledged.splice(0)) this.told({ ...one, toldAt: upTo, acknowledged: true })
    }
    const report: Report = {
      type: 'report',
      upTo,
      reads: this.#reads.slice(0, this.#used),
      invalidations: this.#invalidations,
      failures: this.#failures,
      complaints: this.#complaints,
      ...condition,
    }
    this.#used = 0
    this.#invalidations = []
    this.#failures = []
    this.#complaints = []
    return report
  }
}
