/**
 * The source of truth of the soak: a register for each key, in the main process, away from the Redis under test.
 *
 * A version is read when the question arrives and may be answered much later, as by a query that began before a write and
 * ends after it. A write commits when it arrives. Questions are taken one after another, so the registers are linearizable.
 */

import type { History } from './history.ts'
import { now } from './instant.ts'
import { kindOf } from './kinds.ts'
import type { Question, SourceAnswer } from './messages.ts'
import type { Random } from './random.ts'

type Reply = (answers: SourceAnswer[]) => void

export class Source {
  readonly #history: History
  readonly #random: Random
  /** Members of which the next load is to be told of, and never answered. */
  readonly #traps = new Map<number, () => void>()
  loads = 0
  commits = 0
  failures = 0

  constructor(history: History, random: Random) {
    this.#history = history
    this.#random = random
  }

  ask(member: number, questions: readonly Question[], reply: Reply): void {
    const atOnce: SourceAnswer[] = []
    for (const question of questions) {
      if (question[1] === 'read' && this.#isTrapped(member)) continue
      const answer = this.#answer(member, question)
      const delay = this.#delay(question)
      if (delay === 0) atOnce.push(answer)
      else setTimeout(() => reply([answer]), delay)
    }
    if (atOnce.length > 0) reply(atOnce)
  }

  /** Resolves when the member's next load has begun; it is never answered. */
  nextLoadOf(member: number): Promise<void> {
    return new Promise((resolve) => this.#traps.set(member, resolve))
  }

  forgetTrap(member: number): void {
    this.#traps.delete(member)
  }

  #isTrapped(member: number): boolean {
    const spring = this.#traps.get(member)
    if (!spring) return false
    this.#traps.delete(member)
    spring()
    return true
  }

  #answer(member: number, [number, act, keys]: Question): SourceAnswer {
    const isCommit = act === 'commit'
    if (isCommit) this.commits++
    else this.loads++
    const at = now()
    const versions = keys.map((key) => (isCommit ? this.#history.commit(key, member, at) : this.#history.version(key)))
    if (!this.#isUnreliable(keys) || this.#random.chance(0.96)) return [number, versions]
    this.failures++
    return [number, 'down']
  }

  /** In milliseconds. The time between the beginning of a load and its end is where the races are. */
  #delay([, , keys]: Question): number {
    const drawn = this.#random.next()
    if (this.#isUnreliable(keys) && drawn < 0.04) return this.#random.between(100, 700)
    if (drawn < 0.5) return 0
    if (drawn < 0.9) return this.#random.between(1, 15)
    return drawn < 0.99 ? this.#random.between(20, 100) : this.#random.between(200, 1_500)
  }

  #isUnreliable([key = 0]: readonly number[]): boolean {
    return kindOf(key).unreliable === true
  }
}
