/** What a shared tier must do (tier.ts), as cases. */

import assert from 'node:assert/strict'

import {
  type AdapterUnderTest,
  type CaseFor,
  type ConformanceCase,
  entryOf,
  fact,
  filled,
  granted,
  LONG,
  rejections,
} from './conformance.ts'
import { matches } from './pattern.ts'

/** The cases of the contract `SharedTier`. */
export function tierConformance(adapter: AdapterUnderTest): readonly ConformanceCase[] {
  return CASES.map((caseFor) => caseFor(adapter))
}

const LARGEST = 1_048_576
/** Several steps of a scan. */
const SCANNED = 60

const CASES: readonly CaseFor[] = [
  fact('a key that was never filled reads as undefined', async (fleet) => {
    const { remote } = await fleet.one()
    const read = await remote.read([fleet.key()])
    assert.deepEqual(read, [undefined], 'read must give undefined for a key without an entry')
  }),

  fact('what one process fills, every process reads, byte for byte', async (fleet) => {
    const members = await fleet.two()
    const key = fleet.key()
    const bytes = await filled(members[0], key, Buffer.from(Array.from({ length: 1_024 }, (_, i) => i % 256)))
    for (const member of members) {
      assert.deepEqual(await member.read(key), bytes, 'read must give every process the bytes that were filled')
    }
  }),

  fact('an entry of the largest size is read whole', async (fleet) => {
    const p1 = await fleet.one()
    const key = fleet.key()
    const bytes = await filled(p1, key, Buffer.alloc(LARGEST, 'largest'))
    assert.ok((await p1.read(key))?.equals(bytes), 'read must give a value of 1 MiB as it was filled')
  }),

  fact('many keys are answered in the order asked for', async (fleet) => {
    const p1 = await fleet.one()
    const [one, missing, two] = [fleet.key(), fleet.key(), fleet.key()]
    const [first, second] = [await filled(p1, one, '1'), await filled(p1, two, '2')]
    const read = await p1.remote.read([two, missing, one, two])
    const expected = [second, undefined, first, second]
    assert.deepEqual([...read], expected, 'read must answer for each key, in the order asked for')
  }),

  fact('an entry is read under its own key only', async (fleet) => {
    const p1 = await fleet.one()
    const key = fleet.key()
    await filled(p1, key)
    for (const other of [`${key}:1`, `${key}%3a1`, key.slice(0, -1), key.toUpperCase()]) {
      assert.equal(await p1.read(other), undefined, `read must not give the entry of ${key} for ${other}`)
    }
  }),

  // P1   read k ............................ answer: may be what was there at the start
  // P2        invalidate k: done
  // P1                           read k: asked later, so it must not be given that answer
  fact('a read sees what was done before it was asked, though an earlier one is under way', async (fleet) => {
    const [p1, p2] = await fleet.two()
    const key = fleet.key()
    await filled(p1, key, 'old')
    const later = 'read must give the bytes as they are at an instant after the call'
    const invalidated = p2.remote.invalidate([], [key]).then(() => p1.read(key))
    const [, none] = await Promise.all([p1.read(key), invalidated])
    assert.equal(none, undefined, later)

    const token = await granted(p2, key)
    const bytes = entryOf(key, 'new')
    const stored = p2.remote.fill(key, token, bytes, LONG).then(() => p1.read(key))
    const [, found] = await Promise.all([p1.read(key), stored])
    assert.deepEqual(found, bytes, later)
  }),

  fact('going through all keys shows each that is there all the time', async (fleet) => {
    const p1 = await fleet.one()
    const prefix = fleet.key()
    const keys = Array.from({ length: SCANNED }, (_, i) => `${prefix}:${i}`)
    await Promise.all(keys.map((key) => filled(p1, key)))
    const stay = keys.filter((_, i) => i % 3 > 0)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const step = await p1.remote.scan(`${prefix}:*`, cursor, 10)
      seen.push(...step.keys)
      // What is removed and what comes meanwhile must hide nothing else.
      const some = step.keys.filter((key) => keys.includes(key) && !stay.includes(key))
      if (some.length > 0) await p1.remote.invalidate([], some)
      await filled(p1, `${prefix}:${seen.length}:new:${fleet.key()}`)
      cursor = step.next
    } while (cursor !== undefined && seen.length < 10 * SCANNED)
    assert.equal(cursor, undefined, 'scan must come to an end')
    const missing = stay.filter((key) => !seen.includes(key))
    assert.deepEqual(missing, [], 'scan must show each key that is there from the first step to the last')
  }),

  fact('a pattern is matched as a whole, and only "*" and "?" have a meaning', async (fleet) => {
    const p1 = await fleet.one()
    const prefix = fleet.key()
    const keys = ['a', 'b', '[ab]', 'é', 'aé', 'a\\b'].map((part) => `${prefix}:${part}`)
    await Promise.all(keys.map((key) => filled(p1, key)))
    const shown = async (pattern: string): Promise<string[]> => {
      const seen = new Set<string>()
      let cursor: string | undefined
      do {
        const step = await p1.remote.scan(pattern, cursor, 1_000)
        for (const key of step.keys) if (keys.includes(key)) seen.add(key)
        cursor = step.next
      } while (cursor !== undefined)
      return [...seen]
    }
    for (const pattern of ['a', '[ab]', 'a\\b', '?', 'a?', '*é', '*'].map((part) => `${prefix}:${part}`)) {
      const found = await shown(pattern)
      const missing = keys.filter((key) => matches(pattern, key) && !found.includes(key))
      assert.deepEqual(missing, [], `scan must show every key that matches ${pattern}`)
    }
    const suffix = `*${prefix.slice(-3)}:a`
    assert.ok((await shown(suffix)).includes(`${prefix}:a`), 'a pattern may begin with "*"')
  }),

  ...rejections({
    read: (remote) => remote.read(['conformance.1:unread']),
    scan: (remote) => remote.scan('conformance.1:*', undefined, 10),
  }),
]
