import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'

import { openStartingLine } from '../src/starting-line.ts'

test('all are told one instant, which is chosen when the last has asked, and leaves time for every visitor', async () => {
  await using line = await openStartingLine(3, 2_000)
  const ask = async () => Number(await (await fetch(line.url)).text())
  const early = [ask(), ask()]
  // An instant that was chosen for one of them alone would be another than that of the last.
  await wait(50)
  const before = Date.now()
  const told = await Promise.all([...early, ask()])
  expect(new Set(told).size).toBe(1)
  expect(told[0]).toBeGreaterThanOrEqual(before + 2_000)
})

test('with one process it is told at once', async () => {
  await using line = await openStartingLine(1, 0)
  expect(Number(await (await fetch(line.url)).text())).toBeGreaterThan(0)
})
