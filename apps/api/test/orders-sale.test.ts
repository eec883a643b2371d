/** 5 000 buyers at once for 1 000 pieces, in front of two processes of the API. */

import { afterAll, expect, test } from 'vitest'

import { startApi } from './api-process.ts'
import { createDatabase } from './database.ts'
import { holdSale, type Sale } from './sale.ts'

const database = await createDatabase()
afterAll(() => database.close())

const SECRET = 'the-secret-that-signs-tokens-of-this-sale'

async function sale(kill: boolean): Promise<Sale> {
  const environment = {
    DATABASE_URL: database.url,
    CUSTOMER_TOKEN_SECRET: SECRET,
    CACHE: 'off',
    LOG_LEVEL: 'error',
  }
  const processes = await Promise.all([startApi(environment), startApi(environment)])
  const held = await holdSale({
    sql: database.sql,
    secret: SECRET,
    units: 1000,
    buyers: 5000,
    processes: processes.map(({ url, child }) => ({ url, kill: () => void child.kill('SIGKILL') })),
    kill,
  })
  expect(processes.flatMap(({ lines }) => lines)).toEqual([])
  return held
}

function expectKept({ findings }: Sale): void {
  expect(Object.fromEntries(findings.map(({ fact, found }) => [fact, found]))).toEqual(
    Object.fromEntries(findings.map(({ fact, expected }) => [fact, expected])),
  )
}

test('as many are sold as there are, everybody is told, and the money adds up', async () => {
  const held = await sale(false)
  expectKept(held)
  expect([held.failedAttempts, held.replayed]).toEqual([0, 0])
})

test('so it is when a process is killed in the middle and its buyers go to the other', async () => {
  const held = await sale(true)
  expectKept(held)
  expect(held.failedAttempts).toBeGreaterThan(0)
})
