/**
 * The least a Node server can do: the same bytes with the same header fields for whatever is asked, and no thought.
 *
 * What it answers is read from its parent. It is the ceiling that the API is compared with.
 */

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const [{ fields, body }] = (await once(process, 'message')) as [
  { readonly fields: readonly [string, string][]; readonly body: string },
]
const headers = Object.fromEntries(fields)
const bytes = Buffer.from(body)

const server = createServer((_, response) => {
  response.writeHead(200, headers)
  response.end(bytes)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
