/** Waiting: for a condition or for an instant of a plan, and never longer than the person at the terminal wants. */

import { setTimeout as delay } from 'node:timers/promises'

export interface Patience {
  readonly limitMs: number
  readonly everyMs?: number
  readonly signal: AbortSignal
}

/** Waits until the condition holds; `false` when the time is up. Rejects when aborted or when the condition does. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  { limitMs, everyMs = 50, signal }: Patience,
): Promise<boolean> {
  const deadline = performance.now() + limitMs
  for (;;) {
    signal.throwIfAborted()
    if (await condition()) return true
    if (performance.now() > deadline) return false
    await delay(everyMs, undefined, { signal })
  }
}

/** Resolves at an instant (milliseconds since 1970), or at once when it has passed. */
export async function sleepUntil(instant: number, signal: AbortSignal): Promise<void> {
  await delay(Math.max(0, instant - Date.now()), undefined, { signal })
}

/** What the promise does; rejects at once when aborted. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
