/**
 * An event as a line of a log. Nothing is said of what happens at every read; what an operator would act on is a warning.
 */

import { CacheError } from './errors.ts'
import type { CacheEvent } from './events.ts'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn'
  readonly message: string
  readonly fields: Readonly<Record<string, string | number | boolean>>
}

/** `undefined`: not worth a line. Fields may name keys, and never values or tags. */
export function describeEvent(event: CacheEvent): LogLine | undefined {
  switch (event.type) {
    case 'read':
    case 'wait':
    case 'applied':
      return undefined
    case 'load': {
      const { resource, key, durationMs, stored, error } = event
      const fields = { resource, key, duration_ms: Math.round(durationMs), stored }
      if (error === undefined) return { level: 'debug', message: 'cache loaded', fields }
      return { level: 'debug', message: 'cache load failed', fields: { ...fields, error: nameOf(error) } }
    }
    case 'invalidate': {
      const fields = { tags: event.tags, keys: event.keys }
      if (event.acknowledged) return { level: 'debug', message: 'cache invalidated', fields }
      return {
        level: 'warn',
        message: 'cache invalidation has not reached redis: it is sent again until it has',
        fields,
      }
    }
    case 'reload-failed': {
      const { resource, key, error } = event
      return { level: 'warn', message: 'cache reload failed', fields: { resource, key, error: nameOf(error) } }
    }
    case 'reload-dropped': {
      const { resource, key } = event
      return { level: 'warn', message: 'cache reload put off: too many are running', fields: { resource, key } }
    }
    case 'rejected': {
      const { resource, key, reason } = event
      const level = reason === 'foreign' ? 'warn' : 'debug'
      return { level, message: 'cache entry from redis not believed', fields: { resource, key, reason } }
    }
    case 'reset': {
      const level = event.reason === 'first' ? 'debug' : 'warn'
      return { level, message: 'cache memory emptied', fields: { reason: event.reason } }
    }
    case 'remote-error': {
      const { operation, error } = event
      return { level: 'debug', message: 'redis did not do', fields: { operation, error: nameOf(error) } }
    }
    case 'remote-state':
      if (event.usable) return { level: 'info', message: 'redis up', fields: {} }
      return { level: 'warn', message: 'redis down: reads go on without it', fields: {} }
    default:
      return event satisfies never
  }
}

function nameOf(error: unknown): string {
  if (error instanceof CacheError) return error.code
  return error instanceof Error ? error.name : typeof error
}
