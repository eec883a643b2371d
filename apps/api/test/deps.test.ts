/** What a process opens, by how it is configured. */

import { afterAll, expect, test } from 'vitest'

import { readConfig } from '../src/config.ts'
import { openDeps } from '../src/deps.ts'
import { createDatabase } from './database.ts'
import { fixtureId, insertFixture } from './fixture.ts'
import { RecordingLog } from './recording-log.ts'

const database = await createDatabase()
afterAll(() => database.close())

// A, with Redis         (holds 2999 in memory)                     the relay tells it
// B, without   price = 7 ── commit ── invalidated here, and told nobody: the row must stay open
test('a process without Redis leaves its rows of the outbox to the relay', async () => {
  await insertFixture(database.sql)
  await database.sql`update outbox set relayed_at = now()`
  const config = readConfig({ DATABASE_URL: database.url, WARM_LIMIT_MS: '0' })
  const deps = await openDeps(config, new RecordingLog(), { draining: false })
  try {
    const id = fixtureId('kettle-steel')
    expect((await deps.app.products.setPrice(id, { amount: 7, currency: 'EUR' })).type).toBe('written')
    expect((await deps.app.products.get(id))?.price.amount).toBe(7)
  } finally {
    await deps.close()
  }
  const [open] = await database.sql<{ count: number }[]>`select count(*) from outbox where relayed_at is null`
  expect(open?.count).toBe(1)
})
