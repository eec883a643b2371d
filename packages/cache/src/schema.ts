/**
 * Checks a value against the schema of its resource.
 *
 * Any schema that keeps Standard Schema will do: https://standardschema.dev. It must answer at once, because an entry is judged
 * without waiting for anything but Redis.
 */

import { optionInvalid } from './errors.ts'
import type { Schema } from './options.ts'

export type Checked =
  | { readonly type: 'valid'; readonly value: unknown }
  /** Why, and where; never the value. */
  | { readonly type: 'invalid'; readonly reason: string }

/** Throws `CACHE_OPTION_INVALID` for a schema that answers later. */
export function check(schema: Schema<unknown>, value: unknown): Checked {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) throw optionInvalid('schema', 'synchronous', 'one that answers with a promise')
  if (!result.issues) return { type: 'valid', value: result.value }
  const [first] = result.issues
  const path = first?.path?.map(segment).join('.')
  const reason = `${path ? `${path}: ` : ''}${first?.message ?? 'its schema refuses it'}`
  return { type: 'invalid', reason }
}

function segment(part: unknown): string {
  return String(typeof part === 'object' && part !== null && 'key' in part ? part.key : part)
}
