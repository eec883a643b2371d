import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { ServerMs } from './clock.ts'
import { contentHash, decodeEntry, encodeEntry, identityOf } from './codec.ts'
import type { Entry } from './entry.ts'

function entry(change: Partial<Entry> = {}): Entry {
  const payload = change.payload ?? Buffer.from('{"price":1}')
  return {
    absent: false,
    epoch: 'epoch-1',
    loadedAt: 1_700_000_000_000.25 as ServerMs,
    staleAt: 1_700_000_030_000 as ServerMs,
    expiresAt: 1_700_000_060_000 as ServerMs,
    loadMs: 17,
    stamps: [
      { tag: 'product:1', nonce: 'a.1' },
      { tag: 'Kategorie: Möbel', nonce: 'a.2' },
    ],
    hash: contentHash(payload),
    payload,
    ...change,
  }
}

test('an entry comes back as it was', () => {
  expect(decodeEntry('k', encodeEntry('k', entry()))).toEqual(entry())
  const absent = entry({ absent: true, payload: Buffer.alloc(0), stamps: [] })
  expect(decodeEntry('k', encodeEntry('k', absent))).toEqual(absent)
})

test('whatever its key, tags and payload', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((s) => s.isWellFormed())
  fc.assert(
    fc.property(text, fc.uint8Array({ maxLength: 300 }), fc.array(text, { maxLength: 5 }), (key, bytes, tags) => {
      const payload = Buffer.from(bytes)
      const original = entry({ payload, hash: contentHash(payload), stamps: tags.map((tag) => ({ tag, nonce: 'n' })) })
      expect(decodeEntry(key, encodeEntry(key, original))).toEqual(original)
    }),
  )
})

test('every truncation reads as absent', () => {
  const bytes = encodeEntry('k', entry())
  for (let length = 0; length < bytes.length; length++)
    expect(decodeEntry('k', bytes.subarray(0, length))).toBeUndefined()
})

test('every flipped bit reads as absent', () => {
  const bytes = encodeEntry('k', entry())
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes)
    damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    expect(decodeEntry('k', damaged), `bit ${bit}`).toBeUndefined()
  }
})

test('the bytes of another key read as absent', () => {
  expect(decodeEntry('k2', encodeEntry('k1', entry()))).toBeUndefined()
})

test('two entries of one key have two identities, also with equal content', () => {
  const [one, two] = [
    encodeEntry('k', entry()),
    encodeEntry('k', entry({ stamps: [{ tag: 'product:1', nonce: 'b.1' }] })),
  ]
  expect(identityOf(one)).not.toEqual(identityOf(two))
  expect(decodeEntry('k', one)?.hash).toBe(decodeEntry('k', two)?.hash)
})
