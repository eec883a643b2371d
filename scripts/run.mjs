/**
 * Runs a script of the project: `node scripts/run.mjs [--no-install] <script> [arguments…]`.
 *
 * The first thing that runs in a fresh clone, so it uses only what Node 20 has. It installs the dependencies if they are
 * missing or do not match the lockfile, then runs the script under the Node the project pins, and becomes as good as
 * invisible: signals go through, the exit status comes back, and if either side dies the other does not stay.
 */

import { spawn } from 'node:child_process'
import { dirname, join, resolve } from 'node:path'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'

import { areCurrent, install } from './dependencies.mjs'
import { findNode } from './node-binary.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const withInstall = process.argv[2] !== '--no-install'
const [script, ...args] = process.argv.slice(withInstall ? 2 : 3)

if (script === undefined) fail('Usage: node scripts/run.mjs [--no-install] <script> [arguments…]')
if (Number.parseInt(process.versions.node, 10) < 20) {
  fail(`Node 20 or newer is needed to begin, this is ${process.version}. Install one: https://nodejs.org`)
}
if (withInstall && !areCurrent(root)) {
  const problem = await install(root)
  if (problem) fail(problem)
}

const node = findNode(root)
if (!node && !script.endsWith('.mjs')) {
  fail('The Node this project pins is not installed. Run: npm ci --include=dev (or use Node 24 or newer)')
}
run(node ?? process.execPath, [resolve(root, script), ...args])

/**
 * @param {string} command
 * @param {string[]} commandArgs
 */
function run(command, commandArgs) {
  const path = [dirname(command), join(root, 'node_modules', '.bin'), env.PATH].join(':')
  // The channel carries no messages: its end tells a script that waits for it that this process was killed.
  const stdio = /** @type {const} */ (['inherit', 'inherit', 'inherit', 'ipc'])
  const child = spawn(command, commandArgs, { cwd: root, env: { ...env, PATH: path }, stdio: [...stdio] })

  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'])) {
    process.on(signal, () => child.kill(signal))
  }
  child.once('error', (error) => fail(`${command} does not run: ${error.message}`))
  child.once('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1)
    // Ends the same way, so that whoever waits sees the true reason.
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
  if (env.npm_lifecycle_script?.includes('scripts/run.mjs')) endWithParent(child)
}

/**
 * npm passes signals on, but a killed npm passes nothing: its end shows only in the parent's number.
 *
 * @param {import('node:child_process').ChildProcess} child
 */
function endWithParent(child) {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    child.kill('SIGTERM')
  }, 500)
  timer.unref()
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
