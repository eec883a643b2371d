/**
 * From what zod found wrong to the `errors` of a problem: a body field as a JSON pointer (RFC 6901), anything else by
 * the name of its parameter. An unknown member is an error of its own, one for each.
 *
 * The words are ours. Those for a missing value, a wrong type, a choice and a limit are below; those for a form and a
 * rule of its own are written in the schema beside it. A field has one error, the first: the others would mostly say
 * the same again.
 *
 * Products and categories refuse a query parameter they do not know: a misspelt filter must not pass for none. Health and
 * documentation (`/livez`, `/readyz`, `/openapi.json`, `/docs`, `/problems`) have no parameters and ignore any: no answer
 * depends on one, and a probe that appends something must not find a process ill that is well.
 */

import type { z } from '@hono/zod-openapi'
import type { Context } from 'hono'

import { invalidRequest, type RequestError } from './problem.ts'

type Issue = z.core.$ZodIssue

/** The hook of every route: an invalid request never reaches its handler. */
export function refuseInvalid(
  result: { readonly target: string; readonly data?: unknown } & (
    | { readonly success: true }
    | { readonly success: false; readonly error: z.ZodError }
  ),
  _c: Context,
): void {
  if (!result.success) throw invalidRequest(toRequestErrors(result.target, result.error.issues, result.data))
}

/** `given` is what was checked: by it a missing value is told from a wrong one. */
export function toRequestErrors(target: string, issues: readonly Issue[], given: unknown): readonly RequestError[] {
  const errors = new Map<string, RequestError>()
  const add = (path: readonly PropertyKey[], detail: string) => {
    const place = target === 'json' ? pointerTo(path) : String(path[0] ?? '')
    if (errors.has(place)) return
    errors.set(place, target === 'json' ? { pointer: place, detail } : { parameter: place, detail })
  }
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      const unknown = target === 'json' ? 'This route has no such field.' : 'This route has no such parameter.'
      for (const key of issue.keys) add([...issue.path, key], unknown)
    } else {
      const value = valueAt(given, issue.path)
      const isRepeated = target === 'query' && Array.isArray(value)
      add(issue.path, isRepeated ? 'Given more than once.' : detailOf(issue, value))
    }
  }
  return [...errors.values()]
}

function detailOf(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined ? 'Required.' : `Expected ${TYPES[issue.expected] ?? issue.expected}.`
    case 'invalid_value':
      return value === undefined ? 'Required.' : `Expected ${choice(issue.values.map(String))}.`
    case 'too_big':
      return `${issue.inclusive ? 'At most' : 'Less than'} ${issue.maximum}${unitOf(issue.origin, issue.maximum)}.`
    case 'too_small':
      if (issue.origin === 'string' && Number(issue.minimum) === 1) return 'Must not be empty.'
      return `${issue.inclusive ? 'At least' : 'More than'} ${issue.minimum}${unitOf(issue.origin, issue.minimum)}.`
    default:
      return issue.message
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
}

function choice(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
}

function unitOf(origin: string, count: number | bigint): string {
  if (origin === 'string') return Number(count) === 1 ? ' character' : ' characters'
  return origin === 'array' ? ' entries' : ''
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let value = given
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<PropertyKey, unknown>)[part]
  }
  return value
}

function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
