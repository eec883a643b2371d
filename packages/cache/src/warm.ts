/** Warming: reading many values so that they are cached, a bounded number at once, telling how far it is. */

import { optionInvalid } from './errors.ts'

export interface WarmOptions {
  /**
   * Most reads at once.
   * @default 8
   */
  readonly concurrent?: number | undefined
  /** Called after each value. */
  readonly onProgress?: ((warmed: Warmed) => void) | undefined
  /** Stops before the next value. What is under way ends. */
  readonly signal?: AbortSignal | undefined
}

export interface Warmed {
  readonly done: number
  readonly failed: number
  /** What the last of those that failed was rejected with. */
  readonly error?: unknown
}

const CONCURRENT = 8
const MOST = 10_000

export async function warm<A>(
  arguments_: Iterable<A> | AsyncIterable<A>,
  read: (argument: A) => Promise<unknown>,
  { concurrent = CONCURRENT, onProgress, signal }: WarmOptions = {},
): Promise<Warmed> {
  if (!(Number.isSafeInteger(concurrent) && concurrent >= 1 && concurrent <= MOST))
    throw optionInvalid('concurrent', `a whole number from 1 to ${MOST}`, concurrent)
  let warmed: Warmed = { done: 0, failed: 0 }
  const next = Symbol.asyncIterator in arguments_ ? arguments_[Symbol.asyncIterator]() : arguments_[Symbol.iterator]()
  // One at a time asks for the next argument: an iterator need not bear more.
  let turn: Promise<unknown> = Promise.resolve()
  const worker = async (): Promise<void> => {
    while (!signal?.aborted) {
      const step = turn.then(() => next.next())
      turn = step
      const { done, value } = await step
      if (done) return
      const end = await read(value).then(
        () => undefined,
        (error: unknown) => ({ error }),
      )
      warmed = end ? { ...warmed, ...end, failed: warmed.failed + 1 } : { ...warmed, done: warmed.done + 1 }
      onProgress?.(warmed)
    }
  }
  await Promise.all(Array.from({ length: concurrent }, worker))
  return warmed
}
