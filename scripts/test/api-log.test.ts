import { expect, test } from 'vitest'

import { formatLog } from '../api-log.ts'

test('a structured line shows its level, its message and what is particular to it', () => {
  const line =
    '{"level":"warn","time":"2026-01-01T00:00:00Z","pid":1,"service":"shop-api","reason":"x","n":2,"msg":"late"}'
  expect(formatLog('api 1', line)).toBe('  api 1      warn late reason=x n=2')
})

test.each(['Error: boom', '    at file.ts:1:1', '{ not json'])('%s is passed on as it is', (line) => {
  expect(formatLog('api', line)).toBe(`  api        ${line}`)
})
