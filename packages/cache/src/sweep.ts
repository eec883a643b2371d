/**
 * A sweep: invalidates every key that matches a pattern, by going through the keys of Redis.
 *
 * Each process is told the pattern first, and lets go of what it holds in memory and of what it is loading. Then the keys are
 * gone through and invalidated like keys that someone named. What a process that was not told of it was loading meanwhile can
 * be stored behind the sweep's back, so there is a second pass, after the last lease of that time has ended:
 *
 *     sweep    pattern ── k is not there ── … ──── longest load, and the end of its lease ──── pattern ── k: invalidated
 *     P2       (deaf)     claim k, load (old) ─── fill k: stored
 *
 * Redis is asked for few keys at a time and is left alone between. Nothing that a read or a write waits for ever does this;
 * what belongs together has a tag (docs/invalidation.md).
 */

import { type Clock, type Millis, millis } from './clock.ts'
import type { Engine } from './engine.ts'
import type { Invalidator } from './invalidate.ts'
import { checkPattern, matches } from './pattern.ts'
import { LEASE_MARGIN } from './read.ts'
import type { Remote } from './remote.ts'

/** Keys that Redis looks at in one step; it does nothing else meanwhile. */
const STEP = 500
/** Between two steps. */
const PAUSE: Millis = millis(5)
const PASSES = 2

export interface SweepOptions {
  /** Stops it: it rejects with the reason. What is invalidated stays so. */
  readonly signal?: AbortSignal | undefined
  /** Called after each step. */
  readonly onProgress?: ((swept: Swept) => void) | undefined
}

export interface Swept {
  /** Keys of Redis that were looked at, about: whosever they are, and in each pass. */
  readonly scanned: number
  /** Of those, the keys that matched. */
  readonly matched: number
  /** Of those, the keys that Redis has invalidated. */
  readonly invalidated: number
  readonly passes: number
  /** As of `Cache.invalidateTags`. */
  readonly acknowledged: boolean
}

/** `longest`: how long a load may take, anywhere. */
export async function sweep(
  engine: Engine,
  invalidator: Invalidator,
  pattern: string,
  longest: Millis,
  { signal, onProgress }: SweepOptions = {},
): Promise<Swept> {
  checkPattern(pattern)
  const { remote, clock } = engine
  let swept: Swept = { scanned: 0, matched: 0, invalidated: 0, passes: 0, acknowledged: true }
  for (let pass = 1; pass <= PASSES; pass++) {
    signal?.throwIfAborted()
    await invalidator.originateMatching(pattern)
    swept = { ...swept, passes: pass }
    // Alone, nothing is stored by anyone who was not told.
    if (!remote) return swept
    for await (const keys of steps(remote, clock, pattern, signal)) {
      const isDone = keys.length === 0 || (await invalidator.originate([], keys))
      swept = {
        passes: pass,
        scanned: swept.scanned + STEP,
        matched: swept.matched + keys.length,
        invalidated: swept.invalidated + (isDone ? keys.length : 0),
        acknowledged: swept.acknowledged && isDone,
      }
      onProgress?.(swept)
    }
    if (pass < PASSES) await pause(clock, millis(longest + LEASE_MARGIN), signal)
  }
  return swept
}

/** The keys that match, step by step. */
async function* steps(
  remote: Remote,
  clock: Clock,
  pattern: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly string[]> {
  let cursor: string | undefined
  do {
    if (cursor !== undefined) await pause(clock, PAUSE, signal)
    const step = await remote.scan(pattern, cursor, STEP)
    cursor = step.next
    yield step.keys.filter((key) => matches(pattern, key))
  } while (cursor !== undefined)
}

function pause(clock: Clock, delay: Millis, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  return new Promise((resolve, reject) => {
    const cancel = clock.timer(delay, () => {
      signal?.removeEventListener('abort', leave)
      resolve()
    })
    const leave = (): void => {
      cancel()
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', leave, { once: true })
  })
}
