import type { Span } from '@opentelemetry/sdk-trace'
import { expect, test } from 'vitest'
import { exactStarts } from './span-clock.ts'

/** What the SDK says of spans that began at these instants, in milliseconds, and then what is made of it. */
function startedAt(instants: readonly number[], offset = 1_763_700_000_000): number[] {
  let fine = 0
  const clock = exactStarts(() => fine)
  return instants.map((instant) => {
    fine = instant
    const millisecond = Math.floor(instant) + offset
    const startTime: [number, number] = [Math.floor(millisecond / 1_000), (millisecond % 1_000) * 1_000_000]
    clock.onStart({ startTime } as Span, {} as never)
    return Number((startTime[0] * 1_000 - offset + startTime[1] / 1_000_000).toFixed(3))
  })
}

test('spans of one millisecond are in the order in which they began, and as far apart', () => {
  const [one = 0, two = 0, three = 0] = startedAt([5.2, 5.5, 5.8])
  expect(two - one).toBeCloseTo(0.3, 2)
  expect(three - two).toBeCloseTo(0.3, 2)
})

test('each stays in the millisecond in which the system has it, and none overtakes another', () => {
  const instants = Array.from({ length: 1_000 }, (_, n) => 3 + n * 0.37)
  const started = startedAt(instants)
  expect(started.map(Math.floor)).toEqual(instants.map(Math.floor))
  expect(started).toEqual(started.toSorted((a, b) => a - b))
})

test('a clock that was set is followed at once', () => {
  const clock = exactStarts(() => 5)
  const startTime: [number, number] = [1_763_700_000, 0]
  clock.onStart({ startTime } as Span, {} as never)
  const later: [number, number] = [1_763_786_400, 7_000_000]
  clock.onStart({ startTime: later } as Span, {} as never)
  expect([startTime, later]).toEqual([
    [1_763_700_000, 0],
    [1_763_786_400, 7_000_000],
  ])
})

test('a span that was told when it began is left alone', () => {
  const startTime: [number, number] = [1_763_700_000, 123_456]
  exactStarts(() => 5).onStart({ startTime } as Span, {} as never)
  expect(startTime).toEqual([1_763_700_000, 123_456])
})
