/**
 * A thread with a cache of its own that invalidates tags, one after another, while the thread that started it is blocked:
 * told to, it does, and says so in shared memory, since nobody there could read a message.
 */

import { parentPort, workerData } from 'node:worker_threads'

import { createCache } from '../src/index.ts'
import { redis } from '../src/redis/index.ts'

export interface Given {
  readonly url: string
  readonly name: string
  readonly tags: readonly string[]
  /** Set to 1 once all is acknowledged, to 2 when something was not. */
  readonly done: Int32Array
}

const { url, name, tags, done } = workerData as Given
const cache = createCache({ name, redis: redis({ url, commandTimeout: 5_000 }) })
if (!(await cache.ready({ timeout: 20_000 }))) throw new Error('not ready')

parentPort?.once('message', async () => {
  let acknowledged = true
  for (const tag of tags) acknowledged = (await cache.invalidateTags([tag])) && acknowledged
  Atomics.store(done, 0, acknowledged ? 1 : 2)
  Atomics.notify(done, 0)
  await cache.close()
})
parentPort?.postMessage('ready')
