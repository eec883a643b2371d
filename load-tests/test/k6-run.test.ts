import { expect, test } from 'vitest'

import { figuresIn } from '../src/k6-run.ts'

test('the figures are found among what else was written', () => {
  const output = 'Unable to find image locally\n{"values":{"a":{"count":1}},"thresholds":[]}\n\n'
  expect(figuresIn(output)).toEqual({ values: { a: { count: 1 } }, thresholds: [] })
})

test('a run that ended before its summary has none', () => {
  expect(figuresIn('time="…" level=error msg="…"\n')).toBeUndefined()
})
