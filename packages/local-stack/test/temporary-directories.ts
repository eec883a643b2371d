/** Makes a temporary directory when it is told to, and removes it: one of several runs that begin at once. */

import { once } from 'node:events'

import { temporaryDirectory } from '../src/index.ts'

process.send?.('ready')
await once(process, 'message')
const { remove } = await temporaryDirectory('at-once')
await remove()
process.disconnect()
