import { expect, test } from 'vitest'

import { parseMessage } from './subscription.ts'

const whole = { type: 'invalidated', epoch: 'e', number: 7, nonce: 'n', tags: ['t'], keys: [], stale: [] }

test('a message of ours is heard', () => {
  expect(parseMessage(JSON.stringify(whole))).toEqual(whole)
  const ended = { type: 'lease-ended', key: 'k', end: { type: 'stored' } }
  expect(parseMessage(JSON.stringify(ended))).toEqual(ended)
})

test('what a later release has added is no obstacle, and a trace is heard where there is one', () => {
  for (const more of [{ trace: '00-a-b-01' }, { added: 1 }]) {
    expect(parseMessage(JSON.stringify({ ...whole, ...more }))).toEqual({ ...whole, ...more })
    const ended = { type: 'lease-ended', key: 'k', end: { type: 'stored', ...more } }
    expect(parseMessage(JSON.stringify(ended))).toEqual(ended)
  }
})

test.each([
  ['no JSON', 'hello'],
  ['null', 'null'],
  ['another type', '{"type":"greeting"}'],
  ['a type that every object has', '{"type":"toString"}'],
  ['a part that is missing', '{"type":"invalidated"}'],
  ['a part of another type', JSON.stringify({ ...whole, tags: 't' })],
  ['a number that is a text', JSON.stringify({ ...whole, number: '7' })],
  ['a list with something else in it', JSON.stringify({ ...whole, keys: [1] })],
  ['a trace that is no text', JSON.stringify({ ...whole, trace: 1 })],
  ['an end without a type', '{"type":"lease-ended","key":"k","end":{}}'],
])('%s is not heard', (_what, text) => {
  expect(parseMessage(text)).toBeUndefined()
})
