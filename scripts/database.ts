/** Brings a database to the newest schema and fills it if it is empty. */

import { migrate, SeedError, type SeedSize, seed } from '@shop/db'

import type { Terminal } from './terminal.ts'

const USUAL_SIZE: SeedSize = 'demo'

/**
 * With a size, exactly that seed must be there afterwards. Without one, a database that holds anything stays as it is.
 */
export async function prepareDatabase(url: string, size: SeedSize | undefined, terminal: Terminal): Promise<void> {
  const migrating = terminal.step('migrate')
  let outcome = ''
  await migrate(url, (line) => {
    outcome = line
    migrating.progress(line)
  })
  migrating.done(outcome)
  await fill(url, size, terminal)
}

async function fill(url: string, size: SeedSize | undefined, terminal: Terminal): Promise<void> {
  const seeding = terminal.step('seed')
  try {
    const result = await seed(url, {
      size: size ?? USUAL_SIZE,
      report: ({ table, done, total }) =>
        seeding.progress(`${table} ${total === 0 ? 100 : Math.floor((done / total) * 100)} %`),
    })
    const products = (result.counts.products ?? 0).toLocaleString('en')
    seeding.done(`${result.size}, ${products} products${result.seeded ? '' : ', as before'}`)
  } catch (error) {
    const isOther = error instanceof SeedError && error.code !== 'SEED_NOT_MIGRATED'
    if (size !== undefined || !isOther) throw error
    seeding.done('what is there stays')
  }
}
