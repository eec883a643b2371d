import { describe, expect, test } from 'vitest'

import { area, line, stack } from '../report/curves.ts'
import { eventMarks, namedEvents } from '../report/events.ts'
import { bucketsOf } from '../report/histogram.ts'
import { phasesOf } from '../report/phases.ts'
import { linear, logarithmic, timeline, WHOLE } from '../report/scale.ts'
import { answered, endOf, readingsOf, slotsOf } from '../report/thin.ts'
import type { RunEvent, Second } from '../src/run-file.ts'
import { flashSale } from './report-examples.ts'

const second = (atMs: number, more: Partial<Second> = {}): Second => {
  const nothing = { requests: 0, failed: 0, p50: 0, p95: 0, p99: 0, queries: 0, memory: 0, redis: 0, load: 0, stale: 0 }
  return { atMs, ...nothing, ...more }
}

const change = (atMs: number, label = 'price drop'): RunEvent => ({ atMs, label, kind: 'change' })

describe('a scale', () => {
  test.each([
    [[7], [0, 2, 4, 6, 8]],
    [[2_053], [0, 1_000, 2_000, 3_000]],
    [[0.73], [0, 0.2, 0.4, 0.6, 0.8]],
    [[0.3], [0, 0.1, 0.2, 0.3]],
    [[1], [0, 0.5, 1]],
    [[], [0, 0.5, 1]],
    [
      [0, 0],
      [0, 0.5, 1],
    ],
  ])('of %j has round ticks up to the greatest or above', (values, ticks) => {
    expect(linear(values).ticks).toEqual(ticks)
  })

  test('of every size has at most six ticks, and its greatest value inside', () => {
    for (let value = 0.001; value < 1e7; value *= 1.37) {
      const { ticks, at } = linear([value])
      expect(ticks.length).toBeLessThanOrEqual(6)
      expect(at(value)).toBeGreaterThan(0.6)
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(value)
    }
  })

  test.each([
    [
      [0.9, 412],
      [0.1, 1, 10, 100, 1_000],
    ],
    [
      [12, 48],
      [10, 20, 50, 100],
    ],
    [[10], [1, 2, 5, 10]],
    [
      [0, 30, 2_000],
      [0, 10, 100, 1_000, 10_000],
    ],
  ])('of powers of ten for %j says %j', (values, ticks) => {
    expect(logarithmic(values).ticks).toEqual(ticks)
  })

  test('of powers of ten gives each the same room, and zero a place below them', () => {
    const scale = logarithmic([0, 30, 2_000])
    expect([0, 10, 100, 1_000, 10_000].map((value) => scale.at(value))).toEqual([0, 0.25, 0.5, 0.75, 1])
  })

  test('of time begins at 0, ends with the load, and has at most nine round ticks', () => {
    expect(timeline(90_000).ticks).toEqual([0, 15_000, 30_000, 45_000, 60_000, 75_000, 90_000])
    expect(timeline(90_000).at(90_000)).toBe(1)
    for (const endMs of [1_000, 2_300, 45_000, 599_000, 7_200_000, 1e12]) {
      expect(timeline(endMs).ticks.length).toBeLessThanOrEqual(9)
    }
  })

  test('draws on its border what lies beyond it', () => {
    expect([WHOLE.at(-1), WHOLE.at(2), timeline(1_000).at(5_000)]).toEqual([0, 1, 1])
  })
})

