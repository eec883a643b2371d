/**
 * The judge of the soak, with histories in the hand: wrong ones that it must not let pass, and right ones that it must.
 *
 * Times are milliseconds. Process 1 writes and process 2 reads, where nothing else is said.
 */

import { describe, expect, test } from 'vitest'

import { History, type Invalidation, type Read, type Rule } from '../soak/history.ts'
import type { Instant } from '../soak/instant.ts'
import { Silence } from '../soak/silence.ts'

const BOUND = 500
const KEY = 0
const at = (ms: number): Instant => ms as Instant

/** A history of two keys. Odd versions of key 1 are absent values. */
class Story {
  readonly history = new History(2, BOUND, (key, version) => key === 1 && version % 2 === 1)

  write(ms: number, key = KEY, by = 1): this {
    this.history.commit(key, by, at(ms))
    return this
  }

  /** Asked for at one instant, told at the other. */
  invalidate(
    askedAt: number,
    toldAt: number,
    told: boolean,
    { by = 1, key = KEY, versions = [] as number[] } = {},
  ): this {
    const invalidation: Invalidation = { by, askedAt: at(askedAt), toldAt: at(toldAt), acknowledged: told, what: 'key' }
    const concerns = (_key: number, version: number) => versions.length === 0 || versions.includes(version)
    this.history.invalidated(invalidation, [key], concerns)
    return this
  }

  /** What is wrong with the read, or for how long its version had ended. */
  read(version: number | undefined, startedAt: number, more: Partial<Read> & { took?: number } = {}): Rule | number {
    const { took = 1, ...rest } = more
    const read = { by: 2, key: KEY, version, startedAt: at(startedAt), endedAt: at(startedAt + took), ...rest }
    const verdict = this.history.check(read)
    return typeof verdict === 'number' ? verdict : verdict.rule
  }
}

//     100 commit 1 ── 110 asked ── 120 told true ........................ 620 ....
//     version 0 may be read by a process that starts up to here            |  and not after
const replaced = (told = true) => new Story().write(100).invalidate(110, 120, told)

describe('a version whose invalidation was acknowledged', () => {
  test('may be read before it, and counts as current', () => {
    expect(replaced().read(0, 120)).toBe(0)
    expect(replaced().read(0, 50)).toBe(0)
  })

  test('may be read by another process within the bound', () => {
    expect(replaced().read(0, 121)).toBe(1)
    expect(replaced().read(0, 620)).toBe(500)
  })

  test('may not be read by anyone who starts later than that', () => {
    expect(replaced().read(0, 620.001)).toBe('stale')
    expect(replaced().read(0, 60_000)).toBe('stale')
  })

  test('may be read however late by who started in time', () => {
    expect(replaced().read(0, 600, { took: 10_000 })).toBe(480)
  })

  test('may not be read by its own process from then on', () => {
    expect(replaced().read(0, 120, { by: 1 })).toBe(0)
    expect(replaced().read(0, 120.001, { by: 1 })).toBe('own write')
  })

  test('may not come back after a flush, however long ago it was', () => {
    const story = replaced()
    for (let n = 1; n < 100; n++) story.write(n * 1_000).invalidate(n * 1_000 + 10, n * 1_000 + 20, true)
    expect(story.read(0, 99_900)).toBe('stale')
    story.history.settle(at(99_900), at(99_000))
    expect(story.read(0, 99_900)).toBe('stale')
    expect(story.read(50, 99_900)).toBe('stale')
    expect(story.read(100, 99_900)).toBe(0)
  })

  test('is ended at the first acknowledgement, whatever order they are told of in', () => {
    const story = replaced().invalidate(300, 400, true, { by: 3 }).invalidate(105, 115, true, { by: 4 })
    expect(story.read(0, 615)).toBe(500)
    expect(story.read(0, 616)).toBe('stale')
  })

  test('may not be served even if the one that replaced it was never acknowledged itself', () => {
    const story = replaced().write(130)
    expect(story.read(0, 700)).toBe('stale')
    expect(story.read(1, 700)).toBe(0)
  })
})

