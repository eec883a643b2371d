/** The package as its users get it: packed, linted, installed without a network, and used from JavaScript and from TypeScript. */

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { type RunningServer, startRedis, type TemporaryDirectory, temporaryDirectory } from '@shop/local-stack'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Packed, pack, tsc } from '../scripts/pack.ts'
import { installProject, node } from './consumers/project.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SOURCES = readdirSync(new URL('../src', import.meta.url), { recursive: true, encoding: 'utf8' })
const ENTRIES = ['.', './redis', './hono', './otel', './testing']

let directory: TemporaryDirectory
let packed: Packed
let server: RunningServer
/** A project with nothing but the package and the types of Node. */
let bare: string
/** A project with every optional peer. */
let full: string
/** The package as installed. */
let installed: string

beforeAll(async () => {
  directory = await temporaryDirectory('package')
  bare = join(directory.path, 'bare')
  full = join(directory.path, 'full')
  installed = join(bare, 'node_modules/@shop/cache')
  packed = await pack(directory.path)
  const needed = ['lru-cache', '@types/node']
  await Promise.all([
    installProject(bare, packed.tarball, needed),
    installProject(full, packed.tarball, [...needed, 'ioredis', 'hono', '@opentelemetry/api']),
  ])
  server = await startRedis({ dir: join(directory.path, 'redis') })
})
afterAll(async () => {
  await server?.stop()
  await directory.remove()
})

describe('the tarball', () => {
  test('holds each module and its types, the documents, and nothing else', () => {
    const modules = SOURCES.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    const built = modules.flatMap((file) => ['.js', '.d.ts'].map((end) => `dist/${file.replace(/\.ts$/, end)}`))
    const documents = packed.files.filter((file) => /^docs\/.+\.md$/.test(file))
    expect(packed.files).toEqual([...built, ...documents, 'LICENSE', 'README.md', 'package.json'].sort())
    expect(documents.length).toBeGreaterThan(0)
  })

  test('says nothing of the repository it comes from', () => {
    const { private: hidden, scripts, devDependencies, ...manifest } = manifestOf(installed)
    expect([hidden, scripts, devDependencies]).toEqual([undefined, undefined, undefined])
    expect(Object.keys(manifest.dependencies)).toEqual(['lru-cache'])
    expect(JSON.stringify(manifest)).not.toMatch(/src\/|workspace:|"\*"|file:/)
    expect(packed.files.filter((file) => readFileSync(join(installed, file), 'utf8').includes(ROOT))).toEqual([])
  })

  test('has the entry points of the repository, each to its own module', () => {
    const { exports } = manifestOf(fileURLToPath(new URL('..', import.meta.url)))
    expect(Object.keys(exports)).toEqual(ENTRIES)
    const sources = Object.values(manifestOf(installed).exports).map(({ types, default: code }) => {
      expect(code.replace(/\.js$/, '.d.ts')).toBe(types)
      return code.replace('./dist/', './src/').replace(/\.js$/, '.ts')
    })
    expect(sources).toEqual(Object.values(exports))
  })

  test('has documents that link only to what it holds', () => {
    const lost = packed.files
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) =>
        [...readFileSync(join(installed, file), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
          .map(([, link = '']) => posix.join(posix.dirname(file), link))
          .filter((target) => !packed.files.includes(target)),
      )
    expect(lost).toEqual([])
  })

  test('publint, strict, finds nothing', async () => {
    const { messages } = await publint({
      strict: true,
      pack: { tarball: new Uint8Array(readFileSync(packed.tarball)).buffer },
    })
    expect(messages).toEqual([])
  })

  test('its types are those of its modules, for each way to import them', async () => {
    const analysis = await checkPackage(createPackageFromTarballData(readFileSync(packed.tarball)))
    if (analysis.types === false) throw new Error('no types')
    expect(analysis.types.kind).toBe('included')
    expect(Object.keys(analysis.entrypoints)).toEqual(ENTRIES)
    // What `attw --profile esm-only` leaves out: resolution without exports, and require().
    const others = ['node10', 'node16-cjs']
    const problems = analysis.problems.filter(
      (problem) => !('resolutionKind' in problem && others.includes(problem.resolutionKind)),
    )
    expect(problems).toEqual([])
  })
})

