/**
 * `npm run propagation`: how soon a new price is seen by processes that have just served the old one from memory.
 *
 *     every process   serves the old price from its L1 (Cache-Status says so)
 *     process i       PUT the new price ── answered at t0
 *     process i       reads: must be new, at once
 *     the others      read until it is new: t − t0
 */

import { shopFailed } from './errors.ts'
import { openMeasuredShop } from './measured-shop.ts'
import { grouped } from './numbers.ts'
import { Samples } from './samples.ts'
import type { Terminal } from './terminal.ts'
import type { Visitor } from './visitor.ts'

/** The cache's bound, with what a busy machine adds to a request. */
const LIMIT_MS = 1_000

export async function propagation(
  changes: number,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  await using measured = await openMeasuredShop({ terminal, signal, hasWorker: false })
  const { api, visitors, popular } = measured
  const step = terminal.step('prices')
  const elsewhere = new Samples()
  let atOnce = 0
  for (let change = 0; change < changes; change++) {
    signal.throwIfAborted()
    const id = popular[change % popular.length] as number
    const old = await serveFromMemory(visitors, id)
    const price = { amount: old.amount + 1, currency: old.currency }
    const writer = visitors[change % visitors.length] as Visitor
    await writer.setPrice(id, price, api.adminToken)
    const answeredAt = performance.now()
    const others = visitors.filter((visitor) => visitor !== writer)
    const [own] = await Promise.all([
      writer.read(id),
      ...others.map(async (visitor) => {
        while ((await visitor.read(id)).amount !== price.amount) {
          if (performance.now() - answeredAt > LIMIT_MS)
            throw shopFailed(`still serves the old price of product ${id} after ${grouped(LIMIT_MS)} ms`)
        }
        elsewhere.add(performance.now() - answeredAt)
      }),
    ])
    if (own.amount === price.amount) atOnce++
    step.progress(`${grouped(change + 1)} of ${grouped(changes)} changes`)
  }
  step.done(`${grouped(changes)} changed`)
  terminal.say(`  where it was written   new at once after ${grouped(atOnce)} of ${grouped(changes)} changes`)
  terminal.say(`  elsewhere              ${elsewhere}   (${grouped(elsewhere.count)} seen, each by a request)`)
  return atOnce === changes
}

/** Reads until every process answers from its memory; what they serve must be the same. */
async function serveFromMemory(
  visitors: readonly Visitor[],
  id: number,
): Promise<{ amount: number; currency: string }> {
  const seen = await Promise.all(
    visitors.map(async (visitor) => {
      for (let attempt = 0; attempt < 100; attempt++) {
        const read = await visitor.read(id)
        if (read.cacheStatus.includes('detail=memory')) return read
      }
      throw new Error(`Product ${id} does not come from memory after 100 reads`)
    }),
  )
  const [first] = seen
  if (!first || seen.some(({ amount }) => amount !== first.amount))
    throw new Error(`Processes disagree on product ${id} before the change`)
  return first
}
