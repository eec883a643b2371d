/**
 * Temporary directories for tests that start servers.
 *
 * Their names carry the pid of the process that made them. A run that was killed cannot tidy up, so each new directory
 * first clears away those of dead processes, with the servers that still run in them. Several runs may be at that at
 * once: what is gone when a step comes to it was removed by another, and the step is done.
 */

import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { canEnter, serverAccount } from './account.ts'
import { removePostgres, stopPostgres } from './postgres.ts'
import { commandOf } from './processes.ts'
import { stopRedis } from './redis.ts'

export interface TemporaryDirectory {
  readonly path: string
  /** Stops the servers started in it and removes it. */
  remove(): Promise<void>
}

const NAME = /^shop-test-(\d+)-/

/** Makes an empty directory that every server of this package can use. */
export async function temporaryDirectory(prefix: string): Promise<TemporaryDirectory> {
  const base = baseDirectory()
  await removeAbandoned(base)
  const path = mkdtempSync(join(base, `shop-test-${process.pid}-${prefix}-`))
  chmodSync(path, 0o711) // The account of a PostgreSQL started by root must get through.
  return { path, remove: () => removeWithServers(path) }
}

function baseDirectory(): string {
  const account = serverAccount()
  return !account || canEnter(tmpdir(), account) ? tmpdir() : '/tmp'
}

async function removeAbandoned(base: string): Promise<void> {
  for (const name of readdirSync(base)) {
    const pid = Number(NAME.exec(name)?.[1])
    const path = join(base, name)
    if (!pid || commandOf(pid) !== undefined || !isOurs(path)) continue
    await removeWithServers(path)
  }
}

function isOurs(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.()
}

/** A server's directory is the temporary one itself or a folder directly in it. */
async function removeWithServers(path: string): Promise<void> {
  const folders = foldersIn(path)
  for (const dir of [path, ...folders]) {
    await unlessGone(() => stopRedis(dir))
    await unlessGone(() => stopPostgres(dir))
  }
  for (const dir of folders) await unlessGone(() => removePostgres(dir))
  await unlessGone(async () => rmSync(path, { recursive: true, force: true, maxRetries: 10 }))
}

function foldersIn(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name))
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
}

async function unlessGone(step: () => Promise<void>): Promise<void> {
  try {
    await step()
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
