/** What is drawn of a trace, as text and as a picture. */

import type { RecordedSpan } from '@shop/telemetry/testing'
import { expect, test } from 'vitest'

import { pictureOf, treeOf } from '../waterfall.ts'

/** In microseconds. */
function span(id: string, parent: string | undefined, from: number, to: number, more: Partial<RecordedSpan> = {}) {
  return {
    name: id,
    kind: 'internal',
    service: 'shop-api',
    traceId: 't',
    spanId: id,
    parentSpanId: parent,
    links: [],
    failed: false,
    startedAt: from,
    duration: to - from,
    attributes: {},
    events: [],
    ...more,
  } satisfies RecordedSpan
}

const TRACE = [
  span('GET /a<b>', undefined, 1_000, 11_000, { kind: 'server' }),
  span('cache get product', 'GET /a<b>', 2_000, 10_000, { attributes: { 'shop.cache.outcome': 'miss' } }),
  span('SELECT', 'cache get product', 4_000, 8_000, {
    kind: 'client',
    failed: true,
    attributes: { 'db.system.name': 'postgresql', 'db.response.returned_rows': 1 },
  }),
  span('edge purge', 'GET /a<b>', 911_000, 912_000, { service: 'shop-worker' }),
]

const numbers = (svg: string, pattern: RegExp) => [...svg.matchAll(pattern)].map(([, x]) => Number(x))

test('the tree says how long each took, and what the cache said', () => {
  expect(treeOf(TRACE).split('\n')).toEqual([
    'shop-api: GET /a<b>          10.0 ms',
    '  cache get product          8.00 ms  miss',
    '    SELECT !                 4.00 ms  1 row',
    '  shop-worker: edge purge    1.00 ms',
  ])
})

test('a bar begins and ends where its span does, in scale', () => {
  const svg = pictureOf(TRACE, 'a trace')
  const [root = 0, get = 0, select = 0] = numbers(
    svg,
    /<rect class="[^"]+" x="([\d.]+)" y="\d+" width="[\d.]+" height="12"/g,
  )
  const widths = numbers(svg, /y="\d+" width="([\d.]+)" height="12"/g)
  const scale = (widths[0] ?? 0) / 10
  expect(get - root).toBeCloseTo(scale, 0)
  expect(select - root).toBeCloseTo(3 * scale, 0)
  expect(widths[2]).toBeCloseTo(4 * scale, 0)
})

test('a long time in which nothing happens is cut out, and says how long it was', () => {
  const svg = pictureOf(TRACE, 'a trace')
  expect(svg).toContain('>+900 ms</text>')
  expect(Math.max(...numbers(svg, /<rect class="[^"]+" x="([\d.]+)"/g))).toBeLessThan(900)
  expect(pictureOf(TRACE.slice(0, 3), 'a trace')).not.toContain('class="cut"')
})

test('a failure shows, another service is named, and a name is text', () => {
  const svg = pictureOf(TRACE, 'before & "after"')
  expect(svg).toContain('class="postgresql failed"')
  expect(svg).toContain('<tspan class="service">shop-worker</tspan>')
  expect(svg).toContain('GET /a&lt;b>')
  expect(svg).toContain('aria-label="before &amp; &quot;after&quot;"')
  expect(svg).not.toContain('<script')
})
