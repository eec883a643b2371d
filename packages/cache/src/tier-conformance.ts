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

/** The cases of the contract `SharedTier`. */
export function tierConformance(adapter: AdapterUnderTest): readonly ConformanceCase[] {
  return CASES.map((caseFor) => caseFor(adapter))
}

const LARGEST = 1_048_576

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

  ...rejections({ read: (remote) => remote.read(['conformance.1:unread']) }),
]
