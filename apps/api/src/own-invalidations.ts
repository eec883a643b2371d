/**
 * Own invalidations: what a write of this process has changed is invalidated right after its commit, so that whoever
 * gets the answer reads his own write.
 *
 * What has changed is said by the triggers of the database, in rows of the outbox. The write reads its own rows before
 * it commits.
 *
 *     write     statements, own rows, commit ── invalidate ── answer
 *                                                   └ acknowledged: mark the rows, nobody waits
 *     relay                                   open rows: invalidate, mark
 *
 * The relay is the guarantee, and this its short cut: rows of a process that died after its commit, and rows whose
 * invalidation was not acknowledged, stay open until the relay has them. To invalidate twice costs loads, no more.
 */

import type { Cache } from '@shop/cache'
import type { OwnTags } from '@shop/db'

import type { Log } from './http/request-log.ts'

export interface OwnInvalidations {
  /** After the commit, never before: a load between the two would keep the old value for its whole ttl. */
  invalidate(own: OwnTags | undefined): Promise<void>
  /**
   * What a write may have changed whose outcome is not known, because the connection was lost between the commit and
   * its answer. Its rows, if there are any, are left to the relay.
   */
  suspect(tags: readonly string[]): Promise<void>
}

export interface OwnInvalidationsOptions {
  readonly cache: Cache
  readonly log: Log
  /**
   * Marks rows of the outbox as relayed.
   * @default undefined (they stay open, and the relay repeats what they say)
   */
  readonly markRelayed?: ((ids: readonly number[]) => Promise<void>) | undefined
}

export function ownInvalidations({ cache, log, markRelayed }: OwnInvalidationsOptions): OwnInvalidations {
  async function invalidate(tags: readonly string[]): Promise<boolean> {
    const acknowledged = await cache.invalidateTags(tags)
    // The write stands. The cache goes on trying, and serves nothing of these tags from here meanwhile.
    if (!acknowledged) log.warn({ tags: tags.length }, 'invalidation not acknowledged yet')
    return acknowledged
  }

  return {
    async invalidate(own) {
      if (own === undefined || own.tags.length === 0) return
      const acknowledged = await invalidate(own.tags)
      if (acknowledged)
        markRelayed?.(own.ids).catch((error: unknown) => log.warn({ err: error }, 'outbox rows not marked'))
    },
    async suspect(tags) {
      await invalidate(tags)
    },
  }
}
