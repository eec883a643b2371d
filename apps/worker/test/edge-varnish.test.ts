/** What Varnish is asked, over HTTP. */

import { expect, test } from 'vitest'

import { linesOf } from '../src/edge.ts'
import { varnishPurger } from '../src/edge-varnish.ts'
import { EdgeServer } from './edge-server.ts'

const never = new AbortController().signal

test('the tags are in one header, as the API wrote them into its answers', async () => {
  const edge = await EdgeServer.open()
  await varnishPurger(edge.url).purge(['product:1', 'search:a b'], never)
  expect(edge.purges).toEqual([['product:1', 'search:a%20b']])
})

test('more than a header takes are more requests, and none is lost', async () => {
  const edge = await EdgeServer.open()
  const tags = Array.from({ length: 3_000 }, (_, id) => `product:${id}`)
  await varnishPurger(edge.url).purge(tags, never)
  expect(edge.purges.length).toBeGreaterThan(1)
  expect(edge.purges.flat()).toEqual(tags)
  expect(edge.longest).toBeLessThan(8_192)
})

test.each([405, 503])('an answer of %i is a failure', async (status) => {
  const edge = await EdgeServer.open()
  edge.status = status
  await expect(varnishPurger(edge.url).purge(['a'], never)).rejects.toThrow(`The edge answered ${status}`)
})

test('a purge that is not answered ends with its signal', async () => {
  const edge = await EdgeServer.open()
  edge.gate = new Promise(() => undefined)
  const stop = new AbortController()
  const purge = varnishPurger(edge.url).purge(['a'], stop.signal)
  await edge.hasRequests(1)
  stop.abort()
  await expect(purge).rejects.toThrow('aborted')
})

test.each([
  [[], []],
  [['a'], ['a']],
  [
    ['aa', 'bb', 'cc'],
    ['aa,bb', 'cc'],
  ],
  [
    ['much-too-long', 'a'],
    ['much-too-long', 'a'],
  ],
])('keys %j are the lines %j', (keys, lines) => {
  expect(linesOf(keys, ',', 5)).toEqual(lines)
})
