/**
 * An event as a line of the log. What an operator would act on is a warning; what goes on failing is said at its begin and
 * then about once a minute, not once a second.
 */

import type { WorkerEvent } from './events.ts'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Of failures in a row, which come about once a second. */
const SAID_EVERY = 60

/** A relay that is this late is worth a line. */
const LATE_MS = 1_000

/** `undefined`: not worth a line. */
export function describeEvent(event: WorkerEvent): LogLine | undefined {
  if ('failures' in event && event.failures % SAID_EVERY !== 1) return undefined
  switch (event.type) {
    case 'relayed': {
      const fields = {
        rows: event.rows,
        tags: event.tags,
        lag_ms: Math.round(event.lagMs),
        duration_ms: Math.round(event.durationMs),
      }
      return event.lagMs >= LATE_MS
        ? { level: 'warn', message: 'relayed late', fields }
        : { level: 'debug', message: 'relayed', fields }
    }
    case 'relay-failed': {
      const fields = { failures: event.failures, err: event.error }
      return event.cause === 'redis'
        ? { level: 'warn', message: 'redis does not acknowledge: rows of the outbox wait', fields }
        : { level: 'error', message: 'postgres does not answer: nothing is relayed', fields }
    }
    case 'reopened':
      return {
        level: 'warn',
        message: 'redis lost its memory: the last hour is relayed again',
        fields: { rows: event.rows },
      }
    case 'purged': {
      const { rows, again, tags, lagMs } = event
      const fields = {
        rows,
        again,
        tags,
        ...(lagMs !== undefined && { lag_ms: Math.round(lagMs) }),
        duration_ms: Math.round(event.durationMs),
      }
      return lagMs !== undefined && lagMs >= LATE_MS
        ? { level: 'warn', message: 'edge purged late', fields }
        : { level: 'debug', message: 'edge purged', fields }
    }
    case 'purge-failed': {
      const fields = { failures: event.failures, err: event.error }
      return event.cause === 'edge'
        ? { level: 'warn', message: 'the edge is not purged: what it keeps may be old until its max-age', fields }
        : { level: 'error', message: 'postgres does not answer: the edge is not purged', fields }
    }
    case 'pruned':
      return event.rows === 0 ? undefined : { level: 'debug', message: 'outbox pruned', fields: { rows: event.rows } }
    case 'prune-failed':
      return { level: 'warn', message: 'the outbox could not be pruned', fields: { err: event.error } }
    case 'traffic-faded':
      return event.halved === 0
        ? undefined
        : { level: 'debug', message: 'traffic halved', fields: { rows: event.halved, forgotten: event.forgotten } }
    case 'traffic-failed':
      return { level: 'warn', message: 'the traffic could not be halved', fields: { err: event.error } }
    case 'refreshed': {
      const { view, changed } = event
      return {
        level: 'info',
        message: 'view refreshed',
        fields: { view, changed, duration_ms: Math.round(event.durationMs) },
      }
    }
    case 'refresh-failed': {
      const { view, ageMs, failures } = event
      return {
        level: 'error',
        message: 'view not refreshed: its old rows are served',
        fields: { view, age_ms: ageMs, failures, err: event.error },
      }
    }
    case 'rewarmed': {
      const fields = { pages: event.pages, duration_ms: Math.round(event.durationMs) }
      return { level: 'debug', message: 'hot pages warmed again', fields }
    }
    case 'rewarm-failed':
      return { level: 'warn', message: 'hot pages could not be warmed again', fields: { err: event.error } }
    case 'schedule-failed':
      return { level: 'error', message: 'the schedule of the views could not be read', fields: { err: event.error } }
    case 'audited':
      return { level: 'debug', message: 'audited', fields: { age_ms: event.age, products: event.products } }
    case 'difference': {
      const { product, fields, tier, api, since, age } = event.difference
      return {
        level: 'error',
        message: 'the cache differs from the database',
        fields: { product, fields, tier, api, since: since.toISOString(), age_ms: age },
      }
    }
    case 'audit-failed':
      return { level: 'warn', message: 'the audit could not ask', fields: { api: event.api, err: event.error } }
    default:
      return event satisfies never
  }
}
