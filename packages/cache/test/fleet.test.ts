/** One load in a fleet of real processes on a real Redis, and what happens when the one that loads is killed. */

import { type ChildProcess, fork } from 'node:child_process'

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import type { Order, Report } from './member.ts'
import { redisWorld } from './redis-world.ts'

let world: Awaited<ReturnType<typeof redisWorld>>
const members: Member[] = []

class Member {
  readonly process: ChildProcess
  readonly #reports: Report[] = []
  #wake: () => void = () => undefined

  constructor(args: readonly string[]) {
    this.process = fork(new URL('./member.ts', import.meta.url), args, { execArgv: [] })
    this.process.on('message', (report: Report) => {
      this.#reports.push(report)
      this.#wake()
    })
  }

  read(order: Order): void {
    this.process.send(order)
  }

  async next<T extends Report['type']>(type: T): Promise<Report & { type: T }> {
    for (;;) {
      const at = this.#reports.findIndex((report) => report.type === type)
      const [found] = at < 0 ? [] : this.#reports.splice(at, 1)
      if (found) return found as Report & { type: T }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

async function start(count: number, loadMs: number, loadTimeout = 20_000): Promise<Member[]> {
  const started = Array.from({ length: count }, () => new Member([world.url, String(loadMs), String(loadTimeout)]))
  members.push(...started)
  await Promise.all(started.map((member) => member.next('ready')))
  return started
}

beforeAll(async () => {
  world = await redisWorld()
})
afterEach(async () => {
  for (const { process } of members.splice(0)) process.kill('SIGKILL')
  await world.flushAll()
})
afterAll(() => world.close())

test('10 000 callers for one key across 4 processes cause one load', async () => {
  const fleet = await start(4, 100)
  for (const member of fleet) member.read({ callers: 2_500 })
  const reads = await Promise.all(fleet.map((member) => member.next('read')))
  expect(await world.admin.get('loads')).toBe('1')
  expect(reads.map(({ values, failed }) => ({ values, failed }))).toEqual(Array(4).fill({ values: [1], failed: 0 }))
})

// P1   claim: granted --- load ✗ SIGKILL
// P2        claim: busy, waits .......... the lease ends by itself: claim: granted --- load --- fill
test('a holder that is killed is replaced when its lease ends', async () => {
  const [holder] = await start(1, 60_000, 1_000)
  holder?.read({ callers: 1 })
  await holder?.next('loading')
  const waiting = await start(2, 10, 1_000)
  for (const member of waiting) member.read({ callers: 100 })
  holder?.process.kill('SIGKILL')
  const reads = await Promise.all(waiting.map((member) => member.next('read')))
  expect(reads.map(({ values, failed }) => ({ values, failed }))).toEqual(Array(2).fill({ values: [2], failed: 0 }))
  expect(await world.admin.get('loads')).toBe('2')
})
