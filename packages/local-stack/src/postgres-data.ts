/**
 * The data of one PostgreSQL server: a folder, the account that owns it, and its password.
 *
 *     <dir>/
 *     ├─ data/          the cluster (a link into the root store if its account cannot enter <dir>)
 *     ├─ data.new/      a cluster being made; renamed when it is whole, thrown away otherwise
 *     ├─ password
 *     └─ postgres.log
 */

import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

import { type Account, canEnter, serverAccount } from './account.ts'
import { directoryForeign, startFailed } from './errors.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { dataInStore, removeFromStore } from './root-store.ts'

/** Only what the server must know: PGDATA or PGPORT of the user must not reach it, and macOS needs a plain locale. */
export const SERVER_ENV: NodeJS.ProcessEnv = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }

/** Who runs the server of this directory: the owner of the data that is there, else whoever may. */
export function accountFor(dir: string): Account | undefined {
  const account = serverAccount()
  const data = join(dir, 'data')
  if (!existsSync(data)) return account
  const owner = statSync(data)
  if (account) return owner.uid === 0 ? account : { uid: owner.uid, gid: owner.gid }
  if (owner.uid !== process.getuid?.()) throw directoryForeign(data, owner.uid)
  return undefined
}

/** The folder of the cluster, which may not exist yet. */
export function dataFolder(dir: string, mark: string, account: Account | undefined): string {
  const plain = join(dir, 'data')
  if (!account) return plain
  chmodSync(dir, statSync(dir).mode | 0o011) // mkdtemp makes folders that only their owner can pass.
  if (canEnter(dir, account)) return plain
  const elsewhere = dataInStore(mark, plain, account)
  link(plain, elsewhere)
  return elsewhere
}

/** Removes the cluster, also where only a link to it is in the directory. Its server must not run. */
export function removeData(dir: string, mark: string): void {
  const plain = join(dir, 'data')
  if (lstatSync(plain, { throwIfNoEntry: false })?.isSymbolicLink()) {
    removeFromStore(mark, readlinkSync(plain))
  }
  rmSync(dir, { recursive: true, force: true, maxRetries: 10 })
}

/** The password of the user `shop`, made at the first start. */
export function passwordOf(dir: string): string {
  const file = join(dir, 'password')
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('hex'), { mode: 0o600 })
  return readFileSync(file, 'utf8').trim()
}

/** Makes the cluster with the database and the user `shop`, if it does not exist. */
export async function createCluster(
  data: string,
  options: { mark: string; binaries: PostgresBinaries; account: Account | undefined; password: string; log: string },
): Promise<void> {
  if (existsSync(join(data, 'PG_VERSION'))) return
  const { mark, binaries, account, password, log } = options
  const fresh = `${data}.new`
  const passwordFile = `${data}.password`
  const run = async (command: string, args: string[], input = '') => {
    const { code, output } = await runToEnd(command, args, input, account)
    if (code !== 0) throw startFailed('PostgreSQL', 'could not make its data folder', log, output)
  }

  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { mode: 0o700 })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (account) {
    chownSync(fresh, account.uid, account.gid)
    chownSync(passwordFile, account.uid, account.gid)
  }
  // The built-in provider sorts the same on every system; C.UTF-8 of the C library does not exist on all of them.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const access = ['--username=shop', `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  try {
    await run(binaries.initdb, ['-D', fresh, '-c', `cluster_name=${mark}`, '--no-instructions', ...locale, ...access])
    await run(
      binaries.postgres,
      ['--single', '-D', fresh, '-c', `cluster_name=${mark}`, 'postgres'],
      'CREATE DATABASE shop\n',
    )
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(fresh, data)
}

/**
 * Points the link at the folder. The link is the claim: data to which none leads is that of a `.shop` somebody removed by
 * hand. A real folder in the link's place is moved there, as the clone was carried below /root.
 */
function link(plain: string, folder: string): void {
  const found = lstatSync(plain, { throwIfNoEntry: false })
  if (found?.isSymbolicLink() && readlinkSync(plain) === folder) return
  rmSync(folder, { recursive: true, force: true })
  if (found?.isDirectory())
    spawnSync('mv', [plain, folder]) // It may be another file system.
  else rmSync(plain, { force: true })
  symlinkSync(folder, plain)
}

/** In its own session like the server itself: a Ctrl-C ends it by our hand or not at all. */
function runToEnd(
  command: string,
  args: readonly string[],
  input: string,
  account: Account | undefined,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: '/', env: SERVER_ENV, detached: true, ...account })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', (error) => resolve({ code: null, output: error.message }))
    child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString('utf8') }))
    child.stdin.once('error', () => child.stdin.destroy()) // It ended without reading; its exit code says why.
    child.stdin.end(input)
  })
}
