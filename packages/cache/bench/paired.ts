/**
 * Paired measuring: baseline and candidate take turns within one run, so that a noisy neighbour hits both, and
 * what is reported is the median of the ratios of neighbouring rounds.
 */

export interface Case {
  readonly name: string
  /** What the ratio should at least be. */
  readonly goal: number
  /** Operations per round, of both. */
  readonly operations: number
  readonly baseline: () => Promise<void> | void
  readonly candidate: () => Promise<void> | void
}

export interface Result {
  readonly name: string
  readonly goal: number
  /** Candidate's speed over the baseline's: above 1 is faster. */
  readonly ratio: number
  /** Operations per second, in the median round. */
  readonly baseline: number
  readonly candidate: number
}

export async function measure({ name, goal, operations, baseline, candidate }: Case, rounds: number): Promise<Result> {
  const ratios: number[] = []
  const speeds: { baseline: number[]; candidate: number[] } = { baseline: [], candidate: [] }
  // The first rounds warm up the compiler and are not counted.
  for (let round = -2; round < rounds; round++) {
    const first = round % 2 === 0
    const a = first ? await speedOf(baseline, operations) : 0
    const c = await speedOf(candidate, operations)
    const b = first ? a : await speedOf(baseline, operations)
    if (round < 0) continue
    ratios.push(c / b)
    speeds.baseline.push(b)
    speeds.candidate.push(c)
  }
  return { name, goal, ratio: median(ratios), baseline: median(speeds.baseline), candidate: median(speeds.candidate) }
}

async function speedOf(run: () => Promise<void> | void, operations: number): Promise<number> {
  globalThis.gc?.()
  const startedAt = performance.now()
  await run()
  return (operations / (performance.now() - startedAt)) * 1_000
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}