describe('an invalidation that was told false', () => {
  test('binds its own process at once', () => {
    expect(replaced(false).read(0, 121, { by: 1 })).toBe('own write')
    expect(replaced(false).read(1, 121, { by: 1 })).toBe(0)
  })

  test('binds nobody else, however long ago it was', () => {
    expect(replaced(false).read(0, 60_000)).toBe(0)
    expect(replaced(false).read(1, 60_000)).toBe(0)
  })

  test('binds everybody by the bound once it is known to have reached Redis', () => {
    const story = replaced(false).invalidate(110, 3_000, true)
    expect(story.read(0, 3_500)).toBe(500)
    expect(story.read(0, 3_501)).toBe('stale')
  })
})

describe('an invalidation', () => {
  test('does not end what was current when it was asked for', () => {
    const story = new Story().invalidate(100, 110, true)
    expect(story.read(0, 60_000)).toBe(0)
  })

  //     invalidate asked ──── commit 1 ──── told true: a load may have begun before the commit and after Redis had it
  test('does not end what was replaced only after it was asked for', () => {
    const story = new Story().invalidate(90, 120, true)
    story.write(100)
    story.invalidate(95, 120, true)
    expect(story.read(0, 60_000)).toBe(0)
  })

  test('ends what others have written and not invalidated', () => {
    const story = new Story().write(100).invalidate(110, 120, true, { by: 3 })
    expect(story.read(0, 621)).toBe('stale')
    expect(story.read(0, 121, { by: 3 })).toBe('own write')
    expect(story.read(0, 121, { by: 1 })).toBe(1)
  })

  test('of a tag ends only the versions that have it', () => {
    const story = new Story()
      .write(100)
      .write(105)
      .invalidate(110, 120, true, { versions: [1] })
    expect(story.read(0, 60_000)).toBe(0)
    expect(story.read(1, 60_000)).toBe('stale')
  })

  test('whose record comes late counts as if it had come in time', () => {
    const story = new Story().write(100).invalidate(110, 120, true, { by: 3 })
    // Process 2 has reported up to 619 only.
    story.history.settle(at(619), at(0))
    story.invalidate(300, 610, false, { by: 2 })
    expect(story.read(0, 611)).toBe('own write')
  })
})

describe('a write without any invalidation', () => {
  test('may be seen or not, by its own process too', () => {
    const story = new Story().write(100)
    for (const by of [1, 2]) for (const version of [0, 1]) expect(story.read(version, 5_000, { by })).toBe(0)
  })
})

describe('a version', () => {
  test('that was never written is wrong', () => {
    expect(replaced().read(2, 5_000)).toBe('never written')
    expect(replaced().read(0.5, 5_000)).toBe('never written')
    expect(replaced().read(-2, 5_000)).toBe('never written')
    expect(replaced().read(Number.NaN, 5_000)).toBe('never written')
  })

  test('that was committed only after the read had ended is wrong', () => {
    expect(replaced().read(1, 90, { took: 9 })).toBe('never written')
    expect(replaced().read(1, 90, { took: 10 })).toBe(0)
  })
})

describe('a read that names a position', () => {
  const after = (ms: number) => ({ after: { by: 1, at: at(ms) } })

  test('may not have what had ended before it was taken, bound or no bound', () => {
    expect(replaced().read(0, 130, after(125))).toBe('position')
    expect(replaced().read(0, 130, after(120))).toBe('position')
    expect(replaced().read(1, 130, after(125))).toBe(0)
  })

  test('may have what ended after it was taken', () => {
    expect(replaced().read(0, 130, after(119))).toBe(10)
  })

  test('may have what another process than its taker had invalidated', () => {
    expect(replaced().read(0, 130, { after: { by: 3, at: at(125) } })).toBe(10)
  })

  test('may have what its taker was told had not reached Redis', () => {
    expect(replaced(false).read(0, 130, after(125))).toBe(0)
  })
})

