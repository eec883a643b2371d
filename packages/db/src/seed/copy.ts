/**
 * Rows into a table by COPY, as fast as the database takes them and no faster.
 *
 * Rows are generated when the connection asks for more, so a table of any length passes through a buffer of a few
 * hundred kilobytes.
 */

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type postgres from 'postgres'

export type Cell = string | number | boolean | null

export interface Copy {
  readonly table: string
  readonly columns: readonly string[]
  readonly rows: Iterable<readonly Cell[]>
  /** Called after every chunk with the rows sent so far. */
  readonly sent: (rows: number) => void
}

/** A chunk becomes one message of the protocol. */
const CHUNK_CHARACTERS = 128 * 1024

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** One cell in COPY's text format. */
export function encode(cell: Cell): string {
  if (cell === null) return '\\N'
  if (typeof cell === 'boolean') return cell ? 't' : 'f'
  if (typeof cell === 'number') return String(cell)
  return /[\\\t\n\r]/.test(cell) ? cell.replaceAll(/[\\\t\n\r]/g, (character) => escapes[character] ?? '') : cell
}

function* chunks({ rows, sent }: Copy): Generator<string> {
  let text = ''
  let count = 0
  for (const row of rows) {
    text += `${row.map(encode).join('\t')}\n`
    count++
    if (text.length >= CHUNK_CHARACTERS) {
      yield text
      text = ''
      sent(count)
    }
  }
  if (text !== '') yield text
  sent(count)
}

/**
 * Resolves once the database has taken every row, and rejects with its error. The rows are visible at once to later
 * statements of the transaction. FREEZE spares the first readers and the first vacuum the work of marking them, and
 * asks that the table was emptied in this transaction.
 */
export async function copy(tx: postgres.TransactionSql, what: Copy): Promise<void> {
  const query = tx`copy ${tx(what.table)} (${tx(what.columns)}) from stdin with (freeze)`
  const sink = await query.writable()
  // postgres.js has settled the query with the stream. An error after the last chunk, such as a duplicate key, then
  // reaches nobody and leaves the stream open for ever:
  //
  //     chunk, chunk, end -------------------------- waits for "done"
  //                        error from the database, rejects the settled query
  //
  // So the query's way to reject is led to us.
  const refused = new Promise<never>((_resolve, reject) => Object.assign(query, { reject }))
  await Promise.race([pipeline(Readable.from(chunks(what), { objectMode: true, highWaterMark: 2 }), sink), refused])
}
