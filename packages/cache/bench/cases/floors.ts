/**
 * Floors: the least that an answer from Redis can cost when its bytes are not trusted, with none of the cache around it. A
 * goal above its floor is out of reach, whatever the code.
 */

import { crc32 } from 'node:zlib'

import { decodeEntry } from '../../src/codec.ts'
import { layout } from '../../src/redis/layout.ts'
import type { Case } from '../case.ts'
import { numbers, openGround, PRODUCT_TEXT, products } from '../ground.ts'
import { atLeast } from '../paired.ts'

const MANY = 100
const CALLS = 100

const keyOf = (id: number): string => `product.1:${id}`

/** `read` makes the value of an entry's bytes. */
function floor(name: string, read: (bytes: Buffer, id: number) => unknown): Case {
  return atLeast(undefined, {
    name: `floor of getMany: ${name}`,
    against: 'MGET and parse',
    async open(stack) {
      const { bare, open } = await openGround(stack)
      const ids = numbers(MANY)
      await products(await open(), { keep: 'nothing' }).warm(ids)
      const entries = ids.map((id) => layout('bench', '-').entry(keyOf(id)))
      const texts = ids.map((id) => `bare:${id}`)
      for (const key of texts) await bare.set(key, PRODUCT_TEXT)
      return {
        operations: MANY * CALLS,
        baseline: async () => {
          for (let i = 0; i < CALLS; i++) for (const text of await bare.mget(texts)) JSON.parse(text ?? '')
        },
        candidate: async () => {
          for (let i = 0; i < CALLS; i++) {
            for (const [id, bytes] of (await bare.mgetBuffer(entries)).entries()) {
              if (!bytes || read(bytes, id) === undefined) throw new Error(`there is no entry ${id}`)
            }
          }
        },
      }
    },
  })
}

/** The payload is what an entry ends with. */
const parse = (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8', bytes.length - PRODUCT_TEXT.length))

export const FLOOR_CASES: readonly Case[] = [
  floor('bytes, parse', parse),
  floor('bytes, checksum, parse', (bytes) => (crc32(bytes) === 0 ? undefined : parse(bytes))),
  floor('bytes, decodeEntry, parse', (bytes, id) => {
    const entry = decodeEntry(keyOf(id), bytes)
    return entry && JSON.parse(entry.payload.toString())
  }),
]
