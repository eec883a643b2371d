/** Starts the server that all test files share, with one migrated database to copy from. */

import { startPostgres, temporaryDirectory, throwaway } from '@shop/local-stack'
import postgres from 'postgres'
import type { TestProject } from 'vitest/node'

import { migrate } from '../src/migrate.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A URL for creating and dropping databases. */
    readonly postgresUrl: string
  }
}

export const TEMPLATE = 'migrated'

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await temporaryDirectory('db')
  const server = await startPostgres({ dir: directory.path, settings: throwaway })
  const admin = postgres(server.url, { max: 1 })
  await admin.unsafe(`create database ${TEMPLATE}`)
  await admin.end()
  const template = new URL(server.url)
  template.pathname = `/${TEMPLATE}`
  await migrate(template.href)
  project.provide('postgresUrl', server.url)
  return async () => {
    await server.stop()
    await directory.remove()
  }
}
