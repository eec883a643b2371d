import { expect, test } from 'vitest'

import { servedFrom } from '../lib/cache-status.ts'

test.each([
  ['shop; fwd=miss; stored; ttl=299', 'load'],
  ['shop; fwd=miss', 'load'],
  ['shop; fwd=miss; collapsed; ttl=299', 'load of another'],
  ['shop; hit; ttl=299; detail=memory', 'cache'],
  ['shop; hit; ttl=299; detail=redis', 'cache'],
  ['shop; fwd=miss; collapsed, edge; hit; ttl=10', 'load of another'],
  ['', 'unknown'],
  [undefined, 'unknown'],
] as const)('%j means %s', (header, source) => {
  expect(servedFrom(header)).toBe(source)
})
