/** The migrate step of the image: brings the database at DATABASE_URL to the newest schema, then ends. */

import { migrate } from '@shop/db'

const url = process.env.DATABASE_URL
if (!url) {
  process.stderr.write(
    'DATABASE_URL is required: the address of Postgres, such as postgres://shop:secret@postgres/shop\n',
  )
  process.exit(1)
}
await migrate(url, (line) => process.stdout.write(`${line}\n`))
