/** `docs/admin.md`: each command in it is sent as it stands, and its answer held against the one that is printed. */

import { readFileSync } from 'node:fs'
import { seed } from '@shop/db'
import { startRedis, temporaryDirectory } from '@shop/local-stack'
import { expect, onTestFinished, test } from 'vitest'

import { MEANINGS } from '../src/admin/explanation.ts'
import { ADMIN_TOKEN, startApi } from './api-process.ts'
import { createDatabase } from './database.ts'

const page = readFileSync(new URL('../../../docs/admin.md', import.meta.url), 'utf8')

test('the page explains every verdict, in the words of the answer', () => {
  const rows = [...page.matchAll(/^\| `([a-z -]+)` \| ([^|]+) \| [^|]+ \|$/gm)].map(([, verdict, means]) => [
    verdict,
    means,
  ])
  expect(Object.fromEntries(rows)).toEqual(MEANINGS)
})

test('the commands of the page answer what it prints', async () => {
  const database = await createDatabase()
  onTestFinished(() => database.close())
  await seed(database.url, { size: 'tiny' })
  const directory = await temporaryDirectory('admin-docs')
  const redis = await startRedis({ dir: directory.path })
  onTestFinished(async () => {
    await redis.stop()
    await directory.remove()
  })
  const api = await startApi({
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    CACHE_LOAD_TIMEOUT_MS: '1000',
  })

  let answered: Answer | undefined
  let compared = 0
  for (const { kind, text, section } of blocksOf(page)) {
    if (section === 'While Redis is away') await redis.stop()
    if (kind === 'sh') for (const line of commandsOf(text)) answered = await send(line, api.url)
    if (kind.startsWith('json')) {
      expect({ section, status: answered?.status }).toEqual({ section, status: Number(kind.split(' ')[1] ?? 200) })
      expect(answered?.body, section).toEqual(expected(JSON.parse(text), answered?.body))
      compared++
    }
    if (kind === 'log') {
      const line = api.lines.find(({ action, pattern, keys }) => action === 'invalidate' && !pattern && keys === 1)
      expect(line).toEqual(expected(JSON.parse(text), line))
      compared++
    }
  }
  expect(compared).toBe(9)
})

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** The fenced blocks, each with the heading it stands below. */
function blocksOf(text: string): { kind: string; text: string; section: string }[] {
  let section = ''
  return [...text.matchAll(/^## (.+)$|^```(\S.*)\n([\s\S]*?)^```$/gm)].flatMap(([, heading, kind, body]) => {
    section = heading ?? section
    return kind && body ? [{ kind, text: body, section }] : []
  })
}

function commandsOf(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('curl '))
}

/** As curl would send it. Only what the page uses is understood. */
async function send(command: string, url: string): Promise<Answer> {
  const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, plain]) =>
    (single ?? double ?? plain ?? '').replace('$SHOP', url).replace('$ADMIN', `Authorization: Bearer ${ADMIN_TOKEN}`),
  )
  const headers = new Headers()
  let [address, body]: (string | undefined)[] = []
  for (let at = 1; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '-H') headers.append(...((words[++at] ?? '').split(': ') as [string, string]))
    else if (word === '-d') body = words[++at]
    else if (word.startsWith('http')) address = word
    else expect(word, command).toBe('-s')
  }
  const response = await fetch(address ?? '', {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    body: body ?? null,
  })
  return { status: response.status, body: await response.json() }
}

/** Members that are never twice the same; of these, and of measured numbers, the page shows what they look like. */
const VARYING = new Set(['hash', 'stamped', 'current', 'request_id', 'time'])
const COUNTED = new Set(['tags', 'keys', 'found'])

/** What is printed, with that which varies as it was given. */
function expected(printed: unknown, given: unknown, name = ''): unknown {
  if (VARYING.has(name) && typeof given === typeof printed) return given
  // Which category the product is in depends on the size of the seed.
  if (name === 'tag' && /^category:/.test(String(printed)) && /^category:\d+$/.test(String(given))) return given
  if (typeof printed === 'number' && typeof given === 'number') return COUNTED.has(name) ? printed : given
  if (Array.isArray(printed) && Array.isArray(given)) {
    // The page shows one of them, and says so.
    if (typeof printed[0] === 'object' && 'keep' in printed[0]) {
      return given.map((one) => (one.name === printed[0].name ? expected(printed[0], one) : one))
    }
    return printed.map((one, index) => expected(one, given[index], typeof one === 'object' ? '' : 'element'))
  }
  if (typeof printed !== 'object' || printed === null || typeof given !== 'object' || given === null) return printed
  return Object.fromEntries(
    Object.entries(printed).map(([key, value]) => [key, expected(value, (given as Record<string, unknown>)[key], key)]),
  )
}
