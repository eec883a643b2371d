import { expect, test } from 'vitest'

import { namedIn, shownLabels } from './expression.ts'

const read = (expression: string) => {
  const { selected, grouped } = namedIn(expression)
  return [Object.fromEntries([...selected].map(([name, labels]) => [name, [...labels]])), [...grouped]]
}

test.each([
  ['up', { up: [] }, []],
  ['up{job="api"} == 0 or absent(up{instance=~"a{2}|b"})', { up: ['job', 'instance'] }, []],
  ['sum by (le, route) (rate(x_bucket{a!="b", c!~"{}"}[5m]))', { x_bucket: ['a', 'c'] }, ['le', 'route']],
  ['sum(rate(a[$__rate_interval])) / on () group_left (b) c:d:ratio5m offset 10m', { a: [], 'c:d:ratio5m': [] }, ['b']],
  ['histogram_quantile(0.99, sum(rate(x[1h30m]))) > 1e-3 and on () vector(0)', { x: [] }, []],
  ['count(ALERTS{alertstate="firing"}) or vector(0)', { ALERTS: ['alertstate'] }, []],
  ['a unless a offset 5m > bool 0.5', { a: [] }, []],
])('%s', (expression, selected, grouped) => {
  expect(read(expression)).toEqual([selected, grouped])
})

test('a legend and a summary show labels', () => {
  expect(shownLabels('{{http_request_method}} {{ http_route }}')).toEqual(['http_request_method', 'http_route'])
  expect(shownLabels('{{ $labels.job }} is {{ $value | humanize }} late')).toEqual(['job'])
})
