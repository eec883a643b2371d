/**
 * Looks up keys in Redis: all that one turn of the event loop asks for by one command, and each of them once.
 *
 * A look may be shared until it is sent, and no longer: whoever joined later could get what was there before an
 * invalidation that had been acknowledged to it.
 */

import type { Engine } from './engine.ts'
import { Gather } from './gather.ts'
import { type Found, judge } from './judge.ts'
import type { Policy } from './options.ts'
import { type Remote, withoutRemote } from './remote.ts'
import { type Weighed, weigh } from './weigh.ts'

/** One command asks for so many at most: Redis does nothing else while it runs, and the answer is held whole. */
const MOST_KEYS = 64

/** What a look into Redis showed. */
export interface Seen {
  readonly found: Found
  readonly weighed: Weighed
}

/** Redis did not answer: it is not asked again for this read. */
export const UNSEEN: unique symbol = Symbol('unseen')

export type Look = Seen | typeof UNSEEN

interface Asked {
  readonly policy: Policy
  readonly key: string
}

export class Lookups {
  readonly #engine: Engine
  readonly #remote: Remote
  readonly #asked: Gather<Asked, Look>
  /**
   * Not sent yet. A new map for each turn: one that is cleared leaves its old tables to the garbage collector in a chain,
   * and what they held outlives many collections (bench/findings.md).
   */
  #open = new Map<string, Promise<Look>>()

  constructor(engine: Engine, remote: Remote) {
    this.#engine = engine
    this.#remote = remote
    this.#asked = new Gather(engine.clock, MOST_KEYS, (asked) => {
      this.#open = new Map()
      return this.#lookAll(asked)
    })
  }

  /** Whether it is worth looking now. */
  get usable(): boolean {
    return this.#remote.usable
  }

  /** Rejects only with `CACHE_VALUE_INVALID`, for a weight that is none, and `CACHE_OPTION_INVALID`, for a schema that answers later. */
  of(policy: Policy, key: string): Promise<Look> {
    const shared = this.#open.get(key)
    if (shared) return shared
    const look = this.#asked.of({ policy, key })
    this.#open.set(key, look)
    return look
  }

  async #lookAll(asked: readonly Asked[]): Promise<readonly (Look | Promise<Look>)[]> {
    const { mark } = this.#engine.drops
    try {
      const bytes = await this.#remote.read(asked.map(({ key }) => key))
      return asked.map((one, i) => this.#alone(one, bytes[i], mark))
    } catch (error) {
      this.#failed(error)
      return asked.map(() => UNSEEN)
    }
  }

  /** What is wrong with one value is no matter of those that were looked up with it. */
  #alone(one: Asked, bytes: Buffer | undefined, mark: number): Look | Promise<Look> {
    try {
      return this.#judged(one, bytes, mark)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** A promise only where Redis has to be asked about the tags: most reads of Redis end without one. */
  #judged({ policy, key }: Asked, bytes: Buffer | undefined, mark: number): Look | Promise<Look> {
    const engine = this.#engine
    const seen = (found: Found): Seen => {
      return { found, weighed: weigh(engine, policy, key, found, mark, false, false) }
    }
    const judged = judge(engine, this.#remote, policy.resource, key, bytes, false)
    return judged instanceof Promise ? judged.then(seen).catch((error: unknown) => this.#failed(error)) : seen(judged)
  }

  #failed(error: unknown): Look {
    withoutRemote(this.#engine.emit, 'read', error)
    return UNSEEN
  }
}
