import { expect, test } from 'vitest'

import { Gather } from './gather.ts'
import { ManualClock } from './manual-clock.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function doubles(most: number): { gather: Gather<number, number>; asked: (readonly number[])[] } {
  const asked: (readonly number[])[] = []
  const gather = new Gather<number, number>(new ManualClock(), most, async (items) => {
    asked.push(items)
    return items.map((item) => (item % 2 === 0 ? Promise.resolve(2 * item) : 2 * item))
  })
  return { gather, asked }
}

test('what one turn asks for is asked for at once, and each has its own reply', async () => {
  const { gather, asked } = doubles(10)
  const replies = [1, 2, 3].map((item) => gather.of(item))
  expect(asked).toEqual([])
  expect(await Promise.all(replies)).toEqual([2, 4, 6])
  expect(asked).toEqual([[1, 2, 3]])
})

test('the next turn asks anew', async () => {
  const { gather, asked } = doubles(10)
  gather.of(1)
  await turn()
  await gather.of(2)
  expect(asked).toEqual([[1], [2]])
})

test('more than fit into one are several, and none is asked for before its call has returned', async () => {
  const { gather, asked } = doubles(2)
  const replies = [1, 2, 3, 4].map((item) => {
    const reply = gather.of(item)
    expect(asked.flat()).not.toContain(item)
    return reply
  })
  expect(await Promise.all(replies)).toEqual([2, 4, 6, 8])
  expect(asked).toEqual([
    [1, 2],
    [3, 4],
  ])
})

test('a failure is that of all who were asked for together, and of nobody else', async () => {
  let calls = 0
  const gather = new Gather<number, number>(new ManualClock(), 10, async (items) => {
    if (++calls === 1) throw new Error('no')
    return items
  })
  const ends = await Promise.allSettled([gather.of(1), gather.of(2)])
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await gather.of(3)).toBe(3)
})
