// @ts-check
/**
 * Where this machine's Redis is, or how it gets one.
 *
 * Plain JavaScript, because `npm run doctor` asks before anything is installed and under Node 20. Looked for in this
 * order: REDIS_URL; redis-server or valkey-server on the PATH; a running Docker engine; Debian or Ubuntu as root, where
 * it can be installed. Otherwise the answer is the command a person types on this system.
 *
 * @typedef {import('./redis-search.d.mts').Machine} Machine
 * @typedef {import('./redis-search.d.mts').RedisFound} RedisFound
 */

import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export const REDIS_IMAGE = 'redis:8-bookworm'

/** The oldest version whose behaviour we rely on. */
export const REDIS_FLOOR = '7.0'

const SERVERS = ['redis-server', 'valkey-server']
const DOCKER_LIMIT_MS = 2_000

/** @type {Machine} */
export const thisMachine = {
  env: process.env,
  platform: process.platform,
  isRoot: process.getuid?.() === 0,
  has: (command) => pathOf(command) !== undefined,
  osRelease: () => (existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''),
  run: (command, args, limitMs) =>
    new Promise((resolve) => {
      execFile(command, [...args], { timeout: limitMs, killSignal: 'SIGKILL' }, (error, stdout) =>
        resolve(error ? undefined : stdout),
      )
    }),
}

/**
 * @param {Machine} [machine]
 * @returns {Promise<RedisFound>}
 */
export async function findRedis(machine = thisMachine) {
  const url = machine.env.REDIS_URL
  if (url) return { type: 'url', url }
  const onPath = await findRedisOnPath(machine)
  if (onPath) return onPath
  if (await dockerAnswers(machine)) return { type: 'docker', image: REDIS_IMAGE }
  if (machine.isRoot && isDebian(machine) && machine.has('apt-get') && !hasServer(machine)) return { type: 'apt' }
  return { type: 'none', cure: redisCure(machine) }
}

/**
 * The first server on the PATH that is new enough.
 *
 * @param {Machine} [machine]
 * @returns {Promise<Extract<RedisFound, { type: 'path' }> | undefined>}
 */
export async function findRedisOnPath(machine = thisMachine) {
  for (const command of SERVERS) {
    if (!machine.has(command)) continue
    // "Redis server v=7.0.15 sha=…" or "Valkey server v=8.0.1 sha=…"
    const version = /v=(\d+\.\d+\.\d+)/.exec((await machine.run(command, ['--version'], 5_000)) ?? '')?.[1]
    if (version && isAtLeast(version, REDIS_FLOOR)) return { type: 'path', command, version }
  }
  return undefined
}

/**
 * How a person gets a Redis on this system: the command, or what to look for if none is known. Reads well after
 * "Install it with: ".
 *
 * @param {Machine} [machine]
 */
export function redisCure(machine = thisMachine) {
  // What the package manager has is what is there already, and that is too old.
  const command = hasServer(machine) ? undefined : installCommand(machine)
  return command ?? `a package of Redis or Valkey ${REDIS_FLOOR} or newer, see https://redis.io/downloads`
}

/** @param {Machine} machine */
function installCommand(machine) {
  const sudo = machine.isRoot ? '' : 'sudo '
  if (machine.platform === 'darwin') return 'brew install redis'
  if (machine.has('apt-get')) return `${sudo}apt-get install -y redis-server`
  if (machine.has('dnf'))
    return `${sudo}dnf ${hasValkeyInDnf(machine) ? 'install -y valkey' : 'module install -y redis:7'}`
  if (machine.has('apk')) return `${sudo}apk add redis`
  if (machine.has('pacman')) return `${sudo}pacman -S --noconfirm valkey`
  if (machine.has('zypper')) return `${sudo}zypper install -y redis`
  return undefined
}

/**
 * Fedora and Enterprise Linux 10 ship Valkey; Enterprise Linux 8 and 9 have Redis 7 as a module only.
 *
 * @param {Machine} machine
 */
function hasValkeyInDnf(machine) {
  const release = machine.osRelease()
  const major = Number(/^VERSION_ID="?(\d+)/m.exec(release)?.[1])
  return /^ID="?fedora/m.test(release) || major >= 10
}

/** @param {Machine} machine */
function isDebian(machine) {
  return machine.platform === 'linux' && /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(machine.osRelease())
}

/** @param {Machine} machine */
function hasServer(machine) {
  return SERVERS.some((command) => machine.has(command))
}

/**
 * An engine that hangs is as good as none.
 *
 * @param {Machine} machine
 */
export async function dockerAnswers(machine = thisMachine) {
  if (!machine.has('docker')) return false
  const version = await machine.run('docker', ['info', '--format', '{{.ServerVersion}}'], DOCKER_LIMIT_MS)
  return /^\d/.test(version ?? '')
}

/**
 * @param {string} version
 * @param {string} floor
 */
export function isAtLeast(version, floor) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [floorMajor = 0, floorMinor = 0] = floor.split('.').map(Number)
  return major > floorMajor || (major === floorMajor && minor >= floorMinor)
}

/**
 * The file a command name leads to on the PATH.
 *
 * @param {string} command
 */
export function pathOf(command) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, command)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}
