/** A database of its own for a file of tests, in the one Postgres of the run. */

import { randomUUID } from 'node:crypto'
import { connect, type Database, migrate } from '@shop/db'
import { inject } from 'vitest'

export interface TestDatabase extends Database {
  readonly url: string
}

export async function createDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const server = connect({ url: inject('postgresUrl'), max: 1 })
  await server.sql.unsafe(`create database ${name}`)
  await server.close()

  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  await migrate(url.href)
  return { ...connect({ url: url.href, max: 4, applicationName: 'shop-api-test' }), url: url.href }
}
