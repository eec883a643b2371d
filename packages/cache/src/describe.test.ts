import { expect, test } from 'vitest'

import { describeEvent } from './describe.ts'
import { remoteTimeout } from './errors.ts'
import type { CacheEvent } from './events.ts'

const said = (event: CacheEvent) => {
  const line = describeEvent(event)
  return line && [line.level, line.message, line.fields]
}

test('a read is no line', () => {
  expect(said({ type: 'read', resource: 'p', key: 'p.1:1', outcome: 'hit', tier: 'memory', ttlMs: 1 })).toBeUndefined()
})

test('what an operator would act on is a warning', () => {
  expect(said({ type: 'remote-state', usable: false })?.[0]).toBe('warn')
  expect(said({ type: 'reset', reason: 'gap' })?.[0]).toBe('warn')
  expect(said({ type: 'reset', reason: 'first' })?.[0]).toBe('debug')
  expect(said({ type: 'rejected', resource: 'p', key: 'p.1:1', reason: 'foreign' })?.[0]).toBe('warn')
  expect(said({ type: 'rejected', resource: 'p', key: 'p.1:1', reason: 'tag' })?.[0]).toBe('debug')
  expect(said({ type: 'invalidate', tags: 1, keys: 0, acknowledged: false })?.[0]).toBe('warn')
  expect(said({ type: 'invalidate', tags: 1, keys: 0, acknowledged: true })?.[0]).toBe('debug')
})

test('an error goes by its code or its name, never by its words', () => {
  const timeout = remoteTimeout('read', 250)
  expect(said({ type: 'remote-error', operation: 'read', error: timeout })?.[2]).toEqual({
    operation: 'read',
    error: 'CACHE_REMOTE_TIMEOUT',
  })
  const failed = said({ type: 'reload-failed', resource: 'p', key: 'p.1:1', error: new TypeError('secret') })
  expect(failed?.[2]).toEqual({ resource: 'p', key: 'p.1:1', error: 'TypeError' })
})
