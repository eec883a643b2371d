/** Readers who ask for products and lists all the time, one after the other, and count what went wrong. */

import { until } from './outside.ts'

const READERS = 8
const PRODUCTS = 500
const ANSWERED_LIMIT_MS = 30_000

export class Traffic {
  readonly #failures: string[] = []
  readonly #ended: Promise<unknown>
  #answered = 0
  #hits = 0
  #ending = false

  constructor(url: string) {
    this.#ended = Promise.all(Array.from({ length: READERS }, (_, reader) => this.#read(url, reader)))
  }

  /** So many more than there are. */
  async hasAnswered(more: number): Promise<void> {
    const wanted = this.#answered + more
    await until(async () => this.#answered >= wanted, ANSWERED_LIMIT_MS, `${more} answers`)
  }

  /** Throws if a request failed. */
  async end(): Promise<string> {
    this.#ending = true
    await this.#ended
    const told = `${this.#answered} answers, ${this.#hits} of them kept by the edge, ${this.#failures.length} failed`
    if (this.#failures.length > 0) throw new Error(`${told}: ${this.#failures.slice(0, 5).join('; ')}`)
    return told
  }

  async #read(url: string, reader: number): Promise<void> {
    for (let n = reader; !this.#ending; n += READERS) {
      // Every third is one that no edge has kept.
      const path = n % 3 === 0 ? `/products/${1 + (n % PRODUCTS)}/stock` : `/products/${1 + (n % PRODUCTS)}`
      try {
        const response = await fetch(url + path, { signal: AbortSignal.timeout(20_000) })
        await response.arrayBuffer()
        if (!response.ok && response.status !== 404) this.#failures.push(`${path}: ${response.status}`)
        if (response.headers.get('cache-status')?.includes('edge; hit')) this.#hits++
      } catch (error) {
        this.#failures.push(`${path}: ${error}`)
      }
      this.#answered++
    }
  }
}