describe('an event', () => {
  const placesOf = (events: readonly RunEvent[], endMs: number) =>
    [...String(eventMarks(events, timeline(endMs), 100, true).drawing).matchAll(/<line x1="([\d.]+)%"/g)].map(([, x]) =>
      Number(x),
    )

  test('at 5 s of 20 s stands at a quarter of the axis, on a phone and on a desk', () => {
    expect(placesOf([change(5_000)], 20_000)).toEqual([25, 25])
  })

  test('before the start or after the end stands on the border', () => {
    expect(placesOf([change(-3_000), change(50_000)], 20_000)).toEqual([0, 100, 0, 100])
  })

  test('gets its number in the order of time', () => {
    const named = namedEvents([change(9_000, 'later'), change(1_000, 'sooner')])
    expect(named.map(({ number, label }) => [number, label])).toEqual([
      [1, 'sooner'],
      [2, 'later'],
    ])
  })

  test('has its words above those that it would touch, and its line through the words of none', () => {
    const marks = eventMarks(
      [change(10_000, 'Redis frozen'), change(10_500, 'Redis goes on')],
      timeline(60_000),
      100,
      true,
    )
    expect(marks).toMatchObject({ lanes: 2, spare: 0 })
    const [, onDesk = ''] = String(marks.drawing).split('on-desk')
    const [first, second] = [...onDesk.matchAll(/<text x="[\d.]+%" y="(\d+)"/g)].map(([, y]) => Number(y))
    expect(first).toBeLessThan(second ?? 0)
  })

  test('has its line through the words of none, wherever they are', () => {
    let state = 1
    const chance = (below: number): number => {
      state = (state * 48_271) % 2_147_483_647
      return state % below
    }
    for (let round = 0; round < 300; round++) {
      const events = Array.from({ length: 2 + chance(7) }, () => change(chance(60_000), 'x'.repeat(1 + chance(20))))
      const { drawing } = eventMarks(events, timeline(60_000), 100, true)
      const [, onDesk = ''] = String(drawing).split('on-desk')
      const drawn = [
        ...onDesk.matchAll(
          /<line x1="([\d.]+)%" x2="[^"]*" y1="(\d+)"[^>]*>(?:<text x="[^"]*" y="(\d+)" ([^>]*)>([^<]*))?/g,
        ),
      ]
      const lines = drawn.map(([, x, top]) => ({ x: Number(x) * 6.1, top: Number(top) }))
      const words = drawn.flatMap(([, x, , y, side, text]) => {
        if (y === undefined || text === undefined) return []
        const [at, length] = [Number(x) * 6.1, 4 + text.length * 6.5]
        const [from, until] = side?.includes('turned') ? [at - length, at - 1] : [at + 1, at + length]
        return [{ from, until, y: Number(y) }]
      })
      const crossed = words.filter(({ from, until, y }) =>
        lines.some(({ x, top }) => x > from + 2 && x < until - 2 && top < y),
      )
      expect({ events, crossed }).toEqual({ events, crossed: [] })
      const touching = words.filter((one) =>
        words.some((other) => other !== one && other.y === one.y && other.from < one.until && one.from < other.until),
      )
      expect({ events, touching }).toEqual({ events, touching: [] })
    }
  })

  test('near the right end has its words on the left', () => {
    const drawing = String(eventMarks([change(59_000, 'sold out')], timeline(60_000), 100, true).drawing)
    expect(drawing).toMatch(/class="turned" dx="-4">1 sold out</)
  })

  test('of thousands has a stroke and no words, and a fault among them keeps its words', () => {
    const storm = Array.from({ length: 5_000 }, (_, index) => change(index * 10))
    const fault: RunEvent = { atMs: 20_000, label: 'bus cut', kind: 'fault' }
    const drawing = String(eventMarks([...storm, fault], timeline(50_000), 100, true).drawing)
    expect(drawing).toContain('1 bus cut')
    expect(drawing).not.toContain('price drop')
    expect(drawing.length).toBeLessThan(30_000)
  })
})

describe('slots', () => {
  test('hold a second each up to four minutes, and more of a longer run', () => {
    expect(slotsOf([], 240_000)).toMatchObject({ widthMs: 1_000, slots: { length: 240 } })
    expect(slotsOf([], 600_000)).toMatchObject({ widthMs: 3_000, slots: { length: 200 } })
    expect(slotsOf([], 1e15).slots.length).toBeLessThanOrEqual(240)
  })

  test('keep the worst latency of their seconds, and the mean of their rates', () => {
    const spike = Array.from({ length: 600 }, (_, index) =>
      second(index * 1_000, { requests: index, p99: index === 301 ? 900 : 5 }),
    )
    const slots = slotsOf(spike, 600_000)
    expect(readingsOf(slots, ({ p99 }) => p99, 'worst')[100]).toBe(900)
    expect(readingsOf(slots, ({ requests }) => requests, 'mean')[100]).toBe(301)
  })

  test('without a second are a gap, and a second without an answer has no latency', () => {
    const slots = slotsOf(
      [second(0, { requests: 2, p99: 7 }), second(2_000, { requests: 3, failed: 3, p99: 0 })],
      3_000,
    )
    expect(readingsOf(slots, ({ requests }) => requests, 'mean')).toEqual([2, undefined, 3])
    expect(
      readingsOf(
        slots,
        answered(({ p99 }) => p99),
        'worst',
      ),
    ).toEqual([7, undefined, undefined])
  })

  test('take a second that was sampled a little early or late for the one it means', () => {
    const slots = slotsOf([second(3), second(999), second(2_004)], 3_000)
    expect(slots.slots.map(({ length }) => length)).toEqual([1, 1, 1])
  })

  test('do not count what is no number', () => {
    const slots = slotsOf([second(0, { p99: null as unknown as number }), second(0, { p99: Number.NaN })], 1_000)
    expect(readingsOf(slots, ({ p99 }) => p99, 'worst')).toEqual([undefined])
  })

  test('end with the last second, or with an event after it', () => {
    expect(endOf({ seconds: [second(89_000)], events: [] })).toBe(90_000)
    expect(endOf({ seconds: [second(0)], events: [change(4_200)] })).toBe(4_200)
    expect(endOf({ seconds: [], events: [] })).toBe(1_000)
  })
})

