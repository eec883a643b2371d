import { expect, test } from 'vitest'

import { replicasOf } from './replicas.ts'

test.each([
  [
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3001'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3001'],
  ],
  [['http://localhost:3000'], ['http://127.0.0.1:3000']],
  [['http://localhost:3000', 'http://127.0.0.1:3000'], ['http://127.0.0.1:3000']],
  [['http://[::1]:3000'], ['http://[::1]:3000']],
  [['https://localhost:3000'], ['https://localhost:3000']],
  [['http://nobody.invalid:3000'], ['http://nobody.invalid:3000']],
])('behind %j are %j', async (urls, replicas) => {
  expect(await replicasOf(urls)).toEqual(replicas)
})
