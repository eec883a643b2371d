/** Chance from a seed: the same seed gives the same numbers (mulberry32, by Tommy Ettinger). */

export interface Random {
  /** From 0, included, to 1, not included. */
  next(): number
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number
  between(least: number, most: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  shuffled<T>(list: readonly T[]): T[]
}

export function createRandom(seed: number): Random {
  let state = seed | 0
  const random: Random = {
    next() {
      state = (state + 0x6d2b79f5) | 0
      let word = Math.imul(state ^ (state >>> 15), 1 | state)
      word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
      return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
    },
    below: (limit) => Math.floor(random.next() * limit),
    between: (least, most) => least + random.next() * (most - least),
    chance: (probability) => random.next() < probability,
    pick: <T>(list: readonly T[]) => list[random.below(list.length)] as T,
    shuffled<T>(list: readonly T[]) {
      const order = list.map((item) => ({ item, rank: random.next() }))
      return order.sort((a, b) => a.rank - b.rank).map(({ item }) => item)
    },
  }
  return random
}

/** Numbers from 0 to `count` - 1, the first the most often: the n-th is drawn in proportion to 1 / (n + 1). */
export function createZipf(random: Random, count: number): () => number {
  const sums: number[] = []
  let sum = 0
  for (let n = 0; n < count; n++) {
    sum += 1 / (n + 1)
    sums.push(sum)
  }
  return () => {
    const drawn = random.next() * sum
    let [low, high] = [0, count - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] as number) > drawn) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Words that have nothing in common, from numbers that have. */
export function hash(a: number, b: number): number {
  let word = Math.imul(a + 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35)
  word = Math.imul(word ^ (word >>> 15), 0x27d4eb2f)
  return (word ^ (word >>> 13)) >>> 0
}
