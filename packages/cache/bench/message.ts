/** What a forked process says next, or that it has ended. */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export async function messageOf(child: ChildProcess): Promise<unknown> {
  const over = new AbortController()
  const { signal } = over
  const ended = once(child, 'exit', { signal }).then(([code, by]) => {
    throw new Error(`a process of the benchmark ended with ${code ?? by}`)
  })
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), ended])
    return message
  } finally {
    // Whichever has not come is not waited for.
    ended.catch(() => undefined)
    over.abort()
  }
}
