/** One visit as k6 makes it, with what k6 brings replaced by the least that answers. */

import { beforeEach, expect, test, vi } from 'vitest'

import type { Act } from '../lib/expected-answers.ts'

const answers: number[] = []
let headers: Record<string, string> = {}
const asked: string[] = []
const lines: string[] = []

vi.mock('k6/http', () => {
  const ask = (url: string) => {
    asked.push(url)
    const status = answers.shift()
    return { status, error_code: status === 0 ? 1212 : 0, timings: { duration: 1 }, headers }
  }
  return { default: { get: ask, post: ask } }
})
vi.mock('k6/metrics', () => {
  class Metric {
    readonly add = () => undefined
  }
  return { Counter: Metric, Rate: Metric }
})
vi.mock('k6/data', () => ({ SharedArray: Array }))

beforeEach(() => {
  vi.resetModules()
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line))
  for (const list of [answers, asked, lines]) list.length = 0
  headers = {}
})

/** What is told of each answer, with a mark before those that fail. */
async function told(act: Act, statuses: readonly number[], env: Record<string, string> = {}) {
  vi.stubGlobal('__ENV', { SHOPS: 'http://first,http://second', ...env })
  const { visit, send } = await import('../lib/visit.ts')
  answers.push(...statuses)
  while (answers.length > 0) {
    if (act === 'send') send(0, '/orders', '{}', {})
    else visit(0, '/products/1', {}, act)
  }
  return lines.map((line) => line.split(' ')[2])
}

test('a visit is answered with its page, and fails with anything else', async () => {
  expect(await told('visit', [200, 201, 304, 400, 404, 409, 429, 503])).toEqual([
    ...['200', '!201', '!304', '!400', '!404', '!409', '!429', '!503'],
  ])
})

test('where refusals are expected, what never was may be refused', async () => {
  expect(await told('visit', [200, 400, 404, 409], { REFUSALS: 'expected' })).toEqual(['200', '400', '404', '!409'])
})

test('an order is placed, or nothing is left', async () => {
  expect(await told('send', [200, 201, 404, 409, 429])).toEqual(['!200', '201', '!404', '409', '!429'])
})

test('a 429 fails, but of whoever insists and is told when to try again', async () => {
  headers = { 'Retry-After': '7' }
  expect(await told('visit', [429])).toEqual(['!429'])
  lines.length = 0
  expect(await told('insist', [200, 404, 429])).toEqual(['200', '!404', '429'])
  for (const wrong of [{}, { 'Retry-After': '0' }, { 'Retry-After': 'soon' }] as Record<string, string>[]) {
    lines.length = 0
    headers = wrong
    expect(await told('insist', [429])).toEqual(['!429'])
  }
})

test('a visit whose connection breaks goes to the next process, and is told of once', async () => {
  expect(await told('visit', [0, 200])).toEqual(['200'])
  expect(asked).toEqual(['http://first/products/1', 'http://second/products/1'])
})
