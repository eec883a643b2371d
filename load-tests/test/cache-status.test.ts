import { expect, test } from 'vitest'

import { servedFrom } from '../lib/cache-status.ts'

test.each([
  ['shop; fwd=miss; stored; ttl=299', 'load'],
  ['shop; fwd=miss', 'load'],
  ['shop; fwd=miss; collapsed; ttl=299', 'collapsed'],
  ['shop; hit; ttl=299; detail=memory', 'memory'],
  ['shop; hit; ttl=299; detail=redis', 'redis'],
  ['shop; hit; ttl=-3; detail=memory', 'stale'],
  ['shop; fwd=miss; collapsed, edge; hit; ttl=10', 'collapsed'],
  ['', 'bypass'],
  [undefined, 'bypass'],
] as const)('%j means %s', (header, source) => {
  expect(servedFrom(header)).toBe(source)
})
