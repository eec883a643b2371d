/**
 * A smoke of `npm start`, as a new user would have it: a fresh copy of what is committed, one command, a read,
 * the same read again, a price change, a read, Ctrl-C. Fails when a process of it is left.
 */

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { cleanEnvironment } from './clean-environment.ts'
import { root } from './command.ts'

/** The first of those that are free from here on is taken. */
const PORT = 4_300
const START_LIMIT_MS = 240_000
const STOP_LIMIT_MS = 30_000

const copy = mkdtempSync(join(tmpdir(), 'shop-smoke-'))
try {
  execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, copy], { stdio: 'inherit' })
  const first = await smoke('fresh clone')
  const second = await smoke('warm start')
  console.log(`fresh clone to ready ${first} s, warm start to ready ${second} s`)
  console.log('2 passed, 0 failed')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  console.log('0 passed, 1 failed')
  process.exitCode = 1
} finally {
  rmSync(copy, { recursive: true, force: true })
}
process.exit()

/** Starts, uses, stops. Returns the seconds from the command to ready. */
async function smoke(name: string): Promise<string> {
  const startedAt = performance.now()
  // A group of its own, so that the signal goes to all of it, as Ctrl-C does.
  const shop = spawn('npm', ['start', '--', '--port', String(PORT)], {
    cwd: copy,
    detached: true,
    env: cleanEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  shop.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    process.stdout.write(text.replace(/^/gm, '  │ '))
  })
  const ended = new Promise<number | null>((resolve) => shop.on('exit', resolve))
  try {
    const url = await within(START_LIMIT_MS, `${name}: ready`, () => {
      check(shop.exitCode === null, 'npm start goes on running')
      return /(http:\/\/[\d.]+:\d+)\/products/.exec(said)?.[1]
    })
    const ready = ((performance.now() - startedAt) / 1_000).toFixed(1)
    await use(url, said)
    process.kill(-(shop.pid ?? 0), 'SIGINT')
    const code = await Promise.race([ended, after(STOP_LIMIT_MS)])
    check(code === 0, `${name}: Ctrl-C ends with exit code 0, got ${code}`)
    const left = processesIn(copy)
    check(left.length === 0, `${name}: no process is left, found ${left.join(', ')}`)
    console.log(`  ✔ ${name}: ready, read, hit, price change, read, stopped, no process left`)
    return ready
  } catch (error) {
    process.kill(-(shop.pid ?? 0), 'SIGKILL')
    throw error
  }
}

async function use(url: string, said: string): Promise<void> {
  const token = /Bearer ([\w-]+)/.exec(said)?.[1] ?? ''
  const read = async (): Promise<{ status: string; amount: number; currency: string }> => {
    const response = await fetch(`${url}/products/1`)
    check(response.status === 200, `GET /products/1 answers 200, got ${response.status}`)
    const { price } = (await response.json()) as { price: { amount: number; currency: string } }
    return { status: response.headers.get('cache-status') ?? '', ...price }
  }
  const before = await read()
  const again = await read()
  check(/; hit/.test(again.status), `the second read is a hit, got "${again.status}"`)
  const amount = before.amount + 1
  const change = await fetch(`${url}/products/1/price`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ amount, currency: before.currency }),
  })
  check(change.status === 200, `PUT /products/1/price answers 200, got ${change.status}: ${await change.text()}`)
  const after = await read()
  check(after.amount === amount, `the new price is read at once: expected ${amount}, got ${after.amount}`)
  check((await fetch(`${url}/readyz`)).status === 200, 'GET /readyz answers 200')
}

function check(fact: boolean, said: string): void {
  if (!fact) throw new Error(`✘ ${said}`)
}

async function within<R>(limit: number, what: string, look: () => R | undefined): Promise<R> {
  const end = performance.now() + limit
  while (performance.now() < end) {
    const found = look()
    if (found !== undefined) return found
    await after(50)
  }
  throw new Error(`✘ ${what} within ${limit / 1_000} s`)
}

function after(milliseconds: number): Promise<'too late'> {
  return new Promise((resolve) => setTimeout(() => resolve('too late'), milliseconds))
}

/** Processes that run in the folder, or name it: Linux tells; elsewhere none are found. */
function processesIn(folder: string): string[] {
  return entries('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      return command !== '' && (command.includes(folder) || readlinkSync(`/proc/${pid}/cwd`).startsWith(folder))
    } catch {
      return false // It has ended meanwhile.
    }
  })
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
