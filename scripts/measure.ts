/** `npm run propagation` and `visibility`: measures on a private shop, each with one number. */

import { helpOf, isMeasure, MEASURES, parseMeasure } from '@shop/load-tests'

import { runInterruptible } from './interruptible.ts'

const [name, ...argv] = process.argv.slice(2)
if (!isMeasure(name)) throw new Error(`The measures are ${Object.keys(MEASURES).join(', ')}.`)

await runInterruptible({
  help: helpOf(name),
  async run({ terminal, signal }) {
    const amount = parseMeasure(name, argv)
    if (amount === undefined) {
      terminal.say(helpOf(name))
      return 'kept'
    }
    return (await MEASURES[name].run(amount, { terminal, signal })) ? 'kept' : 'broken'
  },
})
