/**
 * Entry to bytes and back.
 *
 * The layout, version 2; integers are little-endian:
 *
 *      0  2  magic "SC"
 *      2  1  wire version
 *      3  1  flags: 1 = absent
 *      4  4  checksum: CRC-32 of the key and of everything from byte 8, begun with the flags
 *      8  8  loadedAt   (float64)
 *     16  8  staleAt    (float64)
 *     24  8  expiresAt  (float64)
 *     32  4  duration of the load, in milliseconds
 *     36  2  bytes of the text
 *     38  1  length of the epoch
 *     39  1  count of stamps
 *     40  3  for each stamp: length of its tag (u16), of its nonce (u8)
 *      -  -  text, UTF-8: content hash, epoch, then tag and nonce of each stamp, with nothing between
 *      -  -  payload
 *
 * All words of an entry are one text, cut by lengths in UTF-16 units, because to decode one text costs hardly more
 * than to decode one word, and every read from Redis does it.
 *
 * The key is part of the checksum, so that bytes of one key copied under another are refused like
 * damaged ones: both read as absent. The checksum's place is fixed because the claim script in Redis uses
 * it to recognise the entry a process has rejected (redis/scripts.ts).
 */

import { hash as digest } from 'node:crypto'
import { crc32 } from 'node:zlib'

import type { ServerMs } from './clock.ts'
import type { Entry, Stamp } from './entry.ts'

const MAGIC = 0x4353
const WIRE_VERSION = 2
const ABSENT = 1
const CHECKSUM_AT = 4
const BODY_AT = 8
const STAMPS_AT = 40
const STAMP_BYTES = 3
const HASH_LENGTH = 22

export const EMPTY = Buffer.alloc(0)

/** The beginning of SHA-256, base64url, 132 bits: enough to compare contents, short enough for an ETag. */
export function contentHash(payload: Buffer): string {
  return digest('sha256', payload, 'base64url').slice(0, HASH_LENGTH)
}

export function encodeEntry(key: string, entry: Entry): Buffer {
  const { stamps, epoch, payload } = entry
  const words = stamps.map(({ tag, nonce }) => tag + nonce)
  const text = Buffer.from(entry.hash + epoch + words.join(''))
  const textAt = STAMPS_AT + STAMP_BYTES * stamps.length
  const bytes = Buffer.allocUnsafe(textAt + text.length + payload.length)

  bytes.writeUInt16LE(MAGIC, 0)
  bytes.writeUInt8(WIRE_VERSION, 2)
  bytes.writeUInt8(entry.absent ? ABSENT : 0, 3)
  bytes.writeDoubleLE(entry.loadedAt, 8)
  bytes.writeDoubleLE(entry.staleAt, 16)
  bytes.writeDoubleLE(entry.expiresAt, 24)
  bytes.writeUInt32LE(Math.min(Math.round(entry.loadMs), 0xffff_ffff), 32)
  bytes.writeUInt16LE(text.length, 36)
  bytes.writeUInt8(epoch.length, 38)
  bytes.writeUInt8(stamps.length, 39)
  let at = STAMPS_AT
  for (const { tag, nonce } of stamps) at = bytes.writeUInt8(nonce.length, bytes.writeUInt16LE(tag.length, at))
  text.copy(bytes, textAt)
  payload.copy(bytes, textAt + text.length)
  bytes.writeUInt32LE(checksum(key, bytes), CHECKSUM_AT)
  return bytes
}

/** `undefined` for bytes that are not a whole entry of this key in this wire version. Never throws. */
export function decodeEntry(key: string, bytes: Buffer): Entry | undefined {
  if (bytes.length < STAMPS_AT || bytes.readUInt16LE(0) !== MAGIC || bytes[2] !== WIRE_VERSION) return
  if (bytes.readUInt32LE(CHECKSUM_AT) !== checksum(key, bytes)) return
  const count = bytes.readUInt8(39)
  const textAt = STAMPS_AT + STAMP_BYTES * count
  const payloadAt = textAt + bytes.readUInt16LE(36)
  // A checksum is no signature: lengths that point past the end can be forged.
  if (payloadAt > bytes.length) return

  const text = bytes.toString('utf8', textAt, payloadAt)
  let at = HASH_LENGTH + bytes.readUInt8(38)
  const epoch = text.substring(HASH_LENGTH, at)
  const stamps = new Array<Stamp>(count)
  for (let i = 0, lengthsAt = STAMPS_AT; i < count; i++, lengthsAt += STAMP_BYTES) {
    const nonceAt = at + bytes.readUInt16LE(lengthsAt)
    const end = nonceAt + bytes.readUInt8(lengthsAt + 2)
    // An empty nonce would match a cell that knows nothing.
    if (end === nonceAt) return
    stamps[i] = { tag: text.substring(at, nonceAt), nonce: text.substring(nonceAt, end) }
    at = end
  }
  if (at !== text.length) return
  return {
    absent: (bytes.readUInt8(3) & ABSENT) !== 0,
    epoch,
    loadedAt: bytes.readDoubleLE(8) as ServerMs,
    staleAt: bytes.readDoubleLE(16) as ServerMs,
    expiresAt: bytes.readDoubleLE(24) as ServerMs,
    loadMs: bytes.readUInt32LE(32),
    stamps,
    // Not a slice of the text, which it would keep alive as long as itself.
    hash: bytes.toString('latin1', textAt, textAt + HASH_LENGTH),
    payload: bytes.subarray(payloadAt),
  }
}

/** What names these bytes among all that a key has held: their checksum field, as it stands. */
export function identityOf(bytes: Buffer): Buffer {
  return bytes.subarray(CHECKSUM_AT, BODY_AT)
}

function checksum(key: string, bytes: Buffer): number {
  return crc32(bytes.subarray(BODY_AT), crc32(key, bytes[3]))
}
