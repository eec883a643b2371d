/** A database of its own for a file of tests, in the one Postgres of the run, with the 500 products of `tiny`. */

import { randomUUID } from 'node:crypto'
import { connect, type Database, migrate, seed } from '@shop/db'
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
  await seed(url.href, { size: 'tiny' })
  return { ...connect({ url: url.href, max: 1, applicationName: 'shop-worker-test' }), url: url.href }
}
