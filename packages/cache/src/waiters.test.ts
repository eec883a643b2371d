import { expect, test } from 'vitest'

import { millis } from './clock.ts'
import { ManualClock } from './manual-clock.ts'
import { Waiters } from './waiters.ts'

// open(k)   claim k ------------------------- busy: the end is already here
//                holder fills, wake ---- heard
test('an end that is heard before the answer of the claim is not missed', async () => {
  const waiters = new Waiters(new ManualClock())
  const waiter = waiters.open('k')
  waiters.wake('k', { type: 'stored' })
  expect(await waiter.wait(millis(1_000))).toEqual({ type: 'stored' })
})

test('a holder that died is waited for no longer than its lease', async () => {
  const clock = new ManualClock()
  const waiters = new Waiters(clock)
  const waiter = waiters.open('k')
  const wait = waiter.wait(millis(1_000))
  await clock.advance(1_000)
  expect(await wait).toBeUndefined()
})

test('a wake reaches every waiter of the key and nobody else, and leaves no timer', async () => {
  const clock = new ManualClock()
  const waiters = new Waiters(clock)
  const [a, b, other] = [waiters.open('k'), waiters.open('k'), waiters.open('x')]
  const waits = [a.wait(millis(50)), b.wait(millis(50)), other.wait(millis(50))]
  waiters.wake('k', { type: 'not-stored' })
  expect(await Promise.all(waits.slice(0, 2))).toEqual([{ type: 'not-stored' }, { type: 'not-stored' }])
  expect(clock.timers).toBe(1)
  for (const waiter of [a, b]) waiters.close('k', waiter)
  waiters.close('x', other)
  expect(waiters.size).toBe(0)
})
