/**
 * A project that depends on the packed package, as `npm install` makes it, and no network is asked: what else it needs is
 * packed from this repository's node_modules, each package with all that it depends on.
 */

import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { npm, npmPack } from '../../scripts/pack.ts'

const CONSUMERS = fileURLToPath(new URL('.', import.meta.url))
const PROGRAMS = ['memory.js', 'memory.ts', 'fleet.js', 'fleet.ts']

/** Makes the folder: the programs beside this file, the tarball installed, and the packages of these names. */
export async function installProject(folder: string, tarball: string, names: readonly string[]): Promise<void> {
  await mkdir(folder)
  for (const program of PROGRAMS) await cp(join(CONSUMERS, program), join(folder, program))
  await writeFile(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }')
  const others = await npmPack([...(await withDependencies(names))], folder)
  // An empty cache: what this machine has once downloaded must not make up for what is missing.
  const flags = ['--offline', `--cache=${join(folder, 'cache')}`, '--ignore-scripts', '--no-audit', '--no-fund']
  await npm(['install', ...flags, tarball, ...others.map((packed) => packed.tarball)], folder)
}

/** The folders of these packages, and of what they depend on. */
async function withDependencies(names: readonly string[], from = import.meta.url): Promise<Set<string>> {
  const folders = new Set<string>()
  for (const name of names) {
    const manifest = findPackageJSON(name, from)
    if (!manifest) throw new Error(`${name} is not installed. Run: npm ci`)
    const { dependencies = {} } = JSON.parse(await readFile(manifest, 'utf8'))
    folders.add(dirname(manifest))
    for (const folder of await withDependencies(Object.keys(dependencies), manifest)) folders.add(folder)
  }
  return folders
}

/** Runs Node in the project, until it ends by itself. Rejects with what it said if it ends with another status than 0. */
export async function node(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const options = { cwd: folder, env: { ...process.env, ...env }, timeout: 20_000 }
  const { stdout } = await promisify(execFile)(process.execPath, [...args], options)
  return stdout
}
