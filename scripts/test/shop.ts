/** A shop started by the command a person types, with its data in a temporary directory, for tests to mistreat. */

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { commandOf, markOf, processesOf, signal, until } from '@shop/local-stack'

import { cleanEnvironment } from '../clean-environment.ts'
import { root } from '../command.ts'
import type { RunningShop } from '../running-shop.ts'

const READY = 'Ctrl-C stops everything.'
const PROGRAMS = ['postgres', 'initdb', 'redis-server', 'valkey-server', 'node']

export interface Shop {
  readonly npm: ChildProcess
  said(): string
  /** Resolves with the exit status: a code, or the name of a signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  /** Waits until it is ready, or rejects with what it said instead. */
  ready(): Promise<RunningShop>
  /** As Ctrl-C in a terminal: to every process of the group. */
  interrupt(): void
}

export function startShop(data: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Shop {
  const npm = spawn('npm', ['run', '--silent', 'start', '--', '--size', 'tiny', '--port', '0', ...args], {
    cwd: root,
    detached: true,
    env: { ...cleanEnvironment(process.env), SHOP_DATA: data, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    npm.once('close', (code, name) => resolve(code ?? name))
  })
  return {
    npm,
    ended,
    said: () => text,
    async ready() {
      await until(() => text.includes(READY) || npm.exitCode !== null, 60_000, 20)
      if (!text.includes(READY)) throw new Error(`The shop did not become ready. It said:\n${text}`)
      return JSON.parse(readFileSync(join(data, 'running.json'), 'utf8')) as RunningShop
    },
    interrupt: () => process.kill(-(npm.pid as number), 'SIGINT'),
  }
}

/** All that belongs to the shop of this folder and still runs: API processes, PostgreSQL, Redis. */
export function processesOfShop(data: string): { pid: number; command: string }[] {
  return ['', 'postgres', 'redis'].flatMap((folder) => processesOf(PROGRAMS, markOf(join(data, folder))))
}

/** Kills everything at once, as a power cut would. */
export async function killAll(data: string, shop: Shop, running: RunningShop): Promise<void> {
  const pids = [...processesOfShop(data).map(({ pid }) => pid), running.pid, running.startedBy, shop.npm.pid as number]
  for (const pid of pids) signal(pid, 'SIGKILL')
  await until(() => pids.every((pid) => commandOf(pid) === undefined), 10_000)
}

export async function priceOf(url: string, product = 1): Promise<number> {
  const response = await fetch(`${url}/products/${product}`)
  const { price } = (await response.json()) as { price: { amount: number } }
  return price.amount
}

export async function changePrice(url: string, amount: number, product = 1): Promise<number> {
  const { status } = await fetch(`${url}/products/${product}/price`, {
    method: 'PUT',
    headers: { authorization: 'Bearer dev-admin-token', 'content-type': 'application/json' },
    body: JSON.stringify({ amount, currency: 'EUR' }),
  })
  return status
}
