/** `docs/orders.md`: each request in it is sent as it stands, and its answer held against the one that is printed. */

import { readFileSync } from 'node:fs'
import { seed } from '@shop/db'
import { afterAll, expect, test } from 'vitest'

import { customerToken, DEVELOPMENT_CUSTOMER_SECRET } from '../src/http/customer.ts'
import { startApi } from './api-process.ts'
import { createDatabase } from './database.ts'

const database = await createDatabase()
afterAll(() => database.close())

const page = readFileSync(new URL('../../../docs/orders.md', import.meta.url), 'utf8')
const transcript = [...page.matchAll(/```sh\n(curl .+)\n```\n\n```http\n([\s\S]+?)\n```/g)]

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | null>>
  readonly body: Readonly<Record<string, unknown>>
}

function printed(text: string): Answer {
  const [head = '', body = ''] = text.split('\n\n')
  const [first = '', ...headers] = head.split('\n')
  return {
    status: Number(first.split(' ')[1]),
    headers: Object.fromEntries(headers.map((line) => line.split(/: (.*)/).slice(0, 2))),
    body: JSON.parse(body),
  }
}

/** The part of the syntax of curl and of a shell that the page uses. */
async function send(command: string, shop: string, token: string): Promise<Response> {
  const [address = ''] = /http:\/\/127\.0\.0\.1:3000\S*/.exec(command) ?? []
  const headers = [...command.matchAll(/-H (['"])(.+?)\1/g)].map(([, , header = '']) => header.replace('$TOKEN', token))
  const body = / -d '(.+)'/.exec(command)?.[1]
  return fetch(address.replace('http://127.0.0.1:3000', shop), {
    headers: headers.map((header) => header.split(/: (.*)/).slice(0, 2) as [string, string]),
    ...(body !== undefined && { method: 'POST', body }),
  })
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/

/** What each run makes anew. */
function withoutOwn({ id: _, createdAt: __, requestId: ___, ...rest }: Answer['body']): Answer['body'] {
  return rest
}

test('the requests of the page are answered as it says', async () => {
  await seed(database.url, { size: 'tiny' })
  // As it is in the demo that `npm start` brings.
  await database.sql`update prices set amount = 1699, compare_at = null where variant_id = 136`
  const api = await startApi({ DATABASE_URL: database.url, CACHE: 'off' })
  const token = await customerToken(DEVELOPMENT_CUSTOMER_SECRET, 42, 60)

  expect(transcript).toHaveLength(5)
  for (const [, command = '', text = ''] of transcript) {
    const expected = printed(text)
    const response = await send(command, api.url, token)
    expect(response.status, command).toBe(expected.status)
    for (const [name, value] of Object.entries(expected.headers)) {
      expect(response.headers.get(name)?.replace(UUID, 'id'), name).toBe(value?.replace(UUID, 'id'))
    }
    expect(withoutOwn((await response.json()) as Answer['body']), command).toEqual(withoutOwn(expected.body))
  }
})
