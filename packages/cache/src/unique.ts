/**
 * Chance. First of all words that are never used twice, in any process: lease tokens, tag nonces, epochs.
 *
 * A random prefix per process and a count within it. Nothing is remembered outside the process, so
 * nothing that Redis evicts or an old snapshot restores can make a word come back.
 */

import { randomBytes } from 'node:crypto'

/** A source of unique words. 72 random bits tell processes apart. */
export function uniqueWords(prefix: string = randomBytes(9).toString('base64url')): () => string {
  let count = 0
  return () => `${prefix}.${(count++).toString(36)}`
}

/** A number from 0 to 1, neither included. */
export function chance(): number {
  return 1 - Math.random() || Number.EPSILON
}

/** A factor from 0.75 to 1.25: what a whole fleet does after one event should not be done in step. */
export function spread(): number {
  return 0.75 + Math.random() / 2
}
