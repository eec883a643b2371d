/**
 * Visits: which product each visitor opens, by Zipf's law, and what came of it.
 *
 * The product of rank r is opened in proportion to 1 / r^0.99, the skew of YCSB (Cooper et al., SoCC 2010). Who has which
 * rank is drawn anew and has nothing to do with what the seed calls popular, so that only counted traffic can know it.
 * Equal seeds give equal visits.
 */

const SKEW = 0.99
const AT_ONCE = 8

export interface Visits {
  /** Of the first thousand, and of all: the share that the cache answered without a load. */
  readonly firstHits: number
  readonly hits: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const FIRST = 1_000

/** From 0 to 1, from a seed: mulberry32 (Tommy Ettinger, public domain). */
function chanceOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The products in the order of their ranks: any order, always the same. */
export function ranked(ids: readonly number[]): readonly number[] {
  const chance = chanceOf(1)
  return ids
    .map((id) => ({ id, place: chance() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ id }) => id)
}

export function* zipf(ranks: readonly number[], count: number, seed: number): Generator<number, undefined> {
  const chance = chanceOf(seed)
  let sum = 0
  const sums = ranks.map((_, place) => (sum += (place + 1) ** -SKEW))
  for (let visit = 0; visit < count; visit++) {
    const drawn = chance() * sum
    let [low, high] = [0, sums.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] ?? 0) > drawn) high = middle
      else low = middle + 1
    }
    yield ranks[low] as number
  }
}

/** A few visitors at once, each opening the next product when it has the one before. */
export async function visit(url: string, ids: Iterator<number, undefined>): Promise<Visits> {
  const isHit: boolean[] = []
  const durations: number[] = []
  const visitor = async () => {
    for (let next = ids.next(); !next.done; next = ids.next()) {
      const startedAt = performance.now()
      const response = await fetch(`${url}/products/${next.value}`)
      await response.arrayBuffer()
      durations.push(performance.now() - startedAt)
      if (response.status !== 200) throw new Error(`GET /products/${next.value} answers ${response.status}`)
      isHit.push(/; hit/.test(response.headers.get('Cache-Status') ?? ''))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, visitor))
  const share = (all: readonly boolean[]) => all.filter(Boolean).length / all.length
  return {
    firstHits: share(isHit.slice(0, FIRST)),
    hits: share(isHit),
    p50Ms: percentile(durations, 0.5),
    p99Ms: percentile(durations, 0.99),
  }
}

/** By the nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? Number.NaN
}
