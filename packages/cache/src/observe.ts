/**
 * Lets a caller hear what the cache did on its behalf, through any number of layers in between.
 *
 * An HTTP middleware cannot ask a route which reads it made; the reads find their way back by the
 * asynchronous context they ran in.
 */

import { AsyncLocalStorage } from 'node:async_hooks'

import type { ReadEvent } from './events.ts'

/** Enough for a page of a list; what a caller reads beyond it is not kept. */
const MOST = 1_000

const scope = new AsyncLocalStorage<ReadEvent[]>()

/** Whether anyone has ever listened in this process: where nobody does, no read pays for asking. */
let listenedTo = false

/** Runs `run`; every read made within it, however deep, is appended to `reads` as it ends. */
export function observeReads<R>(reads: ReadEvent[], run: () => R): R {
  listenedTo = true
  return scope.run(reads, run)
}

/** Whether anyone listens here. */
export function isObserved(): boolean {
  return listenedTo && scope.getStore() !== undefined
}

export function noteRead(read: ReadEvent): void {
  const reads = scope.getStore()
  if (reads && reads.length < MOST) reads.push(read)
}
