import { expect, onTestFinished, test } from 'vitest'

import { backoff, type JobOptions, startJob } from './job.ts'

const LONG_MS = 600_000

function started(turn: JobOptions['turn'], failed: JobOptions['failed'] = () => undefined) {
  const job = startJob({ turn, failed, leastBackoffMs: 1, mostBackoffMs: 2 })
  onTestFinished(() => job.stop())
  return job
}

test('turns follow each other and never overlap', async () => {
  const { promise: third, resolve: reachThird } = Promise.withResolvers<void>()
  let running = 0
  let turns = 0
  started(async () => {
    expect(++running).toBe(1)
    await new Promise((next) => setImmediate(next))
    running--
    if (++turns === 3) reachThird()
    return 0
  })
  await third
})

test('a turn that rejects is told with the number of failures in a row, and the job goes on', async () => {
  const { promise: done, resolve: end } = Promise.withResolvers<void>()
  const told: number[] = []
  let turns = 0
  started(
    async () => {
      turns++
      if (turns === 3) return 0
      if (turns === 5) {
        end()
        return LONG_MS
      }
      throw new Error('no')
    },
    (_error, failures) => told.push(failures),
  )
  await done
  expect(told).toEqual([1, 2, 1])
})

test('a wake ends the pause', async () => {
  let turns = 0
  const { promise: second, resolve: reachSecond } = Promise.withResolvers<void>()
  const { promise: first, resolve: reachFirst } = Promise.withResolvers<void>()
  const job = started(async () => {
    if (++turns === 1) reachFirst()
    else reachSecond()
    return LONG_MS
  })
  await first
  await new Promise((next) => setImmediate(next))
  job.wake()
  await second
})

// turn 1: has looked ------------- pause 0: something may have come after the look
//              wake
test('a wake during a turn is not lost', async () => {
  let turns = 0
  const { promise: second, resolve: reachSecond } = Promise.withResolvers<void>()
  const { promise: looking, resolve: look } = Promise.withResolvers<void>()
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const job = started(async () => {
    if (++turns === 2) reachSecond()
    look()
    await gate
    return LONG_MS
  })
  await looking
  job.wake()
  open()
  await second
})

test('a stop waits for the turn under way, tells it, and begins no other', async () => {
  let turns = 0
  let ended = false
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const job = started(async (stopping) => {
    turns++
    begin()
    await new Promise<void>((resolve) => stopping.addEventListener('abort', () => resolve()))
    ended = true
    return 0
  })
  await begun
  await job.stop()
  expect([turns, ended]).toEqual([1, true])
})

test.each([
  [1, 50],
  [2, 100],
  [5, 800],
  [6, 1_000],
  [1_000_000, 1_000],
])('the pause after %i failures in a row is %i ms', (failures, pauseMs) => {
  expect(backoff(failures, 50, 1_000)).toBe(pauseMs)
})
