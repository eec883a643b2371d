/**
 * Packs the package as it is published: JavaScript and declarations, under a manifest of their own.
 *
 *     node scripts/pack.ts [folder]      leaves shop-cache-<version>.tgz in the folder, else in dist
 *
 * In this repository the package exports its TypeScript, and Node runs that as it is. Below node_modules Node strips
 * no types, and npm publishes the exports of the manifest it finds. So what is published is laid out in a temporary
 * folder, where the same exports lead into `dist`, and is packed there.
 */

import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const LICENSE = fileURLToPath(new URL('../../../LICENSE', import.meta.url))

/** What the published manifest takes over as it stands. Everything else is for this repository only. */
const PUBLISHED = [
  ...['name', 'version', 'description', 'keywords', 'license', 'type', 'sideEffects', 'engines', 'files'],
  ...['dependencies', 'peerDependencies', 'peerDependenciesMeta'],
]

export interface Packed {
  readonly tarball: string
  readonly bytes: number
  /** Paths in the package, sorted. */
  readonly files: readonly string[]
}

type Manifest = Readonly<Record<string, unknown>> & { readonly exports: Readonly<Record<string, string>> }

/** Packs into an existing folder. Reads the sources and nothing that was built before. */
export async function pack(folder: string): Promise<Packed> {
  const staged = await mkdtemp(join(tmpdir(), 'shop-cache-'))
  try {
    await tsc(['-p', join(PACKAGE, 'tsconfig.build.json'), '--outDir', join(staged, 'dist')], PACKAGE)
    await cp(join(PACKAGE, 'docs'), join(staged, 'docs'), { recursive: true })
    await cp(join(PACKAGE, 'README.md'), join(staged, 'README.md'))
    await cp(LICENSE, join(staged, 'LICENSE'))
    const manifest: Manifest = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8'))
    await writeFile(join(staged, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`)
    const [packed] = await npmPack([staged], folder)
    if (!packed) throw new Error('npm packed nothing')
    return packed
  } finally {
    await rm(staged, { recursive: true, force: true })
  }
}

/** The same exports, each leading to what its source was compiled to. */
function publishedManifest(manifest: Manifest): object {
  const taken = PUBLISHED.filter((field) => field in manifest).map((field) => [field, manifest[field]])
  const exports = Object.entries(manifest.exports).map(([path, source]) => {
    const built = source.replace(/^\.\/src\/(.+)\.ts$/, './dist/$1')
    return [path, { types: `${built}.d.ts`, default: `${built}.js` }]
  })
  return { ...Object.fromEntries(taken), exports: Object.fromEntries(exports) }
}

/** Packs each of these packages into the folder, without asking a registry and without running their scripts. */
export async function npmPack(packages: readonly string[], folder: string): Promise<readonly Packed[]> {
  const flags = ['--json', '--offline', '--ignore-scripts', `--pack-destination=${folder}`]
  const reports: readonly { filename: string; size: number; files: { path: string }[] }[] = JSON.parse(
    await npm(['pack', ...flags, ...packages], folder),
  )
  return reports.map(({ filename, size, files }) => ({
    tarball: join(folder, filename),
    bytes: size,
    files: files.map(({ path }) => path).sort(),
  }))
}

export function npm(args: readonly string[], folder: string): Promise<string> {
  return run('npm', args, folder)
}

/** The TypeScript of this repository. */
export function tsc(args: readonly string[], folder: string): Promise<string> {
  const manifest = findPackageJSON('typescript', import.meta.url)
  if (!manifest) throw new Error('TypeScript is not installed. Run: npm ci')
  return run(process.execPath, [join(dirname(manifest), 'bin/tsc'), '--pretty', 'false', ...args], folder)
}

/** Resolves with what the command said; rejects with it when the command fails. */
async function run(command: string, args: readonly string[], folder: string): Promise<string> {
  // What an npm that runs this script has set, such as the workspace, is not meant for another npm.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
  return promisify(execFile)(command, args, { cwd: folder, env }).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string; readonly stderr: string }) => {
      throw new Error(`${[command, ...args].join(' ')} failed:\n${error.stdout}${error.stderr}`, { cause: error })
    },
  )
}

if (import.meta.main) {
  const folder = resolve(process.argv[2] ?? join(PACKAGE, 'dist'))
  await mkdir(folder, { recursive: true })
  const { tarball, files, bytes } = await pack(folder)
  process.stdout.write(`${tarball}: ${files.length} files, ${bytes} bytes\n`)
}
