/** Starts what the tests talk to, once for the run, and tells them where it is. */

import { startPostgres, startRedis, temporaryDirectory, throwaway } from '@shop/local-stack'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
    redisUrl: string
  }
}

let stop: () => Promise<void> = async () => undefined

export async function setup(project: TestProject): Promise<void> {
  const directory = await temporaryDirectory('api')
  const [postgres, redis] = await Promise.all([
    startPostgres({ dir: `${directory.path}/postgres`, settings: throwaway }),
    startRedis({ dir: `${directory.path}/redis` }),
  ])
  project.provide('postgresUrl', postgres.url)
  project.provide('redisUrl', redis.url)
  stop = async () => {
    await Promise.all([postgres.stop(), redis.stop()])
    await directory.remove()
  }
}

export function teardown(): Promise<void> {
  return stop()
}
