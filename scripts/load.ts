/** `npm run load -- <scenario>`, and `npm run flash-sale`: does the shop keep its promises under this load? */

import { load } from '@shop/load-tests'

import { runInterruptible } from './interruptible.ts'

await runInterruptible({ run: (options) => load(process.argv.slice(2), options) })
