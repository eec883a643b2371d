/** Starts the Postgres of the run, once, and tells the tests where it is. Each test that needs a Redis has its own. */

import { startPostgres, temporaryDirectory, throwaway } from '@shop/local-stack'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
  }
}

let stop: () => Promise<void> = async () => undefined

export async function setup(project: TestProject): Promise<void> {
  const directory = await temporaryDirectory('worker')
  const postgres = await startPostgres({ dir: `${directory.path}/postgres`, settings: throwaway })
  project.provide('postgresUrl', postgres.url)
  stop = async () => {
    await postgres.stop()
    await directory.remove()
  }
}

export function teardown(): Promise<void> {
  return stop()
}
