/** COPY: what is sent arrives as it was, and what is refused is reported. */

import { beforeEach, describe, expect, test } from 'vitest'

import { type Cell, copy, encode } from '../src/seed/copy.ts'
import { useDatabase } from './database.ts'

const database = useDatabase()

beforeEach(async () => {
  await database.sql`drop table if exists copied`
  await database.sql`create table copied (id int primary key, word text, fact boolean)`
})

async function copyRows(rows: Iterable<readonly Cell[]>, sent: (rows: number) => void = () => undefined) {
  await database.sql.begin(async (tx) => {
    await tx`truncate copied`
    await copy(tx, { table: 'copied', columns: ['id', 'word', 'fact'], rows, sent })
  })
}

test.each([
  [null, '\\N'],
  [true, 't'],
  [false, 'f'],
  [-1.5, '-1.5'],
  ['plain', 'plain'],
  ['a\tb\nc\rd\\e', 'a\\tb\\nc\\rd\\\\e'],
  ['\\N', '\\\\N'],
])('%j is sent as %s', (cell, text) => {
  expect(encode(cell)).toBe(text)
})

test('tabs, line breaks, backslashes and absent values arrive as they were', async () => {
  const words = ['a\tb', 'c\nd', 'e\\f', '\\N', 'ü€', '', null]
  await copyRows(words.map((word, i) => [i, word, i % 2 === 0]))
  const rows = await database.sql`select word, fact from copied order by id`
  expect([...rows]).toEqual(words.map((word, i) => ({ word, fact: i % 2 === 0 })))
})

test('rows are made only as fast as the database takes them', async () => {
  const rowBytes = 1_000
  const word = 'x'.repeat(rowBytes)
  let made = 0
  let ahead = 0
  let acknowledged = 0
  function* rows(): Generator<readonly Cell[]> {
    for (let id = 0; id < 20_000; id++) {
      made++
      ahead = Math.max(ahead, made - acknowledged)
      yield [id, word, true]
    }
  }
  await copyRows(rows(), (count) => {
    acknowledged = count
  })
  expect(made).toBe(20_000)
  expect(ahead * rowBytes).toBeLessThan(2_000_000)
})

describe('an error of the database', () => {
  test('in the first chunk, with many to come, rejects', async () => {
    function* rows(): Generator<readonly Cell[]> {
      for (let id = 0; id < 100_000; id++) yield [id === 5 ? 4 : id, 'a word of some length to fill the chunks', true]
    }
    await expect(copyRows(rows())).rejects.toMatchObject({ code: '23505' })
  })

  // all rows, end ------------- the stream waits for "done"
  //                 duplicate key
  test('after the last chunk rejects, and the connection goes on', async () => {
    const rows = [
      [1, 'a', true],
      [1, 'b', true],
    ]
    await expect(copyRows(rows)).rejects.toMatchObject({ code: '23505' })
    expect([...(await database.sql`select * from copied`)]).toEqual([])
  })

  test('of our own, in the middle of the rows, rejects and leaves nothing', async () => {
    function* rows(): Generator<readonly Cell[]> {
      for (let id = 0; id < 10_000; id++) yield [id, 'a word of some length to fill the chunks', true]
      throw new Error('ran out of words')
    }
    await expect(copyRows(rows())).rejects.toThrow('ran out of words')
    expect([...(await database.sql`select * from copied`)]).toEqual([])
  })
})
