/**
 * Where a value stands on an axis, as a share of its length, and the round values that are written beside it.
 *
 * Positions are shares and not pixels: a chart is as wide as the screen, and only the browser knows how wide that is.
 */

export interface Scale {
  /** 0 at the beginning of the axis, 1 at its end; what lies beyond is drawn on the border. */
  at(value: number): number
  /** Round, ascending, and inside. */
  readonly ticks: readonly number[]
  readonly isLogarithmic: boolean
}

const MOST_DECADES = 7

/** In milliseconds: what people count time in, up to a day. */
const TIME_STEPS = [
  100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
  3_600_000, 7_200_000, 14_400_000, 43_200_000,
]

/** From 0 to a round value at or above the greatest. */
export function linear(values: readonly number[], intervals = 4): Scale {
  const greatest = values.reduce((most, value) => Math.max(most, value), 0) || 1
  const step = roundStep(greatest / intervals)
  const count = Math.ceil(greatest / step - 1e-9)
  const end = step * count
  return {
    at: (value) => share(value / end),
    ticks: Array.from({ length: count + 1 }, (_, index) => tidy(index * step)),
    isLogarithmic: false,
  }
}

/** From 0 to 1, whatever the values are: shares of a whole. */
export const WHOLE: Scale = { at: share, ticks: [0, 0.25, 0.5, 0.75, 1], isLogarithmic: false }

/**
 * From the power of ten below the least to the one above the greatest. Zero has no logarithm and is still a value
 * people ask about, so it gets a place of its own: a decade below all others.
 */
export function logarithmic(values: readonly number[]): Scale {
  const positive = values.filter((value) => value > 0)
  if (positive.length === 0) return linear([])
  const high = Math.ceil(Math.log10(positive.reduce((most, value) => Math.max(most, value))))
  const least = Math.floor(Math.log10(positive.reduce((few, value) => Math.min(few, value))))
  const low = Math.max(Math.min(least, high - 1), high - MOST_DECADES)
  const foot = positive.length < values.length ? 1 : 0
  const length = high - low + foot
  const within = length <= 2 ? [1, 2, 5] : [1]
  const decades = Array.from({ length: high - low + 1 }, (_, index) => low + index)
  const ticks = decades.flatMap((decade) => within.map((first) => tidy(first * 10 ** decade)))
  return {
    at: (value) => (value > 0 ? share((Math.max(Math.log10(value), low) - low + foot) / length) : 0),
    ticks: [...(foot ? [0] : []), ...ticks.filter((tick) => tick <= 10 ** high)],
    isLogarithmic: true,
  }
}

/** From the start of the load to `endMs`, which need not be round: after the end there is nothing to show. */
export function timeline(endMs: number): Scale {
  const end = Math.max(endMs, 1)
  const step = TIME_STEPS.find((candidate) => end / candidate <= 8) ?? roundStep(end / 8)
  return {
    at: (ms) => share(ms / end),
    ticks: Array.from({ length: Math.floor(end / step) + 1 }, (_, index) => index * step),
    isLogarithmic: false,
  }
}

/** The least of 1, 2 and 5 times a power of ten that is not below. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return tidy((([1, 2, 5] as const).find((first) => first * power >= least * (1 - 1e-9)) ?? 10) * power)
}

/** Without what binary fractions leave behind: 0.3 and not 0.30000000000000004. */
function tidy(value: number): number {
  return Number(value.toPrecision(12))
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value))
}
