import { expect, test } from 'vitest'

import { judgeVisits } from '../src/flash-sale.ts'
import { brokenIn, freshnessOf, quietLoad } from './observed.ts'

test.each([
  ['smoke', 1_260],
  ['laptop', 18_900],
  ['full', 94_500],
] as const)('at %s fewer than %i prices read after the drop prove nothing', (size, least) => {
  const { run, observed } = quietLoad()
  const broken = (checked: number) => brokenIn(judgeVisits(size, run, observed, freshnessOf({ checked })))
  expect(broken(least)).toEqual([])
  expect(broken(least - 1)).toEqual(['prices checked against the oracle'])
})