describe('a curve', () => {
  const grid = { value: linear([10]), time: timeline(4_000), widthMs: 1_000, height: 100 }
  const pathOf = (markup: unknown) => /d="([^"]*)"/.exec(String(markup))?.[1]

  test('holds each value for its slot, and breaks where there is none', () => {
    expect(pathOf(line([5, 10, undefined, 0], 'ink', grid))).toBe('M0 50V50H250V0H500M750 100V100H1000')
  })

  test('has one step for slots of one height', () => {
    expect(pathOf(line([5, 5, 5, 5], 'ink', grid))).toBe('M0 50V50H1000')
  })

  test('of failures shows a single one of millions', () => {
    expect(pathOf(area([0.000_01, 0, 0, 0], 'failed', grid))).toBe('M0 100V98H250V100H0Z')
  })

  test('lies on the one below it when it is stacked', () => {
    const [low, high] = stack(
      [
        { look: 'memory', values: [0.75, 0.75] },
        { look: 'load', values: [0.25, 0.25] },
      ],
      { ...grid, value: WHOLE, time: timeline(2_000) },
    )
    expect([pathOf(low), pathOf(high)]).toEqual(['M0 100V25H1000V100H0Z', 'M0 25V0H1000V25H0Z'])
  })
})

describe('a phase', () => {
  const [run] = flashSale().runs

  test('begins with an event and ends with the next, and every second is in one', () => {
    const phases = run ? phasesOf(run, 90_000) : []
    expect(phases.map(({ name, fromMs, untilMs }) => [name, fromMs, untilMs])).toEqual([
      ['from the start', 0, 30_000],
      ['the sale begins', 30_000, 42_000],
      ['price drop', 42_000, 55_000],
      ['Redis frozen', 55_000, 63_000],
      ['Redis goes on', 63_000, 80_000],
      ['sold out', 80_000, 90_000],
    ])
    expect(phases.flatMap(({ seconds }) => seconds)).toEqual(run?.seconds)
  })

  test('has the second in which its event came, be it some milliseconds late', () => {
    const fault: RunEvent = { atMs: 1_004, label: 'Redis frozen', kind: 'fault' }
    const late = run && { ...run, events: [fault], seconds: [0, 1_000, 2_000].map((atMs) => second(atMs)) }
    const counted = late && phasesOf(late, 3_000).map(({ name, seconds }) => [name, seconds.length])
    expect(counted).toEqual([
      ['from the start', 1],
      ['Redis frozen', 2],
    ])
  })

  test('of two events in one moment has the name of the later', () => {
    const both = run && {
      ...run,
      events: [change(80, 'the first'), change(90, 'the second'), change(30_000, 'the third')],
    }
    expect(both && phasesOf(both, 90_000).map(({ name }) => name)).toEqual(['the second', 'the third'])
  })
})

describe('a bucket of the histogram', () => {
  test('is shown from the first to the last that holds something, with those between', () => {
    const buckets = [0, 4, 0, 2, 0].map((count, index) => ({ upToMs: 2 ** index, count }))
    expect(bucketsOf(buckets)).toEqual([
      { fromMs: 1, upToMs: 2, count: 4 },
      { fromMs: 2, upToMs: 4, count: 0 },
      { fromMs: 4, upToMs: 8, count: 2 },
    ])
  })

  test('is joined with its neighbours when there are too many, and none is lost', () => {
    const joined = bucketsOf(Array.from({ length: 101 }, (_, index) => ({ upToMs: index + 1, count: 3 })))
    expect(joined.length).toBeLessThanOrEqual(20)
    expect(joined.reduce((sum, { count }) => sum + count, 0)).toBe(303)
  })

  test.each([null, Number.MAX_SAFE_INTEGER])('without an end (%s) is what lies above the one before', (end) => {
    const buckets = [
      { upToMs: 100, count: 1 },
      { upToMs: end as number, count: 2 },
    ]
    expect(bucketsOf(buckets).at(-1)).toEqual({ fromMs: 100, upToMs: undefined, count: 2 })
  })
})
