/**
 * Which shop runs in this clone: one at a time, and where its servers are.
 *
 * `.shop/running.json` is made by linking a finished file into place, which fails if one is there. A file whose process is
 * gone (or whose number belongs to another program by now) is moved aside first; what was moved is looked at again, so
 * that of two starts after a crash only one takes over.
 */

import { accessSync, constants, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { commandOf, until } from '@shop/local-stack'

export interface RunningShop {
  readonly pid: number
  /** npm and run.mjs. When they are gone without a word, the shop notices and stops. */
  readonly startedBy: number
  readonly startedAt: string
  readonly urls?: readonly string[]
  readonly databaseUrl?: string
  readonly redisUrl?: string
}

export interface Claim {
  /** Adds what is known by now, for `npm run seed` and whoever wants to reach the servers. */
  update(known: Partial<RunningShop>): void
  release(): void
}

/** Another shop runs in this clone. */
export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning'

  constructor({ pid, urls }: RunningShop) {
    const where = urls?.length ? ` at ${urls.join(', ')}` : ''
    super(`The shop of this clone is already running${where} (pid ${pid}). Stop it with Ctrl-C there, or: kill ${pid}`)
  }
}

const STOPPING_LIMIT_MS = 20_000

/** Claims the clone for this process; rejects with AlreadyRunning. */
export async function claim(folder: string): Promise<Claim> {
  makeFolder(folder)
  const file = fileOf(folder)
  let shop: RunningShop = { pid: process.pid, startedBy: process.ppid, startedAt: new Date().toISOString() }
  const draft = `${file}.${process.pid}`
  const write = (path: string) => writeFileSync(path, `${JSON.stringify(shop, null, 2)}\n`, { mode: 0o600 })

  await untilFree(folder)
  write(draft)
  try {
    moveStaleAside(folder)
    linkSync(draft, file)
  } catch (error) {
    const other = runningShop(folder)
    throw other ? new AlreadyRunning(other) : error
  } finally {
    rmSync(draft, { force: true })
  }
  return {
    update(known) {
      shop = { ...shop, ...known }
      write(draft)
      renameSync(draft, file)
    },
    release: () => rmSync(file, { force: true }),
  }
}

/** The shop that runs in this clone, if one does. */
export function runningShop(folder: string): RunningShop | undefined {
  const shop = read(fileOf(folder))
  return shop && isAlive(shop) ? shop : undefined
}

function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true })
  try {
    accessSync(folder, constants.W_OK)
  } catch (cause) {
    const cure = `Start as that user, or remove it: sudo rm -rf "${folder}"`
    throw new Error(`${folder} belongs to another user, probably because of a start as root. ${cure}`, { cause })
  }
}

/** A shop whose npm was killed is about to stop; that is worth waiting for. */
async function untilFree(folder: string): Promise<void> {
  const shop = runningShop(folder)
  if (!shop) return
  const isOrphan = commandOf(shop.startedBy) === undefined
  if (isOrphan && (await until(() => !runningShop(folder), STOPPING_LIMIT_MS, 100))) return
  throw new AlreadyRunning(shop)
}

function moveStaleAside(folder: string): void {
  const file = fileOf(folder)
  if (!read(file) || runningShop(folder)) return
  const aside = `${file}.stale.${process.pid}`
  renameSync(file, aside)
  const moved = read(aside)
  if (moved && isAlive(moved)) linkSync(aside, file) // Another start was faster: it keeps its claim.
  rmSync(aside, { force: true })
}

function fileOf(folder: string): string {
  return join(folder, 'running.json')
}

function read(file: string): RunningShop | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunningShop
  } catch {
    return undefined // There is none.
  }
}

function isAlive({ pid }: RunningShop): boolean {
  return /scripts\/(start|seed|reset)\.ts/.test(commandOf(pid) ?? '')
}
