/**
 * Figures as the report writes them: grouped, with as many digits as they deserve, and a dash for what is not known.
 *
 * The spaces in them do not break, so that no line ends inside of 12 345 ms.
 */

import { grouped } from '../src/numbers.ts'

export const NOTHING = '–'

/** A text of the file, in which the figures do not break either. */
export function unbroken(text: string): string {
  return text.replace(/(?<=\d) (?=\d{3}(?!\d)|(?:%|ms|s|MiB|GiB)(?![a-z]))/g, '\u00a0')
}

/** Three digits that count, and never a group split: 0.042, 4.21, 42.1, 421, 42 100. */
export function figure(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return NOTHING
  const size = Math.abs(value)
  if (size === 0 || size >= 99.95) return count(value)
  if (size >= 9.995) return grouped(value, 1)
  return size >= 0.0995 ? grouped(value, 2) : String(Number(value.toPrecision(2)))
}

export function count(value: number): string {
  return Number.isFinite(value) ? unbroken(grouped(value)) : NOTHING
}

/** One digit, and a second where the first would round a part away: 98.4 %, 99.97 %, and 100 % only for all. */
export function percent(share: number | undefined): string {
  if (share === undefined || !Number.isFinite(share)) return NOTHING
  if (share === 0 || share === 1) return unbroken(`${share * 100} %`)
  const value = share * 100
  if (value > 99.9 || value < 0.1) return unbroken(`${cut(value, 100).toFixed(2)} %`)
  return unbroken(`${cut(value, 10).toFixed(1)} %`)
}

/** On an axis there is no room for more than five signs. */
export function axisFigure(value: number): string {
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toPrecision(3))} M`
  if (value >= 100_000) return `${Number((value / 1_000).toPrecision(3))} k`
  return value >= 1 ? grouped(value, Number.isInteger(value) ? 0 : 1) : String(value)
}

/** 45 s of a run that is short, 1:45 of one that takes minutes, 1:01:45 of one that takes hours. */
export function moment(ms: number, endMs: number): string {
  if (endMs < 120_000) return `${Number((ms / 1_000).toFixed(1))} s`
  const whole = Math.round(ms / 1_000)
  const minutes = Math.floor(whole / 60)
  const rest = String(whole % 60).padStart(2, '0')
  if (endMs < 3_600_000) return `${minutes}:${rest}`
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`
}

/** In universal time, since the reader is elsewhere. What is no date is shown as it is. */
export function date(iso: string): string {
  const parsed = new Date(iso)
  if (Number.isNaN(parsed.getTime())) return iso
  const words = { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' } as const
  return `${parsed.toLocaleString('en-GB', { ...words, timeZone: 'UTC' })} UTC`
}

/** Towards nothing, so that 99.999 is not shown as 100. */
function cut(value: number, parts: number): number {
  return Math.max(Math.floor(value * parts + 1e-9), 1) / parts
}
