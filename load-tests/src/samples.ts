/** Measured durations, and what is said of them. */

export class Samples {
  readonly #values: number[] = []

  add(milliseconds: number): void {
    this.#values.push(milliseconds)
  }

  get count(): number {
    return this.#values.length
  }

  get max(): number {
    return this.#values.reduce((max, value) => Math.max(max, value), 0)
  }

  /** The smallest value that a share of all does not exceed (nearest rank). NaN when there are none. */
  quantile(share: number): number {
    const sorted = this.#values.toSorted((a, b) => a - b)
    return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  }

  /** Such as `p50 0.8 ms   p99 2.1 ms   max 9.5 ms`. */
  toString(): string {
    const ms = (value: number): string => `${value.toFixed(1)} ms`
    return `p50 ${ms(this.quantile(0.5))}   p99 ${ms(this.quantile(0.99))}   max ${ms(this.max)}`
  }
}
