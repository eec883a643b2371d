/** Waiting for a condition, never for a time, and never longer than a limit or than the person at the terminal wants. */

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
