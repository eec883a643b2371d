/**
 * Installs Redis on Debian and Ubuntu as root, and nothing but installs it.
 *
 * The package starts a system service of its own and enables it for the next boot. Nobody asked for that: the start is
 * forbidden while the package is set up (`policy-rc.d`, Debian's own switch for it), and the service is disabled after.
 */

import { spawn } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'

import { installFailed } from './errors.ts'
import { isAtLeast, pathOf, REDIS_FLOOR } from './redis-search.mjs'

const PACKAGE = 'redis-server'
const POLICY = '/usr/sbin/policy-rc.d'

/** Installs the distribution's redis-server. Rejects with INSTALL_FAILED, also if the distribution's is too old. */
export async function installRedis(): Promise<void> {
  if (!(await candidate())) await apt(['update'])
  const version = await candidate()
  if (!version) throw installFailed(`apt-get install ${PACKAGE}`, 'the package is not known here')
  if (!isAtLeast(version, REDIS_FLOOR)) {
    throw installFailed(`apt-get install ${PACKAGE}`, `this system has ${version}, ${REDIS_FLOOR} or newer is needed`)
  }

  const allowService = forbidServices()
  try {
    await apt(['install', '--yes', '--no-install-recommends', PACKAGE])
  } finally {
    allowService()
  }
  await disableService()
}

/** The upstream version apt would install: "7.0.15" of "5:7.0.15-1~deb12u7". */
async function candidate(): Promise<string | undefined> {
  const { output } = await run('apt-cache', ['policy', PACKAGE])
  return /Candidate: (?:\d+:)?(\d+\.\d+[\d.]*)/.exec(output)?.[1]
}

async function apt(args: readonly string[]): Promise<void> {
  const { code, output } = await run('apt-get', args)
  if (code !== 0) throw installFailed(`apt-get ${args.join(' ')}`, output)
}

/** Returns what undoes it. A policy the administrator made stays as it is. */
function forbidServices(): () => void {
  if (existsSync(POLICY)) return () => undefined
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  return () => rmSync(POLICY, { force: true })
}

async function disableService(): Promise<void> {
  if (existsSync('/run/systemd/system')) await run('systemctl', ['disable', '--now', PACKAGE])
  else {
    if (pathOf('service')) await run('service', [PACKAGE, 'stop'])
    if (pathOf('update-rc.d')) await run('update-rc.d', [PACKAGE, 'disable'])
  }
}

function run(command: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }
    // Its own session: a Ctrl-C in the middle would leave a package half set up.
    const child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', (error) => resolve({ code: null, output: error.message }))
    child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString('utf8') }))
  })
}
