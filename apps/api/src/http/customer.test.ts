import { createHmac } from 'node:crypto'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'

import { RecordingLog } from '../../test/recording-log.ts'
import { type CustomerEnv, customerToken, requireCustomer } from './customer.ts'
import { answerFailure } from './failure.ts'

const SECRET = 'a-secret-of-thirty-two-characters'
const HEADER = { alg: 'HS256', typ: 'JWT' }
const LATER = 4_102_444_800

const app = new Hono<CustomerEnv>()
app.onError(answerFailure(new RecordingLog()))
app.get('/', requireCustomer(SECRET), (c) => c.json(c.get('customerId')))

async function ask(authorization: string | undefined): Promise<Response> {
  return app.request('/', authorization === undefined ? {} : { headers: { Authorization: authorization } })
}

/** Made by hand, so that it can be wrong in any way. */
function signed(claims: unknown, { header = HEADER as object, secret = SECRET, digest = 'sha256' } = {}): string {
  const content = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${content}.${createHmac(digest, secret).update(content).digest('base64url')}`
}

test('a good token says who the customer is', async () => {
  const response = await ask(`Bearer ${await customerToken(SECRET, 42, 60)}`)
  expect([response.status, await response.json()]).toEqual([200, 42])
})

test('a token made elsewhere is as good, and the scheme is written as you like', async () => {
  expect((await ask(`bearer  ${signed({ sub: '7', exp: LATER })} `)).status).toBe(200)
})

describe('without a token the challenge names the scheme and no error (RFC 6750 section 3.1)', () => {
  test.each([undefined, '', 'Bearer', 'Bearer ', 'Basic Y3VzdG9tZXI6NDI=', 'Bearer one two'])('%j', async (given) => {
    const response = await ask(given)
    expect(response.status).toBe(401)
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="shop"')
    expect(await response.json()).toMatchObject({ type: '/problems/customer-unauthorized', status: 401 })
  })
})

const good = signed({ sub: '42', exp: LATER })
const [head, claims, signature] = good.split('.') as [string, string, string]

describe('a token that is not good is invalid_token, whatever is wrong with it', () => {
  test.each([
    ['no token at all', 'dev-admin-token'],
    ['two parts', `${head}.${claims}`],
    ['parts that are not JSON', 'a.b.c'],
    ['claims that are null', signed(null)],
    ['claims that are a list', signed([])],
    ['another secret', signed({ sub: '42', exp: LATER }, { secret: 'another-secret-of-some-more-letters' })],
    ['the signature of other claims', `${head}.${signed({ sub: '43', exp: LATER }).split('.')[1]}.${signature}`],
    ['no signature', `${head}.${claims}.`],
    ['the algorithm none', `${signed({ sub: '42', exp: LATER }, { header: { alg: 'none' } })}`],
    ['the algorithm none, unsigned', `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`],
    ['a longer hash', signed({ sub: '42', exp: LATER }, { header: { alg: 'HS512' }, digest: 'sha512' })],
    ['no expiry', signed({ sub: '42' })],
    ['an expiry that is past', signed({ sub: '42', exp: 1_700_000_000 })],
    ['an expiry of 0', signed({ sub: '42', exp: 0 })],
    ['an expiry that is null', signed({ sub: '42', exp: null })],
    ['an expiry that is text', signed({ sub: '42', exp: '4102444800' })],
    ['a beginning that is to come', signed({ sub: '42', exp: LATER, nbf: LATER - 1 })],
    ['no subject', signed({ exp: LATER })],
    ['a subject that is a number', signed({ sub: 42, exp: LATER })],
    ['a subject that is no id', signed({ sub: '0', exp: LATER })],
    ['a subject beyond what a number holds', signed({ sub: '9007199254740993', exp: LATER })],
    ['a subject with more behind it', signed({ sub: '42 or 1=1', exp: LATER })],
  ])('%s', async (_, token) => {
    const response = await ask(`Bearer ${token}`)
    expect(response.status).toBe(401)
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="shop", error="invalid_token"')
    expect(await response.text()).not.toContain(token)
  })
})

test('a token is good until the second it expires', async () => {
  expect((await ask(`Bearer ${await customerToken(SECRET, 42, 0)}`)).status).toBe(401)
})
