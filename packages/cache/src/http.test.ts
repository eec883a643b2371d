import { expect, test } from 'vitest'

import { headersOf } from './http.ts'
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
