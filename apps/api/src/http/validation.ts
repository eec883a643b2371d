/**
 * From what zod found wrong to the `errors` of a problem: a body field as a JSON pointer (RFC 6901), anything else by
 * the name of its parameter. An unknown member is an error of its own, one for each.
 */

import type { z } from '@hono/zod-openapi'
import type { Context } from 'hono'

import { invalidRequest, type RequestError } from './problem.ts'

type Issue = z.core.$ZodIssue

/** The hook of every route: an invalid request never reaches its handler. */
export function refuseInvalid(
  result: { readonly target: string } & (
    | { readonly success: true }
    | { readonly success: false; readonly error: z.ZodError }
  ),
  _c: Context,
): void {
  if (!result.success) throw invalidRequest(toRequestErrors(result.target, result.error.issues))
}

export function toRequestErrors(target: string, issues: readonly Issue[]): readonly RequestError[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const known = target === 'json' ? 'This route has no such field.' : 'This route has no such parameter.'
      return issue.keys.map((key) => at(target, [...issue.path, key], known))
    }
    return [at(target, issue.path, issue.message)]
  })
}

function at(target: string, path: readonly PropertyKey[], detail: string): RequestError {
  return target === 'json' ? { pointer: pointerTo(path), detail } : { parameter: String(path[0] ?? ''), detail }
}

function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
