/** A whole number as somebody typed it. */

import { UsageError } from './start-options.ts'

export function wholeNumber(option: string, text: string, min: number, max: number): number {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (number >= min && number <= max) return number
  throw new UsageError(`${option} is a whole number from ${min} to ${max}, not "${text}".`)
}
