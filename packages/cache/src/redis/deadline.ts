/**
 * Every wait for Redis has an end.
 */

import type { Clock, Millis } from '../clock.ts'
import { remoteTimeout } from '../errors.ts'

/**
 * The result of `sent`, or `CACHE_REMOTE_TIMEOUT` after `limit`. A process that was busy for longer than the limit
 * finds its timer due before it has read its sockets, so the deadline looks at them once more. An answer
 * that comes later still goes to `late`.
 */
export function withDeadline<R>(
  clock: Clock,
  operation: string,
  limit: Millis,
  sent: Promise<R>,
  late?: (answer: R) => void,
): Promise<R> {
  return new Promise((resolve, reject) => {
    let over = false
    const cancel = clock.timer(limit, () => {
      clock.soon(() => {
        over = true
        reject(remoteTimeout(operation, limit))
      })
    })
    sent.then(
      (answer) => {
        cancel()
        if (over) late?.(answer)
        else resolve(answer)
      },
      (error: unknown) => {
        cancel()
        reject(error)
      },
    )
  })
}
