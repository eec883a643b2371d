/**
 * The documentation, held to what it says.
 *
 * Every TypeScript snippet compiles, and runs as it stands in a Node of its own against an empty Redis. What a comment
 * after a `console.log` says is what that line prints, each time it runs; the reason may follow after a colon:
 *
 *     console.log(await cache.invalidateTags(['audio'])) // true: Redis has it
 *
 * A number in a table is that of the constant which its row names, a layout is the one in the source, and a test that is
 * named exists.
 */

import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { tsc } from '../scripts/pack.ts'
import { SCRIPTS } from '../src/redis/scripts.ts'
import { redisWorld } from './redis-world.ts'

const here = fileURLToPath(new URL('..', import.meta.url))
const folder = join(here, 'report/snippets')

const DOCUMENTS = [
  'README.md',
  ...readdirSync(join(here, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => `docs/${file}`),
]

interface Snippet {
  readonly name: string
  readonly file: string
  readonly code: string
}

/** Something a line printed, and its number. */
interface Printed {
  readonly line: number
  readonly text: string
}

const textOf = (document: string): string => readFileSync(join(here, document), 'utf8')

const snippets: readonly Snippet[] = DOCUMENTS.flatMap((document) =>
  [...textOf(document).matchAll(/^```ts\n([\s\S]+?)^```$/gm)].map(([, code = ''], i) => {
    const name = `${document} ${i + 1}`
    return { name, code, file: join(folder, `${name.replaceAll(/\W+/g, '-')}.ts`) }
  }),
)

/** Runs before a snippet: each `console.log` is noted with the line that called it. Stripping types moves no line. */
const NOTE_LINES = `
import { format } from 'node:util'
const log = console.log
console.log = (...args) => {
  const [, line] = /report\\/snippets\\/[\\w-]+\\.ts:(\\d+):/.exec(new Error().stack) ?? []
  log(JSON.stringify({ line: Number(line), text: format(...args) }))
}
`

async function run({ file }: Snippet, redisUrl: string): Promise<readonly Printed[]> {
  const preload = `data:text/javascript,${encodeURIComponent(NOTE_LINES)}`
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', preload, file], {
    env: { ...process.env, REDIS_URL: redisUrl },
    timeout: 20_000,
  })
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** What the code says it prints, by line. */
function claimsOf(code: string): readonly Printed[] {
  return code.split('\n').flatMap((text, i) => {
    const [, claim] = /\bconsole\.log\(.*\) \/\/ (.+)$/.exec(text) ?? []
    return claim === undefined ? [] : [{ line: i + 1, text: claim }]
  })
}

/** Objects too wide for one line are printed on several. */
function isSaid(claim: string, printed: string): boolean {
  const text = printed.replaceAll(/\s+/g, ' ')
  return claim === text || (text !== '' && claim.startsWith(`${text}: `))
}

/** A row of a table: the number, what it is of, and where it stands. */
const NUMBERS = /^\| ([\d. ]*\d) \|.*`(\w+)` in `(src\/[\w/-]+\.ts)`/gm
/** A block that stands in a comment of this file as well. */
const LAYOUTS = /^```text (src\/[\w/-]+\.ts)\n([\s\S]+?)^```$/gm
/** A file, and after it the names of tests in it. */
const CITED = /`((?:src|test)\/[\w./-]+\.ts)`( \*[^*]+\*(?:, \*[^*]+\*)*)/g

/** The lines without what stands before them in a comment. */
function withoutMargin(text: string): string {
  return text.replaceAll(/^ *(\* *)?/gm, '').replaceAll(/\n+/g, '\n')
}

describe('the snippets', () => {
  let world: Awaited<ReturnType<typeof redisWorld>>
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true })
    for (const { file, code } of snippets) writeFileSync(file, code)
    world = await redisWorld()
  })
  beforeEach(() => world.flushAll())
  afterAll(() => world.close())

  test('compile', { timeout: 60_000 }, async () => {
    const project = join(folder, 'tsconfig.json')
    const files = snippets.map(({ file }) => file)
    writeFileSync(project, JSON.stringify({ extends: '../../tsconfig.json', files, include: [] }))
    const said = await tsc(['-p', project], here).catch(String)
    expect(said).toMatch(/^$|error TS/)
    // Errors in the sources are the business of `npm run typecheck`.
    const errors = said.split('\n').filter((line) => line.includes('error TS') && !/^(src|test)\//.test(line))
    expect(errors).toEqual([])
  })

  // Deadlines are the defaults, and a busy machine may miss one.
  test.each(snippets)('$name prints what it says', { retry: 1 }, async (snippet) => {
    const printed = await run(snippet, world.url)
    const claims = claimsOf(snippet.code)
    expect(claims, 'it says of no line what that prints').not.toEqual([])
    for (const claim of claims) {
      const ofLine = printed.filter(({ line }) => line === claim.line)
      expect(ofLine, `line ${claim.line} printed nothing`).not.toEqual([])
      for (const { text } of ofLine)
        expect(isSaid(claim.text, text), `line ${claim.line} printed ${text}, and says ${claim.text}`).toBe(true)
    }
  })
})

describe.each(DOCUMENTS)('%s', (document) => {
  const text = textOf(document)

  test('gives the numbers of the source', () => {
    for (const [, given = '', constant = '', file = ''] of text.matchAll(NUMBERS)) {
      const value = new RegExp(`\\b${constant}(?:: \\w+ =| =|:) (?:millis\\()?([\\d_.]+)`).exec(textOf(file))?.[1]
      expect(Number(value?.replaceAll('_', '')), `${constant} in ${file}`).toBe(Number(given.replaceAll(' ', '')))
    }
  })

  test('shows the layouts of the source', () => {
    for (const [, file = '', layout = ''] of text.matchAll(LAYOUTS))
      expect(withoutMargin(textOf(file)), file).toContain(withoutMargin(layout))
  })

  test('names tests that exist', () => {
    for (const [, file = '', names = ''] of text.matchAll(CITED))
      for (const [, name = ''] of names.matchAll(/\*([^*]+)\*/g))
        for (const part of name.split('…')) expect(textOf(file).includes(part.trim()), `${file}: ${name}`).toBe(true)
  })
})

test('the wire format names every script', () => {
  const named = [...textOf('docs/wire-format.md').matchAll(/^\| `(\w+)` \| `/gm)].map(([, name]) => name)
  expect(named.sort()).toEqual(SCRIPTS.map(({ name }) => name).sort())
})
