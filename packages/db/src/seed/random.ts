/**
 * Chance that comes out the same on every machine.
 *
 * Nothing here has state that outlives a row: `random('stock', 17)` always tells the same story about number 17,
 * whatever was asked before. So rows are made in any order, one at a time, and never kept.
 *
 * Only + - * /, `Math.sqrt` and `Math.imul` are used, whose results IEEE 754 and ECMAScript fix to the last bit. The
 * language leaves `Math.exp`, `Math.log` and `Math.pow` to the engine, hence the approximations below.
 *
 * The generator is mulberry32 (Tommy Ettinger, public domain), the mixer the finalizer of MurmurHash3 (Austin Appleby,
 * public domain).
 */

function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const streams = new Map<string, number>()

function seedOf(stream: string): number {
  const known = streams.get(stream)
  if (known !== undefined) return known
  let seed = 0x9e3779b9
  for (const character of stream) seed = mix(seed ^ (character.codePointAt(0) ?? 0)) + 0x6d2b79f5
  streams.set(stream, seed)
  return seed
}

/** e to the power of x, to three digits for |x| < 4: (1 + x/n)^n with n = 2^14, by squaring. */
function exp(x: number): number {
  let power = 1 + x / 16_384
  for (let i = 0; i < 14; i++) power *= power
  return power
}

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** In [0, 1), in steps of 2^-32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number in [0, below). */
  int(below: number): number {
    return Math.floor(this.next() * below)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly T[]): T {
    const chosen = list[this.int(list.length)]
    if (chosen === undefined) throw new RangeError('Cannot pick from an empty list')
    return chosen
  }

  /** An index of `weights`, each as likely as its weight. */
  weighted(weights: readonly number[]): number {
    let left = this.next() * weights.reduce((sum, weight) => sum + weight, 0)
    const index = weights.findIndex((weight) => {
      left -= weight
      return left < 0
    })
    return index < 0 ? weights.length - 1 : index
  }

  /** Normally distributed around 0 with deviation 1, by the sum of twelve (Irwin–Hall). Never beyond 6. */
  normal(): number {
    let sum = -6
    for (let i = 0; i < 12; i++) sum += this.next()
    return sum
  }

  /** Log-normally distributed: half of the values below `median`, a long tail above. */
  logNormal(median: number, spread: number): number {
    return median * exp(spread * this.normal())
  }
}

export function random(stream: string, index: number): Random {
  return new Random(mix(seedOf(stream) ^ mix(index + 0x632be5ab)))
}

export interface Permutation {
  /** Where number `index` goes. Both are in [0, size). */
  at(index: number): number
  /** Which number went to `place`. */
  indexOf(place: number): number
}

/**
 * A shuffle of 0 … size-1 that holds no list: a Feistel network of four rounds over the next even power of two, walked
 * until it lands inside (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
 */
export function permutation(stream: string, index: number, size: number): Permutation {
  let half = 1
  while (4 ** half < size) half++
  const mask = 2 ** half - 1
  const keys = [0, 1, 2, 3].map((round) => mix(seedOf(stream) ^ mix(index * 4 + round)))

  const rounds = (value: number, order: readonly number[]): number => {
    let left = Math.floor(value / (mask + 1))
    let right = value & mask
    for (const key of order) {
      const swapped = left ^ (mix(right ^ key) & mask)
      left = right
      right = swapped
    }
    // The halves leave swapped, which makes the network its own inverse under the reversed keys.
    return right * (mask + 1) + left
  }
  const walk = (start: number, order: readonly number[]): number => {
    let value = rounds(start, order)
    while (value >= size) value = rounds(value, order)
    return value
  }
  const reversed = keys.toReversed()
  return { at: (value) => walk(value, keys), indexOf: (place) => walk(place, reversed) }
}

/** How often rank `rank` is wanted, against rank 1: Zipf's law with exponent 3/4, which two square roots give exactly. */
export function zipf(rank: number): number {
  const root = Math.sqrt(rank)
  return 1 / (root * Math.sqrt(root))
}

/**
 * Deals `total` indivisible things to `weights`, in proportion and without one left over. Gives the running sums: owner
 * i has those from `sums[i]` up to `sums[i + 1]`.
 */
export function deal(total: number, weights: Float64Array): Uint32Array {
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  const sums = new Uint32Array(weights.length + 1)
  let sum = 0
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i] ?? 0
    sums[i + 1] = Math.round((sum / all) * total)
  }
  return sums
}

/** Who owns number `index`, of those that `deal` has dealt. */
export function ownerOf(sums: Uint32Array, index: number): number {
  let low = 0
  let high = sums.length - 2
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if ((sums[middle] ?? 0) <= index) low = middle
    else high = middle - 1
  }
  return low
}
