import { expect, test } from 'vitest'

import { millis } from '../clock.ts'
import { GatedLoad } from '../gated-load.ts'
import { ManualClock } from '../manual-clock.ts'
import { Deadlines } from './deadline.ts'

const LIMIT = millis(100)

test('an answer in time is the answer, and no timer outlives the last wait', async () => {
  const clock = new ManualClock()
  const deadlines = new Deadlines(clock, LIMIT)
  expect(await deadlines.of('read', Promise.resolve(1))).toBe(1)
  await expect(deadlines.of('read', Promise.reject(new Error('no')))).rejects.toThrow('no')
  await clock.advance(100)
  expect(clock.timers).toBe(0)
})

test('each wait ends at its own limit, with one timer for all', async () => {
  const clock = new ManualClock()
  const deadlines = new Deadlines(clock, LIMIT)
  const gate = new GatedLoad<string, number>()
  const ends: string[] = []
  const wait = (name: string): void => {
    deadlines.of(name, gate.load(name)).catch((error: Error & { code: string }) => ends.push(`${name} ${error.code}`))
  }
  wait('a')
  await clock.advance(60)
  wait('b')
  expect(clock.timers).toBe(1)
  await clock.advance(40)
  expect(ends).toEqual(['a CACHE_REMOTE_TIMEOUT'])
  await clock.advance(59)
  expect(ends.length).toBe(1)
  await clock.advance(1)
  expect(ends).toEqual(['a CACHE_REMOTE_TIMEOUT', 'b CACHE_REMOTE_TIMEOUT'])
})

test('an answer that comes too late goes to who can undo it', async () => {
  const clock = new ManualClock()
  const deadlines = new Deadlines(clock, LIMIT)
  const gate = new GatedLoad<string, number>()
  const late: (number | undefined)[] = []
  const wait = deadlines.of('claim', gate.load('k'), (answer) => late.push(answer))
  const rejected = expect(wait).rejects.toMatchObject({ code: 'CACHE_REMOTE_TIMEOUT' })
  await clock.advance(100)
  await rejected
  gate.resolve(0, 7)
  await clock.advance(0)
  expect(late).toEqual([7])
})

// the timer is due, and so is the answer, behind it in the same turn of the loop
test('an answer that is already there when the timer fires is in time', async () => {
  const clock = new ManualClock()
  const deadlines = new Deadlines(clock, LIMIT)
  const gate = new GatedLoad<string, number>()
  const wait = deadlines.of('read', gate.load('k'))
  const advanced = clock.advance(100)
  gate.resolve(0, 1)
  expect(await wait).toBe(1)
  await advanced
})