describe('what was built', () => {
  const PEERS: readonly (readonly [entry: string, code: readonly string[], types: readonly string[]])[] = [
    ['index', ['lru-cache'], []],
    ['redis/index', ['ioredis'], []],
    ['hono', ['lru-cache'], ['hono']],
    ['otel', ['@opentelemetry/api'], []],
    ['testing', [], []],
  ]

  test.each(PEERS)('%s leads to %j in its code, and to %j in its types', (entry, code, types) => {
    expect([...packagesBehind(`dist/${entry}.js`)]).toEqual(code)
    expect([...packagesBehind(`dist/${entry}.d.ts`)]).toEqual(types)
  })
})

describe('a project without the optional peers', () => {
  test('has installed lru-cache and nothing more', () => {
    expect(readdirSync(join(bare, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      '@shop',
      '@types',
      'lru-cache',
      'undici-types',
    ])
    expect(readdirSync(installed)).not.toContain('node_modules')
  })

  test('uses it from plain JavaScript', async () => {
    await node(bare, ['memory.js'])
  })

  test('uses it from CommonJS', async () => {
    const code = "console.log(typeof require('@shop/cache').createCache({ name: 'shop' }).resource)"
    expect(await node(bare, ['--input-type=commonjs', '--eval', code])).toBe('function\n')
  })

  test.each(['nodenext', 'bundler'] as const)('uses it from strict TypeScript (%s)', async (resolution) => {
    await node(bare, [await compile(bare, resolution, 'memory')])
  })

  test('cannot import a module that is no entry point', async () => {
    const reaching = node(bare, ['--input-type=module', '--eval', "import '@shop/cache/dist/engine.js'"])
    await expect(reaching).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  test.each([
    ['redis', 'ioredis'],
    ['otel', '@opentelemetry/api'],
  ])('is told by %s that %s is missing', async (entry, peer) => {
    const reaching = node(bare, ['--input-type=module', '--eval', `import '@shop/cache/${entry}'`])
    await expect(reaching).rejects.toThrow(`Cannot find package '${peer}'`)
  })
})

describe('a project with Redis, Hono and OpenTelemetry', () => {
  test('uses it from plain JavaScript, and ends by itself', async () => {
    await node(full, ['fleet.js'], { REDIS_URL: server.url })
  })

  test.each(['nodenext', 'bundler'] as const)('uses it from strict TypeScript (%s)', async (resolution) => {
    await node(full, [await compile(full, resolution, 'fleet')], { REDIS_URL: server.url })
  })
})

type Manifest = Readonly<Record<'private' | 'scripts' | 'devDependencies', unknown>> & {
  readonly dependencies: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

/** As strictly as the compiler can, declarations included. Returns the program. */
async function compile(folder: string, resolution: 'nodenext' | 'bundler', program: string): Promise<string> {
  const output = join(folder, resolution)
  const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--skipLibCheck', 'false']
  const modules = ['--module', resolution === 'nodenext' ? 'nodenext' : 'preserve', '--moduleResolution', resolution]
  const system = ['--target', 'es2024', '--lib', 'es2024', '--types', 'node', '--outDir', output]
  await tsc([...strict, ...modules, ...system, `${program}.ts`], folder)
  return join(output, `${program}.js`)
}

/** The packages that a built file imports, or that a file does that it imports. */
function packagesBehind(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>()
  if (seen.has(file)) return packages
  seen.add(file)
  for (const name of importsOf(file)) {
    if (name.startsWith('node:')) continue
    const behind = name.startsWith('.') ? packagesBehind(moduleAt(file, name), seen) : [name]
    for (const each of behind) packages.add(each)
  }
  return packages
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(installed, file), 'utf8')
  return [...text.matchAll(/\b(?:from|import)[ (]*['"]([^'"]+)['"]/g)].map(([, name = '']) => name)
}

/** Declarations name a module by its source, as they may. */
function moduleAt(file: string, name: string): string {
  const path = posix.join(posix.dirname(file), name)
  return file.endsWith('.d.ts') ? path.replace(/\.ts$/, '.d.ts') : path
}
