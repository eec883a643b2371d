import { readFileSync } from 'node:fs'

import { expect, test } from 'vitest'

import { createCache } from './cache.ts'
import { DEFAULTS, resolveCacheOptions, resolvePolicy } from './options.ts'
import { REDIS_DEFAULTS, redis } from './redis/index.ts'

const least = { name: 'product', version: 1, ttl: 1_000, key: () => [], load: async () => 1 }

test('what the docs call the default is the default', () => {
  const documented = (file: string): Record<string, number> => {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    const found = text.matchAll(/@default ([\d_.]+)(?: \(less .*)?\n\s+\*\/\n\s+readonly (\w+)/g)
    return Object.fromEntries([...found].map(([, value = '', name = '']) => [name, Number(value.replaceAll('_', ''))]))
  }
  expect(documented('./options.ts')).toEqual(DEFAULTS)
  expect(documented('./redis/index.ts')).toEqual(REDIS_DEFAULTS)
})

test.each([
  ['a name with a space', () => resolveCacheOptions({ name: 'my shop' }), 'name'],
  ['an empty name', () => resolveCacheOptions({ name: '' }), 'name'],
  ['a bound of 0', () => resolveCacheOptions({ name: 's', maxStaleness: 0 }), 'maxStaleness'],
  ['no room at all', () => resolveCacheOptions({ name: 's', memory: { maxBytes: 0 } }), 'maxBytes'],
  ['no loader at once', () => resolveCacheOptions({ name: 's', loads: { concurrent: 0 } }), 'concurrent'],
  ['a ttl of 0', () => resolvePolicy({ ...least, ttl: 0 }), 'ttl'],
  ['a ttl of half a millisecond', () => resolvePolicy({ ...least, ttl: 0.5 }), 'ttl'],
  ['no ttl', () => resolvePolicy({ ...least, ttl: undefined as unknown as number }), 'ttl'],
  ['version 0', () => resolvePolicy({ ...least, version: 0 }), 'version'],
  ['a jitter of all the ttl', () => resolvePolicy({ ...least, jitter: 1 }), 'jitter'],
  ['a refresh at no time', () => resolvePolicy({ ...least, refreshAhead: 1 }), 'refreshAhead'],
  ['a soft deadline with nothing to serve at it', () => resolvePolicy({ ...least, softTimeout: 10 }), 'failSafeFor'],
  [
    'a soft deadline after the hard one',
    () => resolvePolicy({ ...least, failSafeFor: 1, softTimeout: 50, loadTimeout: 50 }),
    'loadTimeout',
  ],
  ['a misspelt option', () => resolvePolicy({ ...least, stalefor: 10 } as never), 'stalefor'],
  ['a misspelt option of the cache', () => resolveCacheOptions({ name: 's', ttl: 10 } as never), 'ttl'],
  [
    'a misspelt option of memory',
    () => resolveCacheOptions({ name: 's', memory: { maxbytes: 9 } as never }),
    'maxbytes',
  ],
  ['no name', () => resolveCacheOptions({} as never), 'name'],
  ['no options', () => resolveCacheOptions(undefined as never), 'createCache'],
  ['a URL in place of Redis', () => resolveCacheOptions({ name: 's', redis: 'redis://localhost' as never }), 'redis({'],
  ['a listener that is none', () => resolveCacheOptions({ name: 's', onEvent: 'log' as never }), 'onEvent'],
  ['no URL', () => redis(undefined as never), 'url'],
  ['a deadline of an hour', () => resolvePolicy({ ...least, loadTimeout: 3_600_000 }), 'loadTimeout'],
  ['a URL of another kind', () => redis({ url: 'http://localhost' }), 'url'],
  [
    'probes that come too seldom for the bound',
    () =>
      createCache({ name: 's', maxStaleness: 300, redis: redis({ url: 'redis://127.0.0.1:1', probeInterval: 100 }) }),
    'probeInterval',
  ],
  ['no time for a command', () => redis({ url: 'redis://localhost', commandTimeout: 0 }), 'commandTimeout'],
])('%s is refused, and the message names the option', (_what, resolve, name) => {
  expect(resolve).toThrow(
    expect.objectContaining({ code: 'CACHE_OPTION_INVALID', message: expect.stringContaining(name) }),
  )
})

test('a URL with a password is not repeated in the message', () => {
  expect(() => redis({ url: 'http://user:secret@localhost' })).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining('secret') }),
  )
})
