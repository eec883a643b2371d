/**
 * The schedule: which fault comes when.
 *
 *     turn     |--- one of Redis ---|
 *              |      |--- one of the fleet ---|      calm      | next turn
 *
 * Each half is drawn like a deck of cards: every kind once, in random order, before any comes again. So a run of as many
 * turns as a deck has cards has had every kind; a short run has shorter turns.
 */

import { type Fault, FLEET_FAULTS, pause, SERVER_FAULTS, type World } from './faults.ts'
import { type Instant, NEVER, now, plus } from './instant.ts'
import type { Random } from './random.ts'

const LONGEST_TURN_MS = 8_000
/** At the begin, so that there is something in the caches. */
const CALM_FIRST_MS = 1_000
const LONGEST_FAULT = 0.5

/** A fault that befell. */
export interface Occurrence {
  readonly name: string
  detail: string
  readonly from: Instant
  until: Instant
}

export class Schedule {
  readonly occurrences: Occurrence[] = []

  /** How often each kind has occurred. */
  get counts(): ReadonlyMap<string, number> {
    const counts = new Map([...SERVER_FAULTS, ...FLEET_FAULTS].map(({ name }) => [name, 0]))
    for (const { name } of this.occurrences) counts.set(name, (counts.get(name) ?? 0) + 1)
    return counts
  }

  /** What was on at some instant between these two, as far as it may explain anything. */
  between(from: Instant, until: Instant): readonly Occurrence[] {
    return this.occurrences.filter((one) => one.from <= until && one.until >= from)
  }

  async run(world: Omit<World, 'longestMs'>, endsAt: Instant): Promise<void> {
    const { random, signal } = world
    await pause(CALM_FIRST_MS, signal)
    const turns = Math.max(SERVER_FAULTS.length, FLEET_FAULTS.length)
    const turnMs = Math.min(LONGEST_TURN_MS, (endsAt - now()) / turns)
    const [ofServer, ofFleet] = [deck(random, SERVER_FAULTS), deck(random, FLEET_FAULTS)]
    const within = { ...world, longestMs: turnMs * LONGEST_FAULT }
    let begins = now()
    for (let turn = 0; !signal.aborted && (turn < turns || plus(begins, turnMs / 2) < endsAt); turn++) {
      const one = async (fault: Fault): Promise<void> => {
        await pause(random.between(0, turnMs / 4), signal)
        if (!signal.aborted) await this.#befall(fault, within)
      }
      await Promise.all([one(ofServer()), one(ofFleet())])
      // A turn that took too long is made up for by the calm of the next.
      begins = plus(begins, turnMs)
      await pause(begins - now(), signal)
    }
  }

  async #befall(fault: Fault, world: World): Promise<void> {
    const occurrence: Occurrence = { name: fault.name, detail: '', from: now(), until: NEVER }
    this.occurrences.push(occurrence)
    await fault.befall(world, (detail) => {
      occurrence.detail = detail
    })
    occurrence.until = now()
  }
}

function deck(random: Random, faults: readonly Fault[]): () => Fault {
  let cards: Fault[] = []
  return () => {
    if (cards.length === 0) cards = random.shuffled(faults)
    return cards.pop() as Fault
  }
}
