import { ANY_CHANGE } from '@shop/db'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'

import { edgeFields, keptAtEdge } from './edge.ts'

const EDGE = 'max-age=60'

const keysOf = (tags: readonly string[]) => edgeFields(EDGE, tags)['Surrogate-Key']?.split(' ')

describe('the keys of an answer', () => {
  test('are its tags, each once, and none of those that no row of the outbox has', () => {
    expect(edgeFields(EDGE, ['~product', 'product:1', 'products', 'product:1'])).toEqual({
      'CDN-Cache-Control': EDGE,
      'Surrogate-Key': 'product:1 products',
      'Cache-Tag': 'product:1,products',
    })
  })

  test('have no character that separates keys', () => {
    expect(keysOf(['search:a b', 'search:a,b', 'search:å'])).toEqual(['search:a%20b', 'search:a%2Cb', 'search:%C3%A5'])
  })

  test('past what a header takes are the one that every purge has', () => {
    const many = (count: number) => Array.from({ length: count }, (_, id) => `product:${1_000_000 + id}`)
    expect(keysOf(many(250))).toHaveLength(250)
    expect(keysOf(many(251))).toEqual([ANY_CHANGE])
  })

  test('are not sent where there is no edge, nor without tags', () => {
    expect(edgeFields(undefined, ['products'])).toEqual({})
    expect(edgeFields(EDGE, [])).toEqual({})
  })
})

test.each([
  [undefined, true],
  ['shop; hit; ttl=42; detail=memory', true],
  ['shop; hit; ttl=-3; detail=redis', true],
  ['shop; fwd=miss; stored; ttl=42', true],
  ['shop; fwd=miss; collapsed; ttl=42', true],
  ['shop; fwd=miss', false],
  ['shop; fwd=miss; detail=error', false],
  ['shop; fwd=miss; collapsed; ttl=0', false],
  ['shop; fwd=miss; stored; ttl=0', false],
])('an answer with Cache-Status %j may be kept at the edge: %j', async (status, kept) => {
  const app = new Hono()
  app.use(keptAtEdge({ maxAgeS: 60 }))
  app.get('/', (c) => {
    if (status !== undefined) c.header('Cache-Status', status)
    return c.text('', 200, edgeFields(c.get('edge'), ['products']))
  })
  const { headers } = await app.request('/')
  expect(['Surrogate-Key', 'Cache-Tag'].map((name) => headers.has(name))).toEqual([kept, kept])
  expect(headers.get('CDN-Cache-Control')).toMatch(kept ? /^max-age=60/ : /^no-store$/)
})
