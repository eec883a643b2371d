/** One of several processes that ask a peer for one key at the same instant, and says how often it asked the source. */

import { setTimeout as wait } from 'node:timers/promises'

import { PRODUCT } from '../ground.ts'
import { machineMs } from '../orders.ts'
import { importerOf } from './install.ts'
import { PEERS } from './list.ts'

const [, , name = '', folder = '', url = '', callers = '1', loadMs = '100'] = process.argv

let loads = 0
const source = async () => {
  loads++
  await wait(Number(loadMs))
  return PRODUCT
}

const peer = PEERS.find((each) => each.name === name)
if (!peer) throw new Error(`there is no peer ${name}`)
// Together in Redis is where two processes can meet: a peer with one tier is asked for that one.
const tiers = peer.hasTwoTiers ? 'both' : 'redis'
const cache = await peer.open(importerOf(folder), { url, tiers, tags: [], source })
await cache.get(0)
loads = 0
process.on('message', async (at: number) => {
  await wait(Math.max(0, at - machineMs()))
  await Promise.all(Array.from({ length: Number(callers) }, () => cache.get(1)))
  process.send?.(loads)
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
