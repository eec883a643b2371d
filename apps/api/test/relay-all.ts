/** What the relay of the worker does with the rows of the outbox, once and by hand. */

import type { Cache } from '@shop/cache'
import { claimOutbox, type Sql } from '@shop/db'

const MORE_THAN_A_TEST_WRITES = 10_000

/** Gives the tags that were invalidated. */
export async function relayAll(sql: Sql, cache: Cache): Promise<readonly string[]> {
  let tags: readonly string[] = []
  const claim = await claimOutbox(sql, { rows: MORE_THAN_A_TEST_WRITES }, (rows) => {
    tags = [...new Set(rows.flatMap((row) => row.tags))]
    return cache.invalidateTags(tags)
  })
  if (claim.rows > 0 && !claim.relayed) throw new Error('Redis was not told')
  return tags
}
