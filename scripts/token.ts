/** `npm run token -- --customer 42`: a token of a customer, for trying out what only customers may do. */

import { env } from 'node:process'

import { customerToken, DEVELOPMENT_CUSTOMER_SECRET } from '../apps/api/src/http/customer.ts'
import { messageOf } from './messages.ts'
import { parse, UsageError } from './start-options.ts'
import { wholeNumber } from './whole-number.ts'

const HELP = `npm run token -- --customer 42

  --customer N   the id of the customer
  --minutes N    how long the token is good for, 1 to 1440 (default 60)
  --help         show this

Prints a token and nothing else: TOKEN=$(npm run --silent token -- --customer 42). It is signed with
CUSTOMER_TOKEN_SECRET or, where that is not set, with the secret that npm start uses in development.`

try {
  const { customer, minutes, help } = parse(process.argv.slice(2), {
    customer: { type: 'string' },
    minutes: { type: 'string', default: '60' },
    help: { type: 'boolean', short: 'h', default: false },
  })
  if (help) {
    console.log(HELP)
  } else {
    if (customer === undefined) throw new UsageError('Whose token? Say --customer and an id, such as --customer 42.')
    const id = wholeNumber('--customer', customer, 1, Number.MAX_SAFE_INTEGER)
    const seconds = wholeNumber('--minutes', minutes, 1, 1440) * 60
    console.log(await customerToken(env.CUSTOMER_TOKEN_SECRET || DEVELOPMENT_CUSTOMER_SECRET, id, seconds))
  }
} catch (error) {
  console.error(`${messageOf(error)}${error instanceof UsageError ? `\n\n${HELP}` : ''}`)
  process.exit(1)
}
