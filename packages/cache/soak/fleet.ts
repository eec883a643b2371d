/** The fleet: the members, each with its line to Redis; one that is killed or ends is replaced by another. */

import { noStats, type Stats } from '../src/stats.ts'
import { Child } from './child.ts'
import { now } from './instant.ts'
import type { Ledger } from './ledger.ts'
import { Line } from './line.ts'
import type { Random } from './random.ts'
import { Silence } from './silence.ts'
import type { Source } from './source.ts'

/** Processes at any time. */
export const PLACES = 4
export const SKEW_MS = 5_000

/** The last place forgets tags all the time. */
const FEW_TAGS = 200
const MANY_TAGS = 100_000

interface Place {
  readonly line: Line
  child: Child
}

export interface FleetOptions {
  readonly redisPort: number
  readonly bound: number
  readonly ledger: Ledger
  readonly source: Source
  readonly random: Random
}

export class Fleet {
  readonly #options: FleetOptions
  readonly #places: Place[] = []
  #started = 0
  /** What the members that are gone had counted. */
  #past = noStats()

  private constructor(options: FleetOptions) {
    this.#options = options
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options)
    for (let n = 0; n < PLACES; n++) {
      const line = new Line(options.redisPort, new Silence(options.bound, now()))
      await line.open()
      fleet.#places.push({ line, child: fleet.#fork(n, line) })
    }
    await Promise.all(fleet.#places.map(({ child }) => child.begin()))
    return fleet
  }

  get lines(): readonly Line[] {
    return this.#places.map(({ line }) => line)
  }

  /** The number of the process in this place. */
  numberAt(place: number): number {
    return this.#at(place).child.number
  }

  /** Sums over all members, those that are gone included. */
  stats(): Stats {
    return this.#places.reduce((sum, { child }) => added(sum, child.last?.stats ?? noStats()), this.#past)
  }

  /** Whether every member hears Redis, and has told it everything. */
  get isWell(): boolean {
    return this.#places.every(({ child: { last } }) => last?.trusted && last.usable && last.pending === 0)
  }

  block(place: number, ms: number): void {
    this.#at(place).child.tell({ type: 'block', ms })
  }

  /** Kills the process while one of its loads is under way, and puts another in its place. */
  async killWhileLoading(place: number, signal: AbortSignal): Promise<void> {
    const { child } = this.#at(place)
    const loading = this.#options.source.nextLoadOf(child.number)
    const given = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    await Promise.race([loading, given, child.gone])
    this.#options.source.forgetTrap(child.number)
    child.kill()
    await child.gone
    await this.#replace(place)
  }

  /** Lets the process end in order, and puts another in its place. */
  async restart(place: number): Promise<void> {
    await this.#at(place).child.end()
    await this.#replace(place)
  }

  /** Begins nothing more. */
  rest(): void {
    for (const { child } of this.#places) child.tell({ type: 'rest' })
  }

  async end(): Promise<void> {
    await Promise.all(this.#places.map(({ child }) => child.end()))
    await Promise.all(this.#places.map(({ line }) => line.close()))
  }

  /** At once. */
  destroy(): void {
    for (const { child } of this.#places) child.kill()
  }

  async #replace(n: number): Promise<void> {
    const place = this.#at(n)
    this.#past = added(this.#past, place.child.last?.stats ?? noStats())
    place.line.silence = new Silence(this.#options.bound, now())
    place.child = this.#fork(n, place.line)
    await place.child.begin()
  }

  #fork(n: number, line: Line): Child {
    const { bound, random, ledger, source } = this.#options
    const start = {
      member: ++this.#started,
      url: line.url,
      bound,
      seed: random.below(2 ** 31),
      skewMs: Math.round(random.between(-SKEW_MS, SKEW_MS)),
      maxTags: n === PLACES - 1 ? FEW_TAGS : MANY_TAGS,
    }
    return new Child(start, {
      ledger,
      source,
      silence: line.silence,
      onPosition: (position) => {
        for (const { child } of this.#places) if (child.number !== start.member) child.tell(position)
      },
    })
  }

  #at(place: number): Place {
    const found = this.#places[place]
    if (!found) throw new Error(`There is no place ${place}`)
    return found
  }
}

function added(sum: Stats, more: Readonly<Stats>): Stats {
  const names = Object.keys(sum) as (keyof Stats)[]
  return Object.fromEntries(names.map((name) => [name, sum[name] + more[name]])) as unknown as Stats
}
