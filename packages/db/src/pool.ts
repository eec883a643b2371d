/**
 * How busy a pool of connections is, counted at the hook: postgres.js tells nothing of its pool.
 *
 * A statement on its way takes a connection, and so does a transaction as long as it lasts, with all that runs inside
 * it. As many as there are connections are being worked on; what is more waits. That is exact but for three cases:
 * postgres.js sends a waiting statement ahead on a connection that is busy, where it waits as well; what a transaction's
 * body asks of the pool itself counts as the transaction's; and `LISTEN` and cursors pass no hook. Which connections are open is not known, so those that idle are not counted.
 */

import { AsyncLocalStorage } from 'node:async_hooks'

import type { QueryHook } from './hook.ts'

/** A pool as it is now. */
export interface PoolFigures {
  readonly name: string
  /** Connections at most. */
  readonly max: number
  /** Of them, those that work. */
  readonly used: number
  /** Statements and transactions that wait for one. */
  readonly waiting: number
}

export class PoolCount {
  readonly #name: string
  readonly #max: number
  readonly #inTransaction = new AsyncLocalStorage<true>()
  #taken = 0

  constructor(name: string, max: number) {
    this.#name = name
    this.#max = max
  }

  get figures(): PoolFigures {
    const used = Math.min(this.#taken, this.#max)
    return { name: this.#name, max: this.#max, used, waiting: this.#taken - used }
  }

  /** The same hook; what passes it is counted. */
  hook(inner: QueryHook = (_query, run) => run()): QueryHook {
    return async (query, run) => {
      // What runs inside a transaction has its connection.
      if (this.#inTransaction.getStore()) return inner(query, run)
      this.#taken++
      try {
        const isTransaction = query.statement === 'begin'
        return await (isTransaction ? this.#inTransaction.run(true, () => inner(query, run)) : inner(query, run))
      } finally {
        this.#taken--
      }
    }
  }
}
