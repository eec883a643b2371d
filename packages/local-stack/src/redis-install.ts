/**
 * Installs Redis on Debian and Ubuntu as root, and nothing but installs it.
 *
 * The package starts a system service of its own and enables it for the next boot. Nobody asked for that: the start is
 * forbidden while the package is set up (`policy-rc.d`, Debian's own switch for it), and the service is disabled after.
 *
 * All of that is one shell in a session of its own. A Ctrl-C, or a SIGKILL of this process, does not reach it: it sets
 * the package up, takes the policy away and ends. Should the shell itself be killed, `removeLeftPolicy` knows the policy
 * by what is written in it.
 */

import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { closeSync, fstatSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { installFailed } from './errors.ts'
import { commandOf } from './processes.ts'
import { isAtLeast, REDIS_FLOOR } from './redis-search.mjs'

const PACKAGE = 'redis-server'
const POLICY = '/usr/sbin/policy-rc.d'
const OURS = /^# Made by shop while it installs Redis, in process (\d+)\.$/m

/** A policy the administrator made stays as it is. apt-get waits for another that is at work. */
const INSTALL = `
policy=$1 package=$2
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\n# Made by shop while it installs Redis, in process %s.\\nexit 101\\n' $$ > "$policy" || exit 1
  chmod 755 "$policy"
fi
apt-get -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends "$package" || exit 1
if [ -d /run/systemd/system ]; then
  systemctl disable --now "$package"
else
  service "$package" stop
  update-rc.d "$package" disable
fi
exit 0
`

/** Installs the distribution's redis-server. Rejects with INSTALL_FAILED, also if the distribution's is too old. */
export async function installRedis({ policy = POLICY }: { readonly policy?: string } = {}): Promise<void> {
  removeLeftPolicy(policy)
  if (!(await candidate())) await runOrThrow('apt-get update', 'apt-get', ['update'])
  const version = await candidate()
  const install = `apt-get install ${PACKAGE}`
  if (!version) throw installFailed(install, 'the package is not known here')
  if (!isAtLeast(version, REDIS_FLOOR)) {
    throw installFailed(install, `this system has ${version}, ${REDIS_FLOOR} or newer is needed`)
  }
  await runOrThrow(install, 'sh', ['-c', INSTALL, 'sh', policy, PACKAGE])
}

/** Removes the policy of an installation that was killed. One whose shell still runs stays, and so does anybody else's. */
export function removeLeftPolicy(policy = POLICY): void {
  try {
    const [, pid] = OURS.exec(readFileSync(policy, 'utf8')) ?? []
    if (pid && !commandOf(Number(pid))?.includes(policy)) rmSync(policy, { force: true })
  } catch {
    // There is none, or it is root's to remove and this is an ordinary user.
  }
}

/** The upstream version apt would install: "7.0.15" of "5:7.0.15-1~deb12u7". */
async function candidate(): Promise<string | undefined> {
  const { output } = await run('apt-cache', ['policy', PACKAGE])
  return /Candidate: (?:\d+:)?(\d+\.\d+[\d.]*)/.exec(output)?.[1]
}

async function runOrThrow(what: string, command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run(command, args)
  if (code !== 0) throw installFailed(what, output)
}

interface Ended {
  readonly code: number | null
  readonly output: string
}

async function run(command: string, args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
  const log = openNameless()
  // Its own session, and a file instead of a pipe: a Ctrl-C in the middle, or a reader that is gone, would leave a
  // package half set up.
  const child = spawn(command, args, { env, detached: true, stdio: ['ignore', log, log] })
  const ended = await new Promise<Ended>((resolve) => {
    child.once('error', (error) => resolve({ code: null, output: error.message }))
    child.once('exit', (code) => resolve({ code, output: readAll(log) }))
  })
  closeSync(log)
  return ended
}

/** A file that is gone when nobody has it open any more. */
function openNameless(): number {
  const path = join(tmpdir(), `shop-install-${randomUUID()}`)
  const file = openSync(path, 'wx+', 0o600)
  rmSync(path)
  return file
}

function readAll(file: number): string {
  const bytes = Buffer.alloc(fstatSync(file).size)
  readSync(file, bytes, 0, bytes.length, 0)
  return bytes.toString('utf8')
}
