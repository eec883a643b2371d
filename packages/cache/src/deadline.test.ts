import { expect, test } from 'vitest'

import { millis } from './clock.ts'
import { Deadlines } from './deadline.ts'
import { GatedLoad } from './gated-load.ts'
import { ManualClock } from './manual-clock.ts'

const LIMIT = millis(100)
const over = (): Error => new Error('over')

test('an answer in time is the answer, and no timer outlives the last wait', async () => {
  const clock = new ManualClock()
  const deadlines = new Deadlines(clock, LIMIT)
  expect(await deadlines.of(Promise.resolve(1), over)).toBe(1)
  await expect(deadlines.of(Promise.reject(new Error('no')), over)).rejects.toThrow('no')
  await clock.advance(100)
  expect(clock.timers).toBe(0)
})

test('each wait ends at its own limit, with one timer for all', async () => {
  const clock = new ManualClock()
  const deadlines = new Deadlines(clock, LIMIT)
  const gate = new GatedLoad<string, number>()
  const ends: string[] = []
  const wait = (name: string): void => {
    deadlines.of(gate.load(name), () => new Error(name)).catch((error: Error) => ends.push(error.message))
  }
  wait('a')
  await clock.advance(60)
  wait('b')
  expect(clock.timers).toBe(1)
  await clock.advance(40)
  expect(ends).toEqual(['a'])
  await clock.advance(59)
  expect(ends.length).toBe(1)
  await clock.advance(1)
  expect(ends).toEqual(['a', 'b'])
})

test('an answer that comes too late goes to who can undo it', async () => {
  const clock = new ManualClock()
  const deadlines = new Deadlines(clock, LIMIT)
  const gate = new GatedLoad<string, number>()
  const late: (number | undefined)[] = []
  const wait = deadlines.of(gate.load('k'), over, (answer) => late.push(answer))
  const rejected = expect(wait).rejects.toThrow('over')
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
  const wait = deadlines.of(gate.load('k'), over)
  const advanced = clock.advance(100)
  gate.resolve(0, 1)
  expect(await wait).toBe(1)
  await advanced
})