//     nothing from Redis since 1 000 ──────── 1 500 ──── from here on the process serves only what it loaded within the bound
describe('a process that nothing from Redis has reached', () => {
  const cutOff = { unreachedSince: at(1_000) }

  test('may not serve what was replaced more than the bound before, acknowledged or not', () => {
    const story = new Story().write(1_600)
    expect(story.read(0, 2_100, cutOff)).toBe(0)
    expect(story.read(0, 2_101, cutOff)).toBe('cut off')
    expect(story.read(1, 2_101, cutOff)).toBe(0)
  })

  test('may serve what it has under its last proof', () => {
    const story = new Story().write(900)
    expect(story.read(0, 1_500, cutOff)).toBe(0)
    expect(story.read(0, 1_501, cutOff)).toBe('cut off')
  })
})

describe('an absent value', () => {
  const absent = { key: 1 }

  test('is right where the version is one', () => {
    const story = new Story().write(100, 1)
    expect(story.read(undefined, 200, absent)).toBe(0)
  })

  test('was never written where no version is one', () => {
    expect(new Story().read(undefined, 200, absent)).toBe('never written')
    expect(new Story().write(100).read(undefined, 200)).toBe('never written')
  })

  test('that a new row has replaced is stale past the bound', () => {
    const story = new Story().write(100, 1).write(200, 1).invalidate(210, 220, true, absent)
    expect(story.read(undefined, 720, absent)).toBe(500)
    expect(story.read(undefined, 721, absent)).toBe('stale')
    expect(story.read(undefined, 221, { ...absent, by: 1 })).toBe('own write')
  })

  test('may be the newest of several', () => {
    const story = new Story().write(100, 1).write(200, 1).invalidate(210, 220, true, absent)
    story.write(300, 1).write(400, 1)
    expect(story.read(undefined, 60_000, absent)).toBe(0)
  })

  test('that is forgotten is still wrong', () => {
    const story = new Story().write(100, 1).write(200, 1).invalidate(210, 220, true, absent)
    story.history.settle(at(60_000), at(50_000))
    expect(story.read(undefined, 60_001, absent)).not.toBeTypeOf('number')
  })
})

describe('memory', () => {
  test('holds no more versions after a thousand writes than after one', () => {
    const story = new Story()
    for (let n = 0; n < 1_000; n++) {
      story.write(n * 100).invalidate(n * 100 + 1, n * 100 + 2, true)
      story.history.settle(at(n * 100), at(n * 100 - 1_000))
    }
    expect(story.history.size).toBeLessThan(30)
  })
})

describe('silence', () => {
  const silence = () => new Silence(BOUND, at(0))
  const hear = (one: Silence, ms: number): void => {
    one.begin(at(ms))
    one.end(at(ms))
  }

  test('is none while something comes within the least', () => {
    const one = silence()
    for (const ms of [100, 600, 1_100]) hear(one, ms)
    for (const ms of [50, 100, 599, 1_100, 1_600]) expect(one.since(at(ms))).toBeUndefined()
  })

  test('is known while it lasts, and afterwards', () => {
    const one = silence()
    hear(one, 100)
    expect(one.since(at(601))).toBe(100)
    hear(one, 2_000)
    hear(one, 2_100)
    expect(one.since(at(1_999))).toBe(100)
    expect(one.since(at(2_000))).toBeUndefined()
    expect(one.since(at(2_601))).toBe(2_100)
  })

  test('does not begin while bytes are under way', () => {
    const one = silence()
    one.begin(at(100))
    expect(one.since(at(5_000))).toBeUndefined()
    one.end(at(4_000))
    expect(one.since(at(3_000))).toBeUndefined()
    expect(one.since(at(4_600))).toBe(4_000)
  })
})
