/**
 * The seed step of the image: fills the database at DATABASE_URL to the size given as argument, then ends. A database
 * that is seeded already is left as it is.
 */

import { type SeedSize, seed } from '@shop/db'

const SIZES: readonly SeedSize[] = ['tiny', 'demo', 'large']

const url = process.env.DATABASE_URL
const size = SIZES.find((known) => known === (process.argv[2] ?? 'demo'))
if (!url) {
  process.stderr.write(
    'DATABASE_URL is required: the address of Postgres, such as postgres://shop:secret@postgres/shop\n',
  )
}
if (!size) process.stderr.write(`The size to seed is one of ${SIZES.join(', ')}\n`)
if (!url || !size) process.exit(1)

const startedAt = performance.now()
const result = await seed(url, { size })
const seconds = Math.round(performance.now() - startedAt) / 1_000
process.stdout.write(`${JSON.stringify({ ...result, seconds })}\n`)
