/** Installs the peers, each with the Redis client it asks for, into a folder of the user's cache: never into the repository. */

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

import type { Import, Peer } from './peer.ts'

export interface Installed {
  readonly folder: string
  readonly version: string
}

/** What npm may take; a registry that does not answer is given up earlier by npm itself. */
const LIMIT_MS = 120_000
const IMPORTER = 'import.mjs'

/** Rejects with what to do about it when the registry cannot be reached and the peer was never installed. */
export async function install({ name, packages }: Peer): Promise<Installed> {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shop', 'bench-peers', name)
  const [own = ''] = packages
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n')
  // Imports from a module resolve from where it lies.
  await writeFile(join(folder, IMPORTER), 'export const importFrom = (specifier) => import(specifier)\n')
  const manifest = join(folder, 'node_modules', own, 'package.json')
  const latest = packages.map((spec) => (spec.includes('@', 1) ? spec : `${spec}@latest`))
  try {
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error', '--prefix', folder]
    await promisify(execFile)('npm', ['install', ...flags, ...latest], { cwd: folder, env: env(), timeout: LIMIT_MS })
  } catch (error) {
    if (!existsSync(manifest)) throw notInstalled(name, error)
  }
  return { folder, version: JSON.parse(await readFile(manifest, 'utf8')).version }
}

export function importerOf(folder: string): Import {
  return async (specifier) => {
    const { importFrom } = await import(pathToFileURL(join(folder, IMPORTER)).href)
    return importFrom(specifier)
  }
}

/** Without what `npm run` says about the repository, which npm would take for the place to install to. */
function env(): NodeJS.ProcessEnv {
  const about = /^npm_(package_|lifecycle_|config_(local_prefix|workspace))/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !about.test(name)))
}

function notInstalled(name: string, cause: unknown): Error {
  const { stderr = '' } = cause as { readonly stderr?: string }
  const [first = 'npm could not be run'] = stderr.split('\n').filter((line) => line.trim() !== '')
  return new Error(`${name} could not be installed (${first.trim()}). The peers need the npm registry.`, { cause })
}
