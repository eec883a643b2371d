/** Measured durations, and what is said of them. */

import { milliseconds } from './numbers.ts'

/** As wide as "1 234.5 ms", so that lines below each other are columns. */
const WIDTH = 10

export class Samples {
  readonly #values: number[]
  #isSorted = false

  constructor(values: readonly number[] = []) {
    this.#values = [...values]
  }

  add(milliseconds: number): void {
    this.#values.push(milliseconds)
    this.#isSorted = false
  }

  get count(): number {
    return this.#values.length
  }

  get max(): number {
    return this.#values.reduce((max, value) => Math.max(max, value), 0)
  }

  /** The smallest value that a share of all does not exceed (nearest rank). NaN when there are none. */
  quantile(share: number): number {
    if (!this.#isSorted) this.#values.sort((a, b) => a - b)
    this.#isSorted = true
    return this.#values[Math.max(0, Math.ceil(share * this.#values.length) - 1)] ?? Number.NaN
  }

  /** Such as `p50     0.8 ms   p99     2.1 ms   max     9.5 ms`, or that there are none. */
  toString(): string {
    if (this.count === 0) return 'nothing was measured'
    const column = (value: number): string => milliseconds(value).padStart(WIDTH)
    return `p50 ${column(this.quantile(0.5))}   p99 ${column(this.quantile(0.99))}   max ${column(this.max)}`
  }
}
