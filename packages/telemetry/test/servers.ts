/** One PostgreSQL and one Redis for the whole run. Tests get their URLs by `inject`. */

import { join } from 'node:path'
import { startPostgres, startRedis, temporaryDirectory } from '@shop/local-stack'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    readonly postgresUrl: string
    readonly redisUrl: string
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await temporaryDirectory('telemetry')
  const started = await Promise.allSettled([
    startPostgres({ dir: join(directory.path, 'postgres') }),
    startRedis({ dir: join(directory.path, 'redis') }),
  ])
  const teardown = async (): Promise<void> => {
    await Promise.all(started.map((server) => (server.status === 'fulfilled' ? server.value.stop() : undefined)))
    await directory.remove()
  }
  const [postgres, redis] = started
  if (postgres.status === 'rejected' || redis.status === 'rejected') {
    await teardown()
    throw [postgres, redis].find((server) => server.status === 'rejected')?.reason
  }
  project.provide('postgresUrl', postgres.value.url)
  project.provide('redisUrl', redis.value.url)
  return teardown
}
