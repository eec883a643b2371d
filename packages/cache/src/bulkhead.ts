/**
 * The bulkhead before the source: so many loaders at once, so many waiting, and past that an error.
 *
 * A place is given back when the loader itself has settled, not when its deadline has passed: a source that
 * hangs gets no more work than it has places.
 */

import { loadShed } from './errors.ts'

/** Something that may be aborted. Its signal is costly, and made when it is asked for: an `AbortController` is one. */
export interface Aborting {
  readonly signal: AbortSignal
}

export class Bulkhead {
  readonly #concurrent: number
  readonly #waiting: number
  readonly #queue: (() => void)[] = []
  #running = 0

  constructor(concurrent: number, waiting: number) {
    this.#concurrent = concurrent
    this.#waiting = waiting
  }

  get running(): number {
    return this.#running
  }

  get queued(): number {
    return this.#queue.length
  }

  /** Runs `work` when there is a place. Rejects with `CACHE_LOAD_SHED` when the queue is full, and with the signal's reason when it was aborted before its turn. */
  async run<R>(work: () => Promise<R>, aborting: Aborting): Promise<R> {
    const queues = this.#running >= this.#concurrent
    if (queues) await this.#turn(aborting.signal)
    else this.#running++
    try {
      if (queues) aborting.signal.throwIfAborted()
      return await work()
    } finally {
      const next = this.#queue.shift()
      // A place that is handed on stays counted.
      if (next) next()
      else this.#running--
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    if (this.#queue.length >= this.#waiting) return Promise.reject(loadShed(this.#waiting))
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        const at = this.#queue.indexOf(go)
        if (at >= 0) this.#queue.splice(at, 1)
        reject(signal.reason)
      }
      this.#queue.push(go)
      signal.addEventListener('abort', leave, { once: true })
    })
  }
}
