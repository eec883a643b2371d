/**
 * Entry to bytes and back.
 *
 * The layout, version 1; integers are little-endian, strings are length-prefixed UTF-8:
 *
 *      0  2  magic "SC"
 *      2  1  wire version
 *      3  1  flags: 1 = absent
 *      4  4  checksum: CRC-32 of the key and of everything from byte 8
 *      8  8  loadedAt   (float64)
 *     16  8  staleAt    (float64)
 *     24  8  expiresAt  (float64)
 *     32  4  duration of the load, in milliseconds
 *     36 16  content hash
 *     52  -  epoch (u8 length), stamp count (u8), stamps: tag (u16 length), nonce (u8 length)
 *      -  -  payload
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
const WIRE_VERSION = 1
const ABSENT = 1
const CHECKSUM_AT = 4
const BODY_AT = 8
const HASH_AT = 36
const HASH_BYTES = 16
const FIXED = HASH_AT + HASH_BYTES

export const EMPTY = Buffer.alloc(0)

/** First 16 bytes of SHA-256, base64url: enough to compare contents, short enough for an ETag. */
export function contentHash(payload: Buffer): string {
  return digest('sha256', payload, 'buffer').subarray(0, HASH_BYTES).toString('base64url')
}

export function encodeEntry(key: string, entry: Entry): Buffer {
  const epoch = Buffer.from(entry.epoch)
  const stamps = entry.stamps.map(({ tag, nonce }) => [Buffer.from(tag), Buffer.from(nonce)] as const)
  const head = stamps.reduce((size, [tag, nonce]) => size + 3 + tag.length + nonce.length, FIXED + 2 + epoch.length)
  const bytes = Buffer.allocUnsafe(head + entry.payload.length)

  bytes.writeUInt16LE(MAGIC, 0)
  bytes.writeUInt8(WIRE_VERSION, 2)
  bytes.writeUInt8(entry.absent ? ABSENT : 0, 3)
  bytes.writeDoubleLE(entry.loadedAt, 8)
  bytes.writeDoubleLE(entry.staleAt, 16)
  bytes.writeDoubleLE(entry.expiresAt, 24)
  bytes.writeUInt32LE(Math.min(Math.round(entry.loadMs), 0xffff_ffff), 32)
  bytes.write(entry.hash, HASH_AT, 'base64url')
  let at = FIXED
  at = bytes.writeUInt8(epoch.length, at)
  at += epoch.copy(bytes, at)
  at = bytes.writeUInt8(stamps.length, at)
  for (const [tag, nonce] of stamps) {
    at = bytes.writeUInt16LE(tag.length, at)
    at += tag.copy(bytes, at)
    at = bytes.writeUInt8(nonce.length, at)
    at += nonce.copy(bytes, at)
  }
  entry.payload.copy(bytes, at)
  bytes.writeUInt32LE(checksum(key, bytes), CHECKSUM_AT)
  return bytes
}

/** `undefined` for bytes that are not a whole entry of this key in this wire version. Never throws. */
export function decodeEntry(key: string, bytes: Buffer): Entry | undefined {
  if (bytes.length < FIXED + 2 || bytes.readUInt16LE(0) !== MAGIC || bytes.readUInt8(2) !== WIRE_VERSION) return
  if (bytes.readUInt32LE(CHECKSUM_AT) !== checksum(key, bytes)) return
  try {
    return readBody(bytes)
  } catch (error) {
    // A checksum is no signature: lengths that point past the end can be forged.
    if (error instanceof RangeError) return
    throw error
  }
}

function readBody(bytes: Buffer): Entry {
  let at = FIXED
  const text = (length: number): string => {
    at += length
    return bytes.toString('utf8', at - length, at)
  }
  const epoch = text(bytes.readUInt8(at++))
  const stamps: Stamp[] = []
  for (let left = bytes.readUInt8(at++); left > 0; left--) {
    const tagLength = bytes.readUInt16LE(at)
    at += 2
    const tag = text(tagLength)
    stamps.push({ tag, nonce: text(bytes.readUInt8(at++)) })
  }
  return {
    absent: (bytes.readUInt8(3) & ABSENT) !== 0,
    epoch,
    loadedAt: bytes.readDoubleLE(8) as ServerMs,
    staleAt: bytes.readDoubleLE(16) as ServerMs,
    expiresAt: bytes.readDoubleLE(24) as ServerMs,
    loadMs: bytes.readUInt32LE(32),
    stamps,
    hash: bytes.toString('base64url', HASH_AT, FIXED),
    payload: bytes.subarray(at),
  }
}

/** What names these bytes among all that a key has held: their checksum field, as it stands. */
export function identityOf(bytes: Buffer): Buffer {
  return bytes.subarray(CHECKSUM_AT, BODY_AT)
}

function checksum(key: string, bytes: Buffer): number {
  // The flags byte lies before the checksum: it is folded in with the key.
  return crc32(bytes.subarray(BODY_AT), crc32(`${bytes.readUInt8(3)}${key}`))
}
