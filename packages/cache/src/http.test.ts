import { expect, test } from 'vitest'

import { answerHeaders, headersOf, isNotModified, surrogateKey } from './http.ts'
import { type HttpOptions, type ResourceOptions, resolvePolicy, type Scope } from './options.ts'

function headers(http: HttpOptions | undefined, scope: Scope<number> = 'public'): object {
  const options: ResourceOptions<number, unknown> = {
    name: 'product',
    version: 1,
    ttl: 1_000,
    key: (id) => [id],
    load: async () => 1,
    http,
    scope,
  }
  return headersOf(resolvePolicy(options))
}

test('what says nothing of HTTP is not stored by HTTP caches', () => {
  expect(headers(undefined)).toEqual({ 'Cache-Control': 'no-store' })
})

test('what is public may be stored by all, and longer by the edge', () => {
  expect(headers({ maxAge: 10_900 })).toEqual({ 'Cache-Control': 'public, max-age=10' })
  expect(headers({ maxAge: 0 })).toEqual({ 'Cache-Control': 'public, no-cache' })
  expect(headers({ maxAge: 0, sharedMaxAge: 60_000, staleWhileRevalidate: 30_000, staleIfError: 600_000 })).toEqual({
    'Cache-Control': 'public, max-age=0, stale-while-revalidate=30, stale-if-error=600',
    'CDN-Cache-Control': 'max-age=60, stale-while-revalidate=30, stale-if-error=600',
  })
})

test.each([{ user: (id: number) => id }, { tenant: (id: number) => id }])(
  'what is of one owner is private',
  (scope) => {
    expect(headers({ maxAge: 5_000 }, scope)).toEqual({ 'Cache-Control': 'private, max-age=5' })
    expect(() => headers({ maxAge: 5_000, sharedMaxAge: 5_000 }, scope)).toThrow(/http.sharedMaxAge.*scope 'public'/)
  },
)

const PUBLIC = { 'Cache-Control': 'public, max-age=0' }

test('an answer names its bytes, and to shared caches what ends it', () => {
  expect(answerHeaders(PUBLIC, { hash: 'abc', tags: ['product:1', 'category:5'] })).toEqual({
    ETag: '"abc"',
    'Cache-Control': 'public, max-age=0',
    'Surrogate-Key': 'product:1 category:5',
    'Cache-Tag': 'product:1,category:5',
  })
})

test('what is private tells nobody what ends it', () => {
  const headers = { 'Cache-Control': 'private, max-age=5' }
  expect(answerHeaders(headers, { hash: 'abc', tags: ['t'] })).toEqual({ ETag: '"abc"', ...headers })
})

test('what was invalidated while it was loaded is stored by nobody', () => {
  expect(answerHeaders(PUBLIC, { hash: 'abc', tags: [] })).toEqual({ ETag: '"abc"', 'Cache-Control': 'no-store' })
})

test.each([
  ['product:1', 'product:1'],
  ['list:*:price:9', 'list:*:price:9'],
  ['a b,c', 'a%20b%2Cc'],
  ['100%', '100%25'],
  ['schön\r\n', 'sch%C3%B6n%0D%0A'],
])('the tag %j is the key %s', (tag, key) => {
  expect(surrogateKey(tag)).toBe(key)
})

test.each([
  [undefined, false],
  ['"abc"', true],
  ['W/"abc"', true],
  ['"x", W/"abc"', true],
  ['*', true],
  ['"ab"', false],
  ['abc', false],
  ['"abc', false],
  ['', false],
])('If-None-Match: %s names "abc": %s', (field, expected) => {
  expect(isNotModified(field, '"abc"')).toBe(expected)
})
