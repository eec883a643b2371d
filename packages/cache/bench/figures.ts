/** Figures from samples, and how a person reads them. */

export interface Spread {
  readonly median: number
  /** A quarter of the samples is below, a quarter above. */
  readonly low: number
  readonly high: number
}

/** The smallest value that a share of all does not exceed (nearest rank). NaN when there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function largest(values: readonly number[]): number {
  return quantile(values, 1)
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) }
}

/** Such as `0.92 × (0.90–0.95)`. */
export function times({ median, low, high }: Spread): string {
  return `${factor(median)} × (${factor(low)}–${factor(high)})`
}

/** Two digits that count: peers are a hundredth of the baseline, and two of these are not alike. */
function factor(value: number): string {
  return value < 0.095 ? value.toPrecision(2) : value.toFixed(2)
}

export function perSecond(value: number): string {
  return value < 100_000 ? `${(value / 1_000).toFixed(1)} k/s` : `${(value / 1_000).toFixed(0)} k/s`
}

/** With its sign: `+ 1.20 ms`. */
export function difference(value: number): string {
  return `${value < 0 ? '−' : '+'} ${milliseconds(Math.abs(value))}`
}

export function milliseconds(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`
}
