/** A position in the count of invalidations, as a word that can travel: in a cookie, a header, a job. */

import { optionInvalid } from './errors.ts'
import type { Noted } from './tags.ts'

export function formatPosition({ epoch, number }: Noted): string {
  return `${epoch}:${number}`
}

/** Throws `CACHE_OPTION_INVALID` for what is no position. One of another epoch is one: it is reached by nobody. */
export function parsePosition(word: string): Noted {
  const [, epoch, number] = /^([\w.-]{1,64}):(\d{1,16})$/.exec(word) ?? []
  if (epoch === undefined) throw optionInvalid('after', 'what Cache.position() returned', word.slice(0, 80))
  return { epoch, number: Number(number) }
}
