import { expect, test } from 'vitest'

import { Bulkhead } from './bulkhead.ts'
import { GatedLoad } from './gated-load.ts'

const never = new AbortController()

test('so many run at once, the next waits for a place', async () => {
  const bulkhead = new Bulkhead(2, 10)
  const gate = new GatedLoad<number, number>()
  const runs = [0, 1, 2].map((i) => bulkhead.run(() => gate.load(i), never))
  await gate.called(2)
  expect([bulkhead.running, bulkhead.queued]).toEqual([2, 1])
  gate.resolve(1, 1)
  await gate.called(3)
  expect([bulkhead.running, bulkhead.queued]).toEqual([2, 0])
  gate.resolve(0, 0)
  gate.resolve(2, 2)
  expect(await Promise.all(runs)).toEqual([0, 1, 2])
  expect(bulkhead.running).toBe(0)
})

test('a full queue refuses by name', async () => {
  const bulkhead = new Bulkhead(1, 1)
  const gate = new GatedLoad<number, number>()
  const first = bulkhead.run(() => gate.load(0), never)
  const second = bulkhead.run(() => gate.load(1), never)
  await expect(bulkhead.run(() => gate.load(2), never)).rejects.toMatchObject({ code: 'CACHE_LOAD_SHED' })
  gate.resolve(0, 0)
  await gate.called(2)
  gate.resolve(1, 1)
  expect(await Promise.all([first, second])).toEqual([0, 1])
})

test('who gives up in the queue leaves it, and its work never starts', async () => {
  const bulkhead = new Bulkhead(1, 5)
  const gate = new GatedLoad<number, number>()
  const first = bulkhead.run(() => gate.load(0), never)
  const controller = new AbortController()
  const second = bulkhead.run(() => gate.load(1), controller)
  controller.abort(new Error('gave up'))
  await expect(second).rejects.toThrow('gave up')
  expect(bulkhead.queued).toBe(0)
  gate.resolve(0, 0)
  await first
  expect(gate.calls).toBe(1)
  expect(bulkhead.running).toBe(0)
})

test('a failure gives the place back', async () => {
  const bulkhead = new Bulkhead(1, 1)
  await expect(bulkhead.run(() => Promise.reject(new Error('no')), never)).rejects.toThrow('no')
  expect(await bulkhead.run(async () => 1, never)).toBe(1)
})
