/**
 * Where this machine's k6 is, or how it gets one.
 *
 * In this order: the variable K6; `k6` on the PATH; a build kept in the user's cache; a Go toolchain, which can build it;
 * a Docker engine, which can run it. Otherwise the answer is the one command a person types on this system.
 *
 * What the machine says is asked through `Machine`, so that the order can be tested without one.
 */

import { execFile } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'

import { k6Missing, k6Unusable } from './errors.ts'

/** The version that is built and whose image is run. */
export const K6_VERSION = '1.8.1'

/** The oldest that runs TypeScript as it stands, without a flag. */
export const K6_FLOOR = '1.0.0'

export const K6_IMAGE = `grafana/k6:${K6_VERSION}`

export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  readonly arch: string
  readonly home: string
  /** The standard output of a program, or `undefined` if there is none of that name, it failed, or took longer. */
  run(command: string, args: readonly string[], limitMs: number): Promise<string | undefined>
}

/** A k6 that can be started as it is. */
export interface K6Binary {
  readonly type: 'binary'
  readonly from: 'variable' | 'path' | 'cache' | 'build'
  readonly command: string
  readonly version: string
}

export interface K6Container {
  readonly type: 'container'
  readonly image: string
  readonly version: string
}

export type K6Found =
  | K6Binary
  | K6Container
  /** Nothing to start, but a Go toolchain that can build one into `place`. */
  | { readonly type: 'go'; readonly goVersion: string; readonly place: string }

const VERSION_LIMIT_MS = 10_000
const DOCKER_LIMIT_MS = 3_000

export const thisMachine: Machine = {
  env: process.env,
  platform: process.platform,
  arch: process.arch,
  home: homedir(),
  run: (command, args, limitMs) =>
    new Promise((resolve) => {
      execFile(command, [...args], { timeout: limitMs, killSignal: 'SIGKILL' }, (error, stdout) =>
        resolve(error ? undefined : stdout),
      )
    }),
}

/** Rejects with K6_MISSING, and the cure, when there is no way; with K6_UNUSABLE when the variable leads nowhere. */
export async function findK6(machine: Machine = thisMachine): Promise<K6Found> {
  return (await findBinary(machine)) ?? (await findGo(machine)) ?? (await findContainer(machine))
}

/** A k6 that needs no building and no downloading. */
export async function findBinary(machine: Machine = thisMachine): Promise<K6Binary | undefined> {
  const named = machine.env.K6
  if (named) return namedBinary(machine, named)
  const places = [
    { from: 'path', command: 'k6' },
    { from: 'cache', command: cachePlace(machine) },
  ] as const
  for (const { from, command } of places) {
    const version = await versionOf(machine, command)
    // One that is too old is passed over: the person did not ask for that one.
    if (version && isAtLeast(version, K6_FLOOR)) return { type: 'binary', from, command, version }
  }
  return undefined
}

/** Docker, when everything before it has failed for the reasons in `tried`. */
export async function findContainer(
  machine: Machine = thisMachine,
  tried: readonly string[] = [],
): Promise<K6Container> {
  // Only on Linux is the network of a container on the host's that of the host, where the shop listens on 127.0.0.1.
  const answers =
    machine.platform === 'linux' &&
    /^\d/.test((await machine.run('docker', ['info', '--format', '{{.ServerVersion}}'], DOCKER_LIMIT_MS)) ?? '')
  if (!answers) throw k6Missing(cure(machine), tried)
  return { type: 'container', image: K6_IMAGE, version: K6_VERSION }
}

async function findGo(machine: Machine): Promise<K6Found | undefined> {
  const goVersion = /\bgo(\d+\.\d+(?:\.\d+)?)/.exec((await machine.run('go', ['version'], VERSION_LIMIT_MS)) ?? '')?.[1]
  return goVersion ? { type: 'go', goVersion, place: cachePlace(machine) } : undefined
}

/** What somebody named is used or refused, never replaced by another. */
async function namedBinary(machine: Machine, command: string): Promise<K6Binary> {
  const version = await versionOf(machine, command)
  if (!version)
    throw k6Unusable(`names a program that is no k6: ${command}. Correct it, or unset it to have one found.`)
  if (!isAtLeast(version, K6_FLOOR)) {
    throw k6Unusable(`names k6 ${version}, and ${K6_FLOOR} or newer is needed. Correct it, or unset it.`)
  }
  return { type: 'binary', from: 'variable', command, version }
}

async function versionOf(machine: Machine, command: string): Promise<string | undefined> {
  // "k6 v1.8.1 (go1.26.8, linux/amd64)"
  return /^k6\S* v(\d+\.\d+\.\d+)/.exec((await machine.run(command, ['version'], VERSION_LIMIT_MS)) ?? '')?.[1]
}

function cachePlace({ env, home }: Machine): string {
  return join(env.XDG_CACHE_HOME || join(home, '.cache'), 'shop', `k6-${K6_VERSION}`)
}

/** One command for this system. On Linux it puts the released program where the search finds it, without root. */
function cure(machine: Machine): string {
  if (machine.platform === 'darwin') return 'Install it: brew install k6'
  const arch = { x64: 'amd64', arm64: 'arm64' }[machine.arch]
  if (machine.platform !== 'linux' || !arch) {
    return 'Install it (https://grafana.com/docs/k6/latest/set-up/install-k6/), or set K6 to its path.'
  }
  const release = `k6-v${K6_VERSION}-linux-${arch}`
  const place = cachePlace(machine)
  const url = `https://github.com/grafana/k6/releases/download/v${K6_VERSION}/${release}.tar.gz`
  return `Install it: mkdir -p "${join(place, '..')}" && curl -fsSL ${url} | tar -xzO ${release}/k6 > "${place}" && chmod +x "${place}"`
}

function isAtLeast(version: string, floor: string): boolean {
  return version.localeCompare(floor, 'en', { numeric: true }) >= 0
}
