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

test.each([
  [String.raw`path="/\u001b[2J\nfake"`, '/\u001b[2J\nfake'],
  [String.raw`path="/\u009b2J"`, '/\u009b2J'],
  [String.raw`path="/\u202egpj"`, '/\u202egpj'],
])('%s: what a path holds is shown and not done', (expected, path) => {
  expect(formatLog('api', JSON.stringify({ level: 'info', msg: 'request', path }))).toBe(
    `  api        info request ${expected}`,
  )
})

test('a message, a nested value and a line that is not JSON do nothing to the terminal either', () => {
  const lines = [JSON.stringify({ msg: '\u001b[2J', err: { message: '\u009b2J' } }), 'Error: \u001b[2J']
  for (const line of lines) expect(formatLog('api', line)).not.toMatch(/\p{Cc}/u)
})

test('a tab indents', () => {
  expect(formatLog('api', '\tat file.ts')).toBe('  api        \tat file.ts')
})
