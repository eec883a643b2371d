/** Every TypeScript snippet of the documentation runs, as it stands, against a real Redis. */

import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { redisWorld } from './redis-world.ts'

const here = fileURLToPath(new URL('..', import.meta.url))
const DOCUMENTS = ['README.md']

const snippets = DOCUMENTS.flatMap((document) =>
  [...readFileSync(join(here, document), 'utf8').matchAll(/^```ts\n([\s\S]+?)^```$/gm)].map(
    ([, code = ''], i) => [`${document} ${i + 1}`, code] as const,
  ),
)

let world: Awaited<ReturnType<typeof redisWorld>>
beforeAll(async () => {
  world = await redisWorld()
})
afterAll(() => world.close())

test.each(snippets)('%s', async (name, code) => {
  const folder = join(here, 'report/snippets')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.ts`)
  writeFileSync(file, code)
  const { stdout } = await promisify(execFile)(process.execPath, [file], {
    env: { ...process.env, REDIS_URL: world.url },
  })
  const said = [...code.matchAll(/console\.log\(.*\/\/ (\d+|true|serve)\b/g)].map(([, word]) => word)
  for (const word of said) expect(stdout).toContain(word)
  expect(stdout).not.toBe('')
})
