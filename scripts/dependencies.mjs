/**
 * Whether node_modules is what package-lock.json says, and how it becomes so.
 *
 * After an installation a stamp with the lockfile's hash is left in node_modules; as long as it matches, nothing else is
 * looked at. Without a matching stamp (somebody ran npm by hand) npm's own record of what it installed is compared.
 */

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'

/** Part of the stamp: a node_modules carried to another system has the wrong binaries. */
const PLATFORM = `${process.platform}-${process.arch}`

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

/** @typedef {{ version?: string, optional?: boolean, devOptional?: boolean, link?: boolean, resolved?: string }} Locked */

/**
 * @param {string} root
 * @returns {boolean}
 */
export function areCurrent(root) {
  const stamp = existsSync(stampFile(root)) ? readFileSync(stampFile(root), 'utf8') : undefined
  if (stamp === stampOf(root)) return true
  if (stamp && !stamp.startsWith(`${PLATFORM} `)) return false
  if (!isInstalledAsLocked(root)) return false
  leaveStamp(root)
  return true
}

/**
 * Runs `npm ci`. Two starts of a fresh clone at once do it once.
 *
 * @param {string} root
 * @returns {Promise<string | undefined>} what went wrong, if anything
 */
export async function install(root) {
  const folder = join(root, '.shop')
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch {
    return `The dependencies must be installed, but this user may not write in ${root}. Run npm ci as its owner.`
  }
  const release = await takeTurn(folder)
  try {
    if (areCurrent(root)) return undefined
    const startedAt = Date.now()
    const stopProgress = showProgress(startedAt)
    const { code, output, interrupted } = await npmCi(root)
    stopProgress()
    if (interrupted) return 'Interrupted. The same command installs again.'
    if (code !== 0) return `npm ci failed:\n${output.trim()}`
    leaveStamp(root)
    process.stdout.write(`  install    dependencies (${((Date.now() - startedAt) / 1000).toFixed(1)} s)\n`)
    return undefined
  } finally {
    release()
  }
}

/** @param {string} root */
function stampFile(root) {
  return join(root, 'node_modules', '.shop-installed')
}

/** @param {string} root */
function stampOf(root) {
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  return `${PLATFORM} ${hash}\n`
}

/** @param {string} root */
function leaveStamp(root) {
  try {
    writeFileSync(stampFile(root), stampOf(root))
  } catch {
    // Somebody else's node_modules: everything is compared again next time.
  }
}

/** @param {string} root */
function isInstalledAsLocked(root) {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const installed = packagesOf(record)
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(([path, locked]) => {
    // The root itself and the workspaces are not installed; what is optional may be for another platform.
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true
    if (locked.optional || locked.devOptional) return true
    const found = installed[path]
    return found !== undefined && found.version === locked.version && existsSync(join(root, path))
  })
}

/**
 * @param {string} lockfile
 * @returns {Record<string, Locked>}
 */
function packagesOf(lockfile) {
  return JSON.parse(readFileSync(lockfile, 'utf8')).packages ?? {}
}

/**
 * @param {string} root
 * @returns {Promise<{ code: number | null, output: string, interrupted: boolean }>}
 */
function npmCi(root) {
  // NODE_ENV=production must not leave out the pinned Node, which is a dev dependency.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = env.npm_execpath
  const [command, first] = npm?.endsWith('npm-cli.js') ? [process.execPath, [npm]] : ['npm', []]
  return new Promise((resolve) => {
    const child = spawn(command, [...first, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    let interrupted = false
    // The half-made node_modules has no stamp and is made again next time, so nothing is worth npm's long goodbye.
    const stop = () => {
      interrupted = true
      child.kill('SIGKILL')
    }
    for (const signal of SIGNALS) process.on(signal, stop)
    /**
     * @param {number | null} code
     * @param {string} [problem]
     */
    const end = (code, problem) => {
      for (const signal of SIGNALS) process.off(signal, stop)
      resolve({ code, output: problem ?? output, interrupted })
    }
    child.once('error', (error) => end(null, error.message))
    child.once('close', (code) => end(code))
  })
}

/** @param {number} startedAt */
function showProgress(startedAt) {
  if (!process.stdout.isTTY) {
    process.stdout.write('  install    dependencies with npm ci, once, about half a minute\n')
    return () => undefined
  }
  const show = () =>
    process.stdout.write(`\r  install    dependencies with npm ci, ${Math.round((Date.now() - startedAt) / 1000)} s`)
  show()
  const timer = setInterval(show, 1000)
  return () => {
    clearInterval(timer)
    process.stdout.write('\r\u001b[K')
  }
}

/**
 * @param {string} folder
 * @returns {Promise<() => void>} what gives the turn to the next
 */
async function takeTurn(folder) {
  const file = join(folder, 'install.lock')
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      return () => rmSync(file, { force: true })
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
    }
    if (isAlive(Number(readFileSync(file, 'utf8')))) await new Promise((resolve) => setTimeout(resolve, 300))
    else rmSync(file, { force: true })
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM'
  }
}
