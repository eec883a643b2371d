/**
 * The account PostgreSQL runs as.
 *
 * PostgreSQL refuses to run as root. Started by root, the server gets an ordinary account: the one that called sudo, else
 * `nobody`. That account may not be able to enter the folders of root (/root is 0700 on most systems), so whoever hands
 * it a path asks `canEnter` first.
 */

import { execFileSync, spawnSync } from 'node:child_process'

import { accountMissing } from './errors.ts'

export interface Account {
  readonly uid: number
  readonly gid: number
}

/** The account to switch to, or `undefined` when this process is not root and servers run as it does. */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  const candidates = [process.env.SUDO_UID, 'nobody']
  for (const candidate of candidates) {
    const account = candidate && candidate !== '0' ? accountOf(candidate) : undefined
    if (account) return account
  }
  throw accountMissing()
}

/** The account of a user id or name, if the system knows it: initdb insists on an entry in the user database. */
export function accountOf(user: string | number): Account | undefined {
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, String(user)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    return undefined
  }
}

/** Whether that account can enter the folder and list it. Asked of the system, as modes alone do not know of ACLs. */
export function canEnter(directory: string, account: Account): boolean {
  return spawnSync('test', ['-x', directory], { uid: account.uid, gid: account.gid, cwd: '/' }).status === 0
}
